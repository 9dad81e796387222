#!/usr/bin/env python3
"""Write core/tokenizers/unicode.def: the character classes as the regular expressions of the Hugging Face
`tokenizers` library see them, so that patterns do not depend on the Unicode version of this machine's PCRE2.

usage: make_unicode_classes.py > core/tokenizers/unicode.def
"""
import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, models, pre_tokenizers

# One bit each, as in core/tokenizers/unicode.h.
CLASSES = [r"\p{L}", r"\p{N}", r"\p{M}", r"\p{Nd}", r"\s", r"\w", r"\p{P}", r"\p{S}"]


def flags():
    """Class bits of every code point."""
    bits = [0] * 0x110000
    for i, name in enumerate(CLASSES):
        split = pre_tokenizers.Split(Regex(name), "removed")
        for code in range(0x110000):
            if not 0xD800 <= code < 0xE000 and not split.pre_tokenize_str(chr(code)):
                bits[code] |= 1 << i
    # Added tokens are looked for by another library of regular expressions, whose words have more characters.
    tokenizer = Tokenizer(models.BPE(vocab={}, merges=[]))
    tokenizer.add_tokens([AddedToken("-", single_word=True)])
    for code in range(0x110000):
        if not 0xD800 <= code < 0xE000 and code != ord("-") and not tokenizer.encode(chr(code) + "-").ids:
            bits[code] |= 1 << len(CLASSES)
    return bits


def main():
    print(f"/* RANGE(first, last, classes): made by tests/peers/make_unicode_classes.py from tokenizers "
          f"{tokenizers.__version__}. */")
    print("/* clang-format off */")
    bits = flags()
    start = 0
    line = ""
    for code in range(1, 0x110001):
        if code < 0x110000 and bits[code] == bits[start]:
            continue
        if bits[start]:
            item = f"RANGE({start:#x}, {code - 1:#x}, {bits[start]:#x})"
            if len(line) + len(item) > 98:
                print(line.rstrip())
                line = ""
            line += item + " "
        start = code
    print(line.rstrip())
    print("/* clang-format on */")


main()
