#!/usr/bin/env python3
"""Token ids and text against the Hugging Face `tokenizers` library and SentencePiece: tokenizers of 4,000 pieces
trained here in the manner of published models and with every kind of part (tokenizer_recipes.py), the shipped
model's and those of the real models, over all corpora and 10,000 random strings of characters that Unicode 14
assigns. Every tokenizer sees the first 100,000 characters of each corpus, and those of published models a third of
the corpora whole, another one each day; with QSCOPE_PEERS_WHOLE set all see all of it, which takes a few minutes.
usage: live_tokenizers.py PROGRAM [NAME...]"""
# covers: core/tokenizer core/tokenizers/ core/text
import datetime
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import threading

import sentencepiece
from tokenizers import Tokenizer

import tokenizer_recipes

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("QSCOPE_TEST_DATA", ROOT.parent / "shared" / "data"))
PROGRAM, CHOSEN = sys.argv[1], sys.argv[2:]
PIECES, STRINGS, CUT = 4000, 10000, 100000
SPECIAL = ["<s>", "</s>", "<unk>", "<mask>", "<|endoftext|>", "<|end|>", "[CLS]", "the", "Word", "'s", "'LL", "'ſ", "  ", "\n\n",
           "\r\n", "▁", "<0x41>", "123", "é", "IMGIMGABZ", "x\u0301\u0323", "👩\u200d🚀", "क्षि", "각", "ﬃ", "İ", "ß"]


def assigned():
    """(first, last) of the code points that Unicode 14 assigns, whatever version this Python knows."""
    text = (pathlib.Path(__file__).parent / "unicode14.txt").read_text()
    items = [item for line in text.splitlines() if not line.startswith("#") for item in line.split()]
    return [tuple(int(end, 16) for end in (item.split("-") * 2)[:2]) for item in items]


def random_strings(seed):
    """Each of characters from a few of the ranges, or from all of Unicode alike, with ASCII and the strings that
    tokenizers treat apart strewn in."""
    rng = random.Random(seed)
    ranges = assigned()
    starts = [0]
    for first, last in ranges:
        starts.append(starts[-1] + last - first + 1)
    strings = []
    for number in range(STRINGS):
        near, parts = rng.sample(ranges, 3), []
        for _ in range(rng.randint(1, 24)):
            kind = rng.random()
            if kind < 0.45:
                first, last = rng.choice(near) if number % 2 else rng.choice(ranges)
                parts.append(chr(rng.randint(first, last)))
            elif kind < 0.6:
                place = rng.randrange(starts[-1])
                at = next(i for i in range(len(ranges)) if starts[i + 1] > place)
                parts.append(chr(ranges[at][0] + place - starts[at]))
            elif kind < 0.9:
                parts.append(chr(rng.choice((32, 10, rng.randint(33, 126), rng.randint(97, 122), rng.randint(0, 255)))))
            else:
                parts.append(rng.choice(SPECIAL))
        strings.append("".join(parts))
    return strings


def read_corpora():
    paths = sorted((DATA / "corpora").glob("*.*")) if (DATA / "corpora").is_dir() else []
    paths += sorted((ROOT / "models" / "texts").glob("*.evaluation.txt"))
    texts = {}
    for path in paths:
        with open(path, encoding="utf-8", newline="") as file:
            texts[path.name] = file.read()
    return texts


def answers(output):
    """What the helper wrote: ids and text of each, or None and a message."""
    at = 0
    while at < len(output):
        count, = struct.unpack_from("=i", output, at)
        ids = None if count < 0 else list(struct.unpack_from(f"={count}i", output, at + 4))
        at += 4 + 4 * max(count, 0)
        size, = struct.unpack_from("=i", output, at)
        yield ids, output[at + 4:at + 4 + size].decode()
        at += 4 + size


def ours(tokenizer, texts):
    """One process for all texts of a tokenizer."""
    data = b"".join(struct.pack("=I", len(t)) + t for t in (text.encode() for text in texts))
    done = subprocess.run([HELPER, str(tokenizer)], input=data, capture_output=True, timeout=600)
    if done.returncode:
        return [(None, done.stderr.decode(errors="replace").strip())] * len(texts)
    return list(answers(done.stdout))


def first_difference(got, expected):
    at = next((i for i, (a, b) in enumerate(zip(got, expected)) if a != b), min(len(got), len(expected)))
    return f"at {at}: {got[at:at + 8]!r} against {expected[at:at + 8]!r}"


def compare(name, path, encode, decode, texts, lossless=None, seen=lambda text: text):
    """Both sides at once; prints the first differences and the count. Returns how many texts differ. Of decoded texts
    what `seen` makes of them is compared."""
    results = []
    thread = threading.Thread(target=lambda: results.extend(ours(path, list(texts.values()))))
    thread.start()
    expected = encode(list(texts.values()))
    decoded = decode([ids or [] for ids in expected])
    thread.join()
    wrong, failed = 0, expected.count(None)
    for (label, text), (ids, back), want, want_text in zip(texts.items(), results, expected, decoded):
        what = None
        if want is None:
            continue
        if ids != want:
            what = f"ids {first_difference(ids or [], want)} {'' if ids else back}"
        elif seen(back) != seen(want_text):
            what = f"text {first_difference(back, want_text)}"
        elif lossless and back != text and not any(mark in text for mark in lossless):
            what = f"not the text itself: {first_difference(back, text)}"
        if what and wrong < 3:
            print(f"{name}: {label} {text[:60]!r}: {what}")
        wrong += what is not None
    print(f"{name}: {len(texts) - wrong - failed} of {len(texts)} texts equal"
          + (f"; on {failed} the library itself fails" if failed else ""), flush=True)
    return wrong


