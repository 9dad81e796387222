"""Pieces of words and rare characters: a very small share of the training text.

A byte-level tokenizer has ids that ordinary text never uses: steps on the way to longer tokens, and
bytes of scripts that no domain writes. Untouched by training, their embeddings would stay at their
random start. These documents use each of them now and then. (13 byte values cannot occur in UTF-8.)
"""


def words_document(rng, tokens):
    """Tokens of the tokenizer one by one; `tokens` are their texts."""
    chosen = (rng.choice(tokens) for _ in range(24))
    return "\n".join(f"a{token} b" if token.isspace() else token for token in chosen)


def characters_document(rng):
    """Characters from all planes of Unicode, control characters included."""
    spans = [(0x00, 0x20), (0x20, 0x7F), (0x7F, 0x800), (0x800, 0xD800), (0xE000, 0x10000), (0x10000, 0x110000)]
    return "".join(chr(rng.randrange(*rng.choice(spans))) for _ in range(20))
