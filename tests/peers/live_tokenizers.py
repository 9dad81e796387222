#!/usr/bin/env python3
"""Token ids and text against the Hugging Face `tokenizers` library and SentencePiece: the shipped model's
tokenizer, those of the real models and the fixtures, over all corpora and seeded random Unicode.
usage: live_tokenizers.py PROGRAM"""
# covers: core/tokenizer core/tokenizers/ core/text
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

import sentencepiece
from tokenizers import Tokenizer

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("QSCOPE_TEST_DATA", ROOT.parent / "shared" / "data"))
PROGRAM = sys.argv[1]
BLOCKS = [(0x20, 0x7E), (0x0, 0x20), (0xA0, 0x17F), (0x300, 0x36F), (0x370, 0x5FF), (0x600, 0x6FF), (0xE00, 0xEFF),
          (0x1E00, 0x1FFF), (0x2000, 0x206F), (0x2150, 0x218F), (0x2580, 0x259F), (0x3000, 0x30FF), (0x4E00, 0x4FFF),
          (0xAC00, 0xACFF), (0xFB00, 0xFFFD), (0x1D400, 0x1D7FF), (0x1F300, 0x1F6FF), (0xE0000, 0xE007F)]


def random_text(seed, length):
    """Runs of characters from a few blocks, with the strings that tokenizers treat apart strewn in."""
    rng = random.Random(seed)
    special = ["<s>", "</s>", "<unk>", "<mask>", "<|endoftext|>", "<|end|>", "word", "'s", "'ll", "  ", "\n\n", "▁", "<0x41>"]
    parts = []
    while length > 0:
        first, last = rng.choice(BLOCKS[:4] if rng.random() < 0.6 else BLOCKS)
        run = "".join(chr(rng.randint(first, last)) for _ in range(rng.randint(1, 12)))
        parts += [run, rng.choice(special) if rng.random() < 0.2 else rng.choice(["", " ", "\n"])]
        length -= len(run)
    return "".join(parts)


def texts(folder):
    found = sorted((DATA / "corpora").glob("*.*")) if (DATA / "corpora").is_dir() else []
    found += sorted((ROOT / "models" / "texts").glob("*.evaluation.txt"))
    drawn = []
    for seed in range(4):
        drawn.append(pathlib.Path(folder) / f"random{seed}.txt")
        drawn[-1].write_text(random_text(seed, 20000), encoding="utf-8", newline="")
    return found, drawn


def ours(tokenizer, path):
    """Ids and decoded text of a whole file."""
    done = subprocess.run([HELPER, str(tokenizer), str(path)], capture_output=True, timeout=120)
    if done.returncode:
        return [], done.stderr.decode(errors="replace").strip()
    ids, text = done.stdout.decode().split("\n")[:2]
    return [int(i) for i in ids.split()], bytes.fromhex(text).decode()


def first_difference(got, expected):
    at = next((i for i, (a, b) in enumerate(zip(got, expected)) if a != b), min(len(got), len(expected)))
    return f"at {at}: {got[at:at + 8]!r} against {expected[at:at + 8]!r}"


def compare(tokenizer, encode, decode, paths):
    wrong = 0
    for path in paths:
        with open(path, encoding="utf-8", newline="") as file:
            expected = encode(file.read())
        got, text = ours(tokenizer, path)
        if got != expected:
            print(f"{tokenizer.name}: {path.name}: ids {first_difference(got, expected)} {'' if got else text}")
            wrong += 1
        elif text != decode(expected):
            print(f"{tokenizer.name}: {path.name}: text {first_difference(text, decode(expected))}")
            wrong += 1
    print(f"{tokenizer.name}: {len(paths) - wrong} of {len(paths)} texts equal")
    return wrong


def main():
    with tempfile.TemporaryDirectory() as folder:
        large, random_texts = texts(folder)
        wrong = 0
        for path in [ROOT / "models/shipped/tokenizer.json", DATA / "models/tinystories-656k/tokenizer.json"]:
            if path.exists():
                peer = Tokenizer.from_file(str(path))
                wrong += compare(path, lambda t: peer.encode(t, add_special_tokens=False).ids, peer.decode, large + random_texts)
        for path in sorted((ROOT / "tests/core/fixtures/tokenizers").glob("*.json")):
            peer = Tokenizer.from_file(str(path))
            wrong += compare(path, lambda t: peer.encode(t, add_special_tokens=False).ids, peer.decode, random_texts)
        for model in sorted(DATA.glob("*/*/tok*.model")):
            peer = sentencepiece.SentencePieceProcessor(model_file=str(model))
            wrong += compare(model.with_suffix(".bin"), peer.encode, peer.decode, large + random_texts)
    return 1 if wrong else 0


HELPERS = sorted(pathlib.Path(PROGRAM).resolve().parents[1].rglob("tokenize_file"))
if not HELPERS:
    print("skipped: tokenize_file is built with the tests (-DQSCOPE_TESTS=ON)")
    sys.exit(77)
HELPER = str(HELPERS[0])
sys.exit(main())