def survived(function, *arguments, **options):
    """None where the library panics: it indexes beyond the replacements of some precompiled maps. That is no Exception."""
    try:
        return function(*arguments, **options)
    except BaseException as panic:  # pylint: disable=broad-except
        if type(panic).__name__ != "PanicException":
            raise
        return None


def library(tokenizer):
    def encode(texts):
        batch = survived(tokenizer.encode_batch_fast, texts, add_special_tokens=False)
        if batch is None:
            batch = [survived(tokenizer.encode, text, add_special_tokens=False) for text in texts]
        return [None if e is None else e.ids for e in batch]
    return encode, tokenizer.decode_batch


def choose(corpora, number):
    """The corpora for one tokenizer: whole or cut. Without a number, all of them cut."""
    whole = os.environ.get("QSCOPE_PEERS_WHOLE")
    day = datetime.date.today().toordinal()
    return {name: text if whole or number is not None and (number + i + day) % 3 == 0 else text[:CUT]
            for i, (name, text) in enumerate(corpora.items())}


def compare_recipes(folder, corpora, strings):
    """Trained on texts of all kinds, small enough that training does not take longer than comparing."""
    training = [line for text in corpora.values() for line in text[:40000].splitlines(keepends=True)]
    training += [text.replace("\0", "") for text in strings[:100]]
    published = list(tokenizer_recipes.published())
    wrong = 0
    for number, (name, recipe) in enumerate([*published, *tokenizer_recipes.parts()]):
        if CHOSEN and name not in CHOSEN:
            continue
        tokenizer = recipe.train(training, PIECES)
        path = folder / name / "tokenizer.json"
        path.parent.mkdir()
        path.write_text(tokenizer.to_str(), encoding="utf-8")
        texts = choose(corpora, number if number < len(published) else None)
        texts.update({f"string {i}": s for i, s in enumerate(strings)})
        wrong += compare(name, path, *library(tokenizer), texts, recipe.lossless)
    return wrong


def compare_pieces(folder, corpora, strings):
    """Where each pre-tokenizer cuts, as far as a part of the strings shows it."""
    texts = {**{name: corpora[name][:CUT] for name in corpora if name in ("multilingual.txt", "technical.txt")},
             **{f"string {i}": s for i, s in enumerate(strings[:4000])}}
    wrong, seen = 0, set()
    for name, recipe in [*tokenizer_recipes.published(), *tokenizer_recipes.parts()]:
        if recipe.pre is None or (CHOSEN and name not in CHOSEN):
            continue
        tokenizer = tokenizer_recipes.marked(recipe.pre)
        if tokenizer.to_str() in seen:
            continue
        seen.add(tokenizer.to_str())
        path = folder / f"{name}_pieces" / "tokenizer.json"
        path.parent.mkdir()
        path.write_text(tokenizer.to_str(), encoding="utf-8")
        wrong += compare(f"{name}, pieces", path, *library(tokenizer), texts)
    return wrong


def compare_files(corpora, strings):
    texts = {**corpora, **{f"string {i}": s for i, s in enumerate(strings)}}
    wrong = 0
    for path in [ROOT / "models/shipped/tokenizer.json", DATA / "models/tinystories-656k/tokenizer.json"]:
        if path.exists():
            wrong += compare(str(path.parent.name), path, *library(Tokenizer.from_file(str(path))), texts)
    for path in sorted((ROOT / "tests/core/fixtures/tokenizers").glob("*.json")):
        few = {f"string {i}": s for i, s in enumerate(strings[:500])}
        wrong += compare(path.name, path, *library(Tokenizer.from_file(str(path))), few)
    for model in sorted(DATA.glob("*/*/tok*.model")):
        peer = sentencepiece.SentencePieceProcessor(model_file=str(model))
        # Such models may take away all blanks at the start of what they decode. llama2.c's file does not say so, and
        # its program takes away one.
        wrong += compare(f"{model.parent.name}/{model.name}", model.with_suffix(".bin"), peer.encode, peer.decode, texts,
                         seen=lambda text: text.lstrip(" "))
    return wrong


def main():
    corpora, strings = read_corpora(), random_strings(14)
    with tempfile.TemporaryDirectory() as folder:
        wrong = compare_recipes(pathlib.Path(folder), corpora, strings)
        wrong += compare_pieces(pathlib.Path(folder), corpora, strings)
    if not CHOSEN:
        wrong += compare_files(corpora, strings)
    return 1 if wrong else 0


HELPERS = sorted(pathlib.Path(PROGRAM).resolve().parents[1].rglob("tokenize_file"))
if not HELPERS:
    print("skipped: tokenize_file is built with the tests (-DQSCOPE_TESTS=ON)")
    sys.exit(77)
HELPER = str(HELPERS[0])
sys.exit(main())
