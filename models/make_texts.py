"""Write the training, calibration and evaluation texts of every domain.

Each split has a seed of its own. Evaluation is written first; then calibration and training leave out
every document that contains an evaluation sentence. Documents are separated by a blank line; training text
also has <|endoftext|> after groups of a few documents.
"""

import argparse
import random

import paths
from generators import DOMAINS, TRAINED
from generators.preference import stable_seed
from generators.sentences import sentences

SEED = 20261
SPLIT_CHARACTERS = 96_000
END = "<|endoftext|>"


def documents(domain, split):
    """All documents of a split, without end."""
    rng = random.Random(stable_seed(SEED, domain, split))
    while True:
        yield DOMAINS[domain](rng)


def collect(domain, split, size, forbidden):
    """Documents up to `size` characters that contain no sentence of `forbidden`; also how many fell out."""
    kept, characters, dropped = [], 0, 0
    for text in documents(domain, split):
        if forbidden.isdisjoint(sentences(domain, text)):
            kept.append(text)
            characters += len(text) + 2
        else:
            dropped += 1
        if characters >= size:
            return kept, dropped


def join_training(domain, texts):
    """Blank lines between documents, and an end mark after groups of one to eight."""
    rng = random.Random(stable_seed(SEED, domain, "groups"))
    groups, position = [], 0
    while position < len(texts):
        count = rng.randint(1, 8)
        groups.append("\n\n".join(texts[position:position + count]))
        position += count
    return END.join(groups) + END


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--training-characters", type=int, default=8_000_000, help="per domain")
    parser.add_argument("--split-characters", type=int, default=SPLIT_CHARACTERS, help="per calibration or evaluation text")
    options = parser.parse_args()
    evaluation = set()
    for domain in DOMAINS:
        texts, _ = collect(domain, "evaluation", options.split_characters, frozenset())
        evaluation.update(sentence for text in texts for sentence in sentences(domain, text))
        write(paths.text_path(domain, "evaluation"), "\n\n".join(texts) + "\n")
    for domain in DOMAINS:
        texts, dropped = collect(domain, "calibration", options.split_characters, evaluation)
        write(paths.text_path(domain, "calibration"), "\n\n".join(texts) + "\n")
        print(f"{domain} calibration: {len(texts)} documents, {dropped} left out")
    for domain in TRAINED:
        texts, dropped = collect(domain, "training", options.training_characters, evaluation)
        write(paths.text_path(domain, "training"), join_training(domain, texts))
        print(f"{domain} training: {len(texts)} documents, {dropped} left out")


if __name__ == "__main__":
    main()
