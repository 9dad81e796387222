#!/usr/bin/env python3
"""Token ids and decoded text of tokenizer.model against `sentencepiece`: the real models of the test data, and
models of 4,000 pieces trained here, over all corpora and random strings of characters assigned in Unicode 14.
usage: live_sentencepiece.py PROGRAM [--quick]"""
# covers: core/tokenizers/sp_ core/tokenizers/bpe_scored core/tokenizers/unigram core/tokenizers/charsmap core/protobuf
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import unicodedata

import sentencepiece

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("QSCOPE_TEST_DATA", ROOT.parent / "shared" / "data"))
BLOCK = 4000  # characters of a corpus that are compared at once
SPECIAL = ["<s>", "</s>", "<unk>", "<x>", "<sep>", "word", "  ", "\n\n", "\u2581", "<0x41>", " \u2047 ", "\u3000", "\u00a0", "e\u0301"]

# What is trained: each option of the normalizer and the trainer at least once with either model.
TRAINED = [
    dict(model_type="bpe", normalization_rule_name="identity", byte_fallback=True),
    dict(model_type="bpe", normalization_rule_name="nmt_nfkc", character_coverage=0.98),
    dict(model_type="bpe", normalization_rule_name="nfkc_cf", byte_fallback=True, user_defined_symbols="<x>,<sep>,ing,\u2581of"),
    dict(model_type="bpe", normalization_rule_name="nmt_nfkc", treat_whitespace_as_suffix=True),
    dict(model_type="bpe", normalization_rule_name="identity", add_dummy_prefix=False, remove_extra_whitespaces=False,
         byte_fallback=True, split_digits=True),
    dict(model_type="unigram", normalization_rule_name="identity", byte_fallback=True),
    dict(model_type="unigram", normalization_rule_name="nmt_nfkc", character_coverage=0.98),
    dict(model_type="unigram", normalization_rule_name="nfkc_cf", user_defined_symbols="<x>,<sep>,ing,\u2581of"),
    dict(model_type="unigram", normalization_rule_name="nmt_nfkc", treat_whitespace_as_suffix=True, byte_fallback=True),
    dict(model_type="unigram", normalization_rule_name="identity", add_dummy_prefix=False, remove_extra_whitespaces=False),
]


class Ours:
    """tokenize_file as a server: texts in, ids and text out."""

    def __init__(self, path):
        self.process = subprocess.Popen([HELPER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def number(self):
        return struct.unpack("<i", self.process.stdout.read(4))[0]

    def __call__(self, text):
        data = text.encode()
        self.process.stdin.write(struct.pack("<I", len(data)) + data)
        self.process.stdin.flush()
        count = self.number()
        ids = list(struct.unpack(f"<{count}i", self.process.stdout.read(4 * count))) if count >= 0 else None
        return ids, self.process.stdout.read(self.number()).decode()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def assigned():
    """Characters that this Python knows and that are no newer than Unicode 14."""
    newer = [(0x0CF3, 0x0CF3), (0x0ECE, 0x0ECE), (0x10EFD, 0x10EFF), (0x1123F, 0x11241), (0x11B00, 0x11B09), (0x11F00, 0x11F59),
             (0x1342F, 0x13455), (0x1B132, 0x1B155), (0x1D2C0, 0x1D2D3), (0x1DF25, 0x1DF2A), (0x1E030, 0x1E08F),
             (0x1E4D0, 0x1E4F9), (0x1F6DC, 0x1F6DC), (0x1F774, 0x1F7D9), (0x1FA75, 0x1FAF8), (0x31350, 0x323AF)]
    return [c for c in range(0x110000) if unicodedata.category(chr(c)) not in ("Cn", "Cs", "Co")
            and not any(first <= c <= last for first, last in newer)]


def random_texts(count):
    rng, characters = random.Random(20261124), assigned()
    low = [c for c in characters if c < 0x600]
    for _ in range(count):
        parts = []
        for _ in range(rng.randint(1, 12)):
            kind = rng.random()
            parts.append(rng.choice(SPECIAL) if kind < 0.15 else " " * rng.randint(1, 3) if kind < 0.3 else
                         "".join(chr(rng.choice(low if kind < 0.7 else characters)) for _ in range(rng.randint(1, 8))))
        yield "".join(parts)


def corpus_texts():
    for path in sorted((DATA / "corpora").glob("*.*")) + sorted((ROOT / "models" / "texts").glob("*.evaluation.txt")):
        text = path.read_text(encoding="utf-8")
        for at in range(0, len(text), BLOCK):
            yield text[at:at + BLOCK]


def compare(name, path, texts):
    peer, ours, wrong = sentencepiece.SentencePieceProcessor(model_file=str(path)), Ours(path), 0
    for text in texts:
        expected = peer.encode(text)
        got, back = ours(text)
        if got != expected:
            wrong += 1
            at = next((i for i, (a, b) in enumerate(zip(got or [], expected)) if a != b), min(len(got or []), len(expected)))
            if wrong <= 3:
                print(f"{name}: {text[:60]!r}: at {at}: {got[at:at + 6] if got is not None else back} against {expected[at:at + 6]}")
        elif back != peer.decode(expected):
            wrong += 1
            if wrong <= 3:
                print(f"{name}: {text[:60]!r}: decoded {back[:80]!r} against {peer.decode(expected)[:80]!r}")
    ours.close()
    print(f"{name}: {len(texts) - wrong} of {len(texts)} texts equal")
    return wrong


def train(folder, index, options):
    text = "\n".join(p.read_text(encoding="utf-8")[:250000] for p in sorted((ROOT / "models" / "texts").glob("*.txt")))
    multilingual = DATA / "corpora" / "multilingual.txt"
    if multilingual.exists():
        text += multilingual.read_text(encoding="utf-8")
    corpus = pathlib.Path(folder) / "corpus.txt"
    corpus.write_text(text, encoding="utf-8")
    prefix = pathlib.Path(folder) / f"model{index}"
    sentencepiece.SentencePieceTrainer.train(input=str(corpus), model_prefix=str(prefix), vocab_size=4000, num_threads=2,
                                             hard_vocab_limit=False, minloglevel=2, input_sentence_size=20000, **options)
    return prefix.with_suffix(".model")


def main():
    quick = "--quick" in sys.argv
    texts = list(random_texts(1000 if quick else 10000))
    corpora = [] if quick else list(corpus_texts())
    wrong = 0
    for path in sorted(DATA.glob("*/*/tok*.model")):
        wrong += compare(path.name, path, corpora + texts)
    with tempfile.TemporaryDirectory() as folder:
        for index, options in enumerate(TRAINED):
            path = train(folder, index, options)
            name = " ".join(str(v) for v in options.values())
            wrong += compare(name, path, corpora + texts)
    return 1 if wrong else 0


HELPERS = sorted(pathlib.Path(sys.argv[1]).resolve().parents[1].rglob("tokenize_file"))
if not HELPERS:
    print("skipped: tokenize_file is built with the tests (-DQSCOPE_TESTS=ON)")
    sys.exit(77)
HELPER = str(HELPERS[0])
if __name__ == "__main__":
    sys.exit(main())
