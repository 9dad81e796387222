"""Check the texts: evaluation sentences stay out of training, generators give the same bytes again,
every id of the tokenizer occurs. Writes what it found as JSON; fails if a promise is broken.
"""

import argparse
import hashlib
import json
import pathlib
import sys

from tokenizers import Tokenizer

import make_texts
import paths
from generators.sentences import sentences
from train_tokenizer import count_ids

NGRAM = 8
# Byte values that no UTF-8 text contains: C0, C1, F5 to FF.
IMPOSSIBLE_BYTES = 13


def ngrams(words):
    return {tuple(words[start:start + NGRAM]) for start in range(len(words) - NGRAM + 1)}


def training_sentences_and_ngrams(wanted_sentences, wanted_ngrams):
    """Which of the wanted ones occur in any domain's training text."""
    seen_sentences, seen_ngrams = set(), set()
    for domain in paths.TRAINED:
        text = paths.text_path(domain, "training").read_bytes().decode().replace(make_texts.END, "\n\n")
        seen_sentences |= wanted_sentences.intersection(sentences(domain, text))
        words = text.split()
        for start in range(len(words) - NGRAM + 1):
            gram = tuple(words[start:start + NGRAM])
            if gram in wanted_ngrams:
                seen_ngrams.add(gram)
    return seen_sentences, seen_ngrams


def overlap():
    """Per domain: sentences, how many occur in training, and the share of 8-grams of words that do."""
    texts = {domain: paths.text_path(domain, "evaluation").read_bytes().decode() for domain in paths.DOMAINS}
    own_sentences = {domain: set(sentences(domain, text)) for domain, text in texts.items()}
    own_ngrams = {domain: ngrams(text.split()) for domain, text in texts.items()}
    seen_sentences, seen_ngrams = training_sentences_and_ngrams(
        set().union(*own_sentences.values()), set().union(*own_ngrams.values()))
    return {domain: {"sentences": len(own_sentences[domain]),
                     "sentences_in_training": len(own_sentences[domain] & seen_sentences),
                     "ngrams_in_training": len(own_ngrams[domain] & seen_ngrams) / len(own_ngrams[domain])}
            for domain in paths.DOMAINS}


def same_bytes_again():
    """Whether the evaluation texts are what the generators write now."""
    for domain in paths.DOMAINS:
        path = paths.text_path(domain, "evaluation")
        texts, _ = make_texts.collect(domain, "evaluation", make_texts.SPLIT_CHARACTERS, frozenset())
        if ("\n\n".join(texts) + "\n").encode() != path.read_bytes():
            return False
    return True


def unused_ids():
    tokenizer = Tokenizer.from_file(str(paths.SHIPPED / "tokenizer.json"))
    totals = [0] * tokenizer.get_vocab_size()
    sizes = {}
    for domain in paths.TRAINED + ["fragments"]:
        counts = count_ids(tokenizer, paths.text_path(domain, "training"))
        sizes[domain] = sum(counts)
        totals = [a + b for a, b in zip(totals, counts)]
    return totals.count(0), sizes


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", help="write the results here")
    options = parser.parse_args()
    unused, sizes = unused_ids()
    hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(paths.TEXTS.iterdir())}
    results = {"overlap": overlap(), "same_bytes_again": same_bytes_again(), "unused_ids": unused,
               "training_tokens": sizes, "sha256": hashes}
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    found = sum(row["sentences_in_training"] for row in results["overlap"].values())
    print(f"evaluation sentences in training: {found}; same bytes again: {results['same_bytes_again']}; "
          f"unused ids: {unused}")
    sys.exit(0 if found == 0 and results["same_bytes_again"] and unused == IMPOSSIBLE_BYTES else 1)


if __name__ == "__main__":
    main()
