"""What counts as a sentence when we promise that no evaluation sentence occurs in training.

Prose: a sentence of at least six words. Code: a whole function (single lines such as `return total`
recur in any program). Records: a line with a figure and at least six words, which leaves out the
headers of tables. Shorter pieces are stock phrases that every speaker of a language shares.
"""

import re

FEWEST_WORDS = 6
_WORD = re.compile(r"\w+")
_BORDER = re.compile(r'(?<=[.!?])"?\s+|\n+')
_SPEAKER = re.compile(r"^[A-Z]\w+: ", re.MULTILINE)


def _long_enough(piece):
    return len(_WORD.findall(piece)) >= FEWEST_WORDS


def sentences(domain, text):
    """The sentences of `text` as a list of strings."""
    if domain == "code":
        pieces = text.split("\n\n")
    elif domain == "records":
        pieces = [line for line in text.split("\n") if any(sign.isdigit() for sign in line)]
    else:
        pieces = _BORDER.split(_SPEAKER.sub("", text))
    return [piece.strip() for piece in pieces if _long_enough(piece)]
