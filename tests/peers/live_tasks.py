#!/usr/bin/env python3
"""`qscope eval --task` against transformers: losses of choices, with the boundary between prompt and choice written
here anew from lm-evaluation-harness' description, and texts that generate(do_sample=False) writes.

    tests/peers/live_tasks.py PROGRAM

The boundary: blanks at the end of the prompt move to the choice; the prompt is encoded alone, prompt and choice are
encoded together, and the choice's tokens are what the whole has behind as many as the prompt has. The likeliest choice
is taken by the sum of its log-probabilities, and by that sum over the characters of the choice."""
# covers: core/generation core/likelihood core/forward core/attention sessions/task sessions/engine_continue
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

try:
    import torch
    import transformers
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / "build/release/qscope")
DATA = pathlib.Path(os.environ.get("QSCOPE_TEST_DATA", ROOT.parent / "shared" / "data"))
# Their tokenizers: one without BOS, one with.
MODELS = [ROOT / "models" / "shipped"] + [DATA / "models" / name for name in ("tinystories-656k",)]
WITHIN = 1e-4
FAILURES = []
transformers.logging.set_verbosity_error()


def check(truth, message):
    print("ok:" if truth else "DIFFERS:", message)
    if not truth:
        FAILURES.append(message)


def answers(folder, items, *options):
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(scratch) / "task.jsonl"
        path.write_text("".join(json.dumps(item) + "\n" for item in items))
        done = subprocess.run([PROGRAM, "eval", str(folder), "--task", path, "--json", "--detail", *options],
                              capture_output=True, timeout=600, text=True, env=dict(os.environ, QSCOPE_CACHE="off"))
    if done.returncode:
        raise SystemExit(f"{folder}: exit {done.returncode}: {done.stderr.strip()[-500:]}")
    return json.loads(done.stdout)["tasks"][0]


def split_pair(tokenizer, prompt, choice):
    stripped = prompt.rstrip()
    choice, prompt = prompt[len(stripped):] + choice, stripped
    whole = tokenizer(prompt + choice, add_special_tokens=False).input_ids
    before = tokenizer(prompt, add_special_tokens=False).input_ids
    # Where prompt and choice merge into fewer tokens than the prompt has, qscope encodes the choice alone.
    return before, whole[len(before):] or tokenizer(choice, add_special_tokens=False).input_ids


def adds_bos(tokenizer):
    return tokenizer("a").input_ids[:1] == [tokenizer.bos_token_id]


def loss(model, before, after):
    ids = torch.tensor([before + after])
    with torch.no_grad():
        logits = model(ids).logits[0, len(before) - 1:-1].double()
    return float(torch.nn.functional.cross_entropy(logits, torch.tensor(after), reduction="sum"))


def sentences(tokenizer, count, seed):
    rng = random.Random(seed)
    text = (ROOT / "models/texts/stories.evaluation.txt").read_text()
    words = text.split()
    for _ in range(count):
        at = rng.randrange(len(words) - 40)
        yield " ".join(words[at:at + rng.randint(1, 30)]), " ".join(words[at + 30:at + 31 + rng.randint(0, 4)]), rng


def choice_items(tokenizer):
    for prompt, right, rng in sentences(tokenizer, 40, 5):
        blank = rng.choice(["", " ", "\n", "  "])  # at the prompt's end, or at the choices' start
        front = "" if blank and rng.random() < 0.7 else " "
        others = [" ".join(reversed(right.split())) + "!", right.upper(), "x" + right[1:]]
        choices = [front + text for text in dict.fromkeys([right, *others])]
        yield {"prompt": prompt + blank, "choices": choices, "answer": rng.randrange(len(choices))}


def compare_choices(folder, model, tokenizer):
    items = list(choice_items(tokenizer))
    if not adds_bos(tokenizer):
        items = [item for item in items if item["prompt"].strip()]
    task = answers(folder, items)
    front = [tokenizer.bos_token_id] if adds_bos(tokenizer) else []
    worst, same, right = 0.0, 0, 0
    for item, got in zip(items, task["answers"]):
        pairs = [split_pair(tokenizer, item["prompt"], choice) for choice in item["choices"]]
        losses = [loss(model, front + before, after) for before, after in pairs]
        worst = max(worst, max(abs(a - b) / max(1, b) for a, b in zip(got["nll"], losses)))
        norm = [a / len(choice.lstrip()) for a, choice in zip(losses, item["choices"])]
        same += got["chosen"] == losses.index(min(losses)) and got["chosen_norm"] == norm.index(min(norm))
        right += losses.index(min(losses)) == item["answer"]
    check(worst < WITHIN, f"{folder.name}: losses of {sum(len(i['choices']) for i in items)} choices within {worst:.2g}")
    check(same == len(items), f"{folder.name}: {same} of {len(items)} choices are the same, raw and by characters")
    check(task["accuracy"] == right / len(items), f"{folder.name}: accuracy {task['accuracy']:.3f}")


def compare_generated(folder, model, tokenizer):
    items = [{"prompt": prompt, "answer": "any"} for prompt, _, _ in sentences(tokenizer, 12, 6)]
    task = answers(folder, items, "--max-tokens", "40", "--stop", ".")
    same = 0
    for item, got in zip(items, task["answers"]):
        ids = torch.tensor([tokenizer(item["prompt"]).input_ids])
        with torch.no_grad():
            out = model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=40,
                                 pad_token_id=0)
        text = tokenizer.decode(out[0, ids.shape[1]:], skip_special_tokens=True).split(".")[0]
        same += text == got["text"]
        if text != got["text"]:
            print(f"  {item['prompt'][-40:]!r}: {text!r}, not {got['text']!r}")
    check(same == len(items), f"{folder.name}: {same} of {len(items)} generated texts are the same")


def main():
    for folder in MODELS:
        if not folder.is_dir():
            print(f"{folder.name} is not in {DATA}: left out")
            continue
        model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        compare_choices(folder, model, tokenizer)
        compare_generated(folder, model, tokenizer)
    print(f"{len(FAILURES)} differ" if FAILURES else "tasks: as transformers answers them")
    return 1 if FAILURES else 0


sys.exit(main())
