#!/usr/bin/env python3
"""`qscope logits` and `qscope eval` against transformers in float32, on the shipped model, on tinystories-656k where
the test data is, and on checkpoints that transformers writes here.

    tests/peers/live_forward.py PROGRAM"""
# covers: core/forward core/attention core/rope core/norm core/matmul core/hidden core/score core/evaluation
import json
import os
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import torch
    import transformers
    from transformers import LlamaConfig, LlamaForCausalLM

    from family_models import allowed
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / "build/release/qscope")
DATA = pathlib.Path(os.environ.get("QSCOPE_TEST_DATA", ROOT.parent / "shared" / "data"))
FAILURES = []
transformers.logging.set_verbosity_error()


def check(truth, message):
    print("ok:" if truth else "DIFFERS:", message)
    if not truth:
        FAILURES.append(message)


def run(*arguments):
    env = dict(os.environ, QSCOPE_CACHE="off")
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, env=env, timeout=300, text=True)
    if done.returncode:
        raise SystemExit(f"{arguments}: exit {done.returncode}: {done.stderr.strip()[-500:]}")
    return done.stdout


def logits_of(model, ids):
    with torch.no_grad():
        return model(torch.tensor([ids])).logits[0].numpy().astype(np.float64)


def compare_logits(name, folder, ids):
    """Within 1e-4 of transformers, relative to the logits' range where that is large; where transformers in float32
    is itself further than that from its own float64 (the shipped model's large activations), as near to the float64
    as it is."""
    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    expected = logits_of(model, ids)
    exact = logits_of(LlamaForCausalLM.from_pretrained(folder, dtype=torch.float64).eval(), ids)
    with tempfile.TemporaryDirectory() as scratch:
        run("logits", folder, "--ids", ",".join(map(str, ids)), "-o", f"{scratch}/logits.npy")
        got = np.load(f"{scratch}/logits.npy")
    check(got.dtype == np.float32 and got.shape == expected.shape, f"{name}: {got.dtype} {got.shape}")
    worst, ours, theirs = (float(np.abs(x - y).max()) for x, y in ((got, expected), (got, exact), (expected, exact)))
    within = allowed([expected])
    check(worst <= within or ours <= max(within, 1.1 * theirs),
          f"{name}: {len(ids)} tokens, logits over {np.ptp(expected):.3g} within {worst:.3g} of transformers; of its "
          f"float64: ours {ours:.3g}, its float32 {theirs:.3g}")
    return model


def compare_nll(name, folder, model, text, tokens):
    """Both protocols, by transformers alone."""
    ids = json.loads(run("tokenize", folder, text, "--json"))["ids"][:tokens]
    for protocol, context, first in (("llama.cpp", 512, 256), ("window", model.config.max_position_embeddings, 0)):
        report = json.loads(run("eval", folder, "--text", text, "--protocol", protocol, "--tokens", tokens, "--json"))
        context = min(context, 2048)
        bos = model.config.bos_token_id if report["protocol"]["bos"] else None
        total, scored = 0.0, 0
        for begin in range(0, len(ids) - context + 1, context):
            window = torch.tensor([ids[begin:begin + context]])
            fed = window.clone()
            if bos is not None:
                fed[0, 0] = bos
            with torch.no_grad():
                logits = model(fed).logits[0, first:context - 1].double()
            loss = torch.nn.functional.cross_entropy(logits, window[0, first + 1:], reduction="sum")
            total, scored = total + float(loss), scored + context - 1 - first
        entry = report["texts"][0]
        difference = abs(entry["baseline"]["nll"] - total / scored)
        check(entry["scored"] == scored, f"{name} {protocol}: {entry['scored']} tokens scored, {scored} expected")
        check(difference < 1e-5, f"{name} {protocol}: NLL {total / scored:.6f} within {difference:.2g}")


def random_checkpoint(folder, seed):
    rng = np.random.default_rng(seed)
    head_dim, kv = int(rng.choice([8, 20, 32, 64])), int(rng.integers(1, 4))
    heads = kv * int(rng.integers(1, 5))
    config = LlamaConfig(vocab_size=int(rng.integers(50, 400)), hidden_size=heads * 2 * int(rng.integers(8, 20)),
                         intermediate_size=int(rng.integers(30, 300)), num_hidden_layers=int(rng.integers(1, 4)),
                         num_attention_heads=heads, num_key_value_heads=kv, head_dim=head_dim,
                         max_position_embeddings=700, tie_word_embeddings=bool(rng.integers(2)),
                         rms_norm_eps=float(rng.choice([1e-6, 1e-5, 1e-3])),
                         rope_parameters={"rope_type": "default", "rope_theta": float(rng.choice([1e4, 5e5, 1e6]))})
    torch.manual_seed(seed)
    model = LlamaForCausalLM(config)
    with torch.no_grad():
        for key, weight in model.named_parameters():
            weight.copy_(torch.rand_like(weight) + 0.5 if "norm" in key else
                         torch.randn_like(weight) / weight.shape[-1] ** 0.5)
    dtype = (torch.float32, torch.bfloat16, torch.float16)[seed % 3]
    model.to(dtype).save_pretrained(folder)
    shape = f"{heads}/{kv} heads of {head_dim}, hidden {config.hidden_size}, {dtype}"
    return shape, rng.integers(0, config.vocab_size, int(rng.integers(1, 700))).tolist()


def main():
    shipped = ROOT / "models" / "shipped"
    text = ROOT / "models" / "texts" / "stories.evaluation.txt"
    ids = json.loads(run("tokenize", text, "--json"))["ids"]
    model = compare_logits("shipped", shipped, ids[:512])
    compare_nll("shipped", shipped, model, text, 2048)
    tiny = DATA / "models" / "tinystories-656k"
    if tiny.is_dir():
        corpus = DATA / "corpora" / "tinystories-slice.txt"
        ids = json.loads(run("tokenize", tiny, corpus, "--json"))["ids"]
        model = compare_logits("tinystories-656k", tiny, ids[:512])
        compare_nll("tinystories-656k", tiny, model, corpus, 2048)
    else:
        print(f"tinystories-656k is not in {DATA}: left out")
    for seed in range(6):
        with tempfile.TemporaryDirectory() as folder:
            shape, ids = random_checkpoint(folder, seed)
            compare_logits(f"random {seed} ({shape})", folder, ids)
    print(f"{len(FAILURES)} differ" if FAILURES else "forward: as transformers computes it")
    return 1 if FAILURES else 0


sys.exit(main())
