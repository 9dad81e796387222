"""Train the byte-level BPE tokenizer on the training texts, and write it in the Hugging Face layout.

The pre-tokenizer is exactly GPT-2's (`ByteLevel` with its pattern), so that GGUF has a name for it.
One special token, <|endoftext|>, serves as beginning and end of text; the tokenizer adds none by itself.
Afterwards a small file of word pieces and rare characters is written beside the training texts, so that
no id is left untrained (see generators/fragments.py).
"""

import json
import random

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

import paths
from generators import fragments
from generators.preference import stable_seed
from make_texts import END, SEED

VOCABULARY = 2048
END_OF_TEXT = "<|endoftext|>"
CONTEXT = 512
FRAGMENT_CHARACTERS = 240_000


def training_texts():
    for domain in paths.TRAINED:
        yield paths.text_path(domain, "training").read_bytes().decode().replace(END, "\n")


def train():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(vocab_size=VOCABULARY, special_tokens=[END_OF_TEXT], show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(training_texts(), trainer)
    return tokenizer


def save(tokenizer, folder):
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {"added_tokens_decoder": {"0": {"content": END_OF_TEXT, "lstrip": False, "normalized": False,
                                             "rstrip": False, "single_word": False, "special": True}},
              "add_prefix_space": False, "bos_token": END_OF_TEXT, "eos_token": END_OF_TEXT,
              "clean_up_tokenization_spaces": False, "model_max_length": CONTEXT,
              "tokenizer_class": "PreTrainedTokenizerFast"}
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def merged_pieces(tokenizer):
    """The texts of all tokens that are whole characters."""
    texts = (tokenizer.decode([token]) for token in range(1, tokenizer.get_vocab_size()))
    return [text for text in texts if "\ufffd" not in text]


def write_fragments(tokenizer):
    rng = random.Random(stable_seed(SEED, "fragments"))
    pieces = merged_pieces(tokenizer)
    documents, characters = [], 0
    while characters < FRAGMENT_CHARACTERS:
        words = rng.random() < 0.7
        text = fragments.words_document(rng, pieces) if words else fragments.characters_document(rng)
        documents.append(text)
        characters += len(text)
    path = paths.text_path("fragments", "training")
    path.write_text(END.join(documents) + END, encoding="utf-8", newline="")


def count_ids(tokenizer, path):
    counts = [0] * tokenizer.get_vocab_size()
    for text in path.read_bytes().decode().split(END):
        for token in tokenizer.encode(text + END).ids:
            counts[token] += 1
    return counts


def report(tokenizer):
    """Say how many ids occur where."""
    seen = set()
    for domain in paths.TRAINED + ["fragments"]:
        counts = count_ids(tokenizer, paths.text_path(domain, "training"))
        own = {token for token, count in enumerate(counts) if count}
        seen |= own
        print(f"{domain}: {sum(counts)} tokens, {len(own)} ids; {len(seen)} ids so far")
    missing = [tokenizer.id_to_token(token) for token in range(VOCABULARY) if token not in seen]
    print(f"never in text ({len(missing)}):", " ".join(missing))


def main():
    tokenizer = train()
    save(tokenizer, paths.SHIPPED)
    write_fragments(tokenizer)
    report(tokenizer)


if __name__ == "__main__":
    main()
