#!/usr/bin/env python3
"""Make tests/core/fixtures/forward: tiny random Llama checkpoints with what transformers computes for them.

    tests/peers/make_forward_fixtures.py          (pinned versions: requirements.txt)

Each folder holds config.json and model.safetensors as transformers saves them, ids.i32, and computed in float64
from the saved weights: logits.f32 (tokens, vocab) of the whole ids, and statistics.f32: for each input of each
block (attn.in, attn.out, mlp.in, mlp.down), over the ids cut into SEQUENCES, mean |x|, mean x^2, max |x|, and the
Gram matrix X'X / tokens."""
import pathlib
import shutil

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM

TO = pathlib.Path(__file__).resolve().parents[1] / "core" / "fixtures" / "forward"
TOKENS = 150
SEQUENCES = (70, 1, 79)

VARIANTS = {
    "one_kv_head": dict(hidden_size=48, num_attention_heads=3, num_key_value_heads=1, intermediate_size=56,
                        num_hidden_layers=2, tie_word_embeddings=False, dtype="bfloat16"),
    "tied_five_heads": dict(hidden_size=40, num_attention_heads=5, num_key_value_heads=5, intermediate_size=72,
                            num_hidden_layers=1, tie_word_embeddings=True, rope_theta=500000.0, dtype="float32"),
    "odd_head_dim": dict(hidden_size=36, num_attention_heads=6, num_key_value_heads=2, head_dim=12,
                         intermediate_size=48, num_hidden_layers=2, tie_word_embeddings=False, rope_theta=1000000.0,
                         rms_norm_eps=1e-2, dtype="float16"),
}
VOCAB = 83


def build(name, settings):
    torch.manual_seed(sum(map(ord, name)))
    settings = dict(settings)
    dtype = getattr(torch, settings.pop("dtype"))
    theta = settings.pop("rope_theta", 10000.0)
    config = LlamaConfig(vocab_size=VOCAB, max_position_embeddings=160, attn_implementation="eager",
                         rope_parameters={"rope_type": "default", "rope_theta": theta}, **settings)
    model = LlamaForCausalLM(config)
    with torch.no_grad():
        for key, weight in model.named_parameters():
            # Norm gains one can see, and matrices large enough for attention to be uneven.
            weight.copy_(torch.rand_like(weight) + 0.5 if "norm" in key else torch.randn_like(weight) * 0.25)
    model.to(dtype).save_pretrained(TO / name)
    return LlamaForCausalLM.from_pretrained(TO / name, dtype=torch.float64, attn_implementation="eager").eval()


def statistics(model, ids):
    """One record per input, in the order of the blocks."""
    rows = {}

    def hook(key):
        return lambda module, arguments, out: rows.setdefault(key, []).append(arguments[0][0].detach().numpy())

    handles = []
    for block, layer in enumerate(model.model.layers):
        for order, module in enumerate((layer.self_attn.q_proj, layer.self_attn.o_proj, layer.mlp.gate_proj,
                                        layer.mlp.down_proj)):
            handles.append(module.register_forward_hook(hook((block, order))))
    begin = 0
    for length in SEQUENCES:
        model(torch.tensor(ids[begin:begin + length])[None])
        begin += length
    for handle in handles:
        handle.remove()
    parts = []
    for key in sorted(rows):
        x = np.concatenate(rows[key])
        parts += [np.abs(x).mean(0), (x ** 2).mean(0), np.abs(x).max(0), (x.T @ x / len(x)).ravel()]
    return np.concatenate(parts)


def main():
    shutil.rmtree(TO, ignore_errors=True)
    for name, settings in VARIANTS.items():
        model = build(name, settings)
        ids = np.random.default_rng(len(name)).integers(0, VOCAB, TOKENS)
        with torch.no_grad():
            logits = model(torch.tensor(ids)[None]).logits[0].numpy()
            moments = statistics(model, ids)
        ids.astype("<i4").tofile(TO / name / "ids.i32")
        logits.astype("<f4").tofile(TO / name / "logits.f32")
        moments.astype("<f4").tofile(TO / name / "statistics.f32")
        (TO / name / "generation_config.json").unlink(missing_ok=True)
        print(name, "logits to", np.abs(logits).max(), "statistics", moments.size)


main()
