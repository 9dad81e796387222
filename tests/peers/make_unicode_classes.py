#!/usr/bin/env python3
"""Write core/tokenizers/unicode.def, scripts.def and lowercase.def: what the Hugging Face `tokenizers` library
takes each character for. It asks several libraries of different Unicode versions; asked the same way here,
nothing depends on the Unicode version of this machine's PCRE2, utf8proc or Python.

usage: make_unicode_classes.py FOLDER     (core/tokenizers)
"""
import base64
import pathlib
import struct
import sys

import regex._regex_core
import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers

ALL = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
TEXT = "".join(map(chr, ALL))
CATEGORIES = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Co".split()


def removed_by(pre_tokenizer):
    """The characters that a pre-tokenizer, told to remove what it finds, removes."""
    kept = bytearray(len(ALL))
    for _, (first, end) in pre_tokenizer.pre_tokenize_str(TEXT):
        kept[first:end] = b"\1" * (end - first)
    return {ALL[i] for i in range(len(ALL)) if not kept[i]}


def matched(pattern):
    return removed_by(pre_tokenizers.Split(Regex(pattern), "removed"))


def where(test):
    return {c for c in ALL if test(chr(c))}


def bert(**on):
    options = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**{**options, **on}).normalize_str


def regex_classes():
    yield from (matched(r"\p{%s}" % name) for name in CATEGORIES)
    space = matched(r"\s")
    assert space == removed_by(pre_tokenizers.WhitespaceSplit()), "one idea of white space"
    yield space
    yield matched(r"\w")
    # Added tokens and "Whitespace" use another library of regular expressions, whose words have more characters.
    tokenizer = Tokenizer(models.BPE(vocab={}, merges=[]))
    tokenizer.add_tokens([AddedToken("-", single_word=True)])
    yield where(lambda c: c != "-" and not tokenizer.encode(c + "-").ids)
    yield from (matched("[[:%s:]]" % name) for name in ("alpha", "upper", "lower"))


def bert_classes():
    yield removed_by(pre_tokenizers.Punctuation("removed"))
    clean, strip, accents = bert(clean_text=True), bert(strip_accents=True), normalizers.StripAccents().normalize_str
    yield where(lambda c: clean(c) == "")
    yield where(lambda c: strip(c) == "")
    yield where(lambda c: accents(c) == "")


def changing():
    """What a normalization form may change, or be changed by: the rest is left alone whatever stands beside it."""
    nfd, nfkd = normalizers.NFD().normalize_str, normalizers.NFKD().normalize_str
    canonical = where(lambda c: nfd(c) != c)
    # Marks of any class but 0 change places with one of the highest or one of the lowest class.
    marks = where(lambda c: nfd("\u0345" + c) == c + "\u0345" or nfd(c + "\u0334") == "\u0334" + c)
    pieces = {ord(p) for c in canonical for p in nfd(chr(c))}
    return canonical | where(lambda c: nfkd(c) != c) | marks | pieces | {0x334, 0x345}


def grapheme_classes():
    """A map in which every byte is a string shows where the library sees clusters: one below 6 bytes becomes one
    X, a longer one an X for each character."""
    base = 1 << 9
    units = [base << 10] + [0] * (2 * base)
    for byte in range(1, 256):
        # The leaf of each node stands where its offset leads: all share the one below.
        units[base ^ byte] = byte | 1 << 8 | ((base ^ byte ^ (base + 256)) << 10)
    units[base + 256] = 1 << 31
    blob = struct.pack("<I", 4 * len(units)) + b"".join(struct.pack("<I", u) for u in units) + b"X\0"
    spec = '{"type":"Precompiled","precompiled_charsmap":"%s"}' % base64.b64encode(blob).decode()
    probe = Tokenizer.from_str('{"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":%s,'
                               '"pre_tokenizer":null,"post_processor":null,"decoder":null,"model":{"type":"BPE","vocab":{},'
                               '"merges":[]}}' % spec).normalizer
    count = lambda text: len(probe.normalize_str(text.replace("\0", "\1")))
    assert count("a\u0301") == 1 and count("ab") == 2 and count("\u0915\u094d\u0915\u0301") == 4
    joins = where(lambda c: count("a" + c) == 1)
    yield joins
    yield {c for c in joins if count("\u00a9" + chr(c) + "\u200d\u00a9\u0301") == 5}
    yield where(lambda c: count(c + "a") == 1)
    yield where(lambda c: count(c + "\u0301\u0302") == 2)
    yield where(lambda c: count(c + "\u200d\u00a9\u0301") == 4)
    yield where(lambda c: count(c + "\u094d\u0915\u0301") == 4)
    yield {c for c in joins if count("\u0915" + chr(c) + "\u0915\u0301") == 4}
    yield {c for c in joins if count("\u0915" + chr(c) + "\u094d\u0915\u0301") == 5}


def scripted():
    """What "UnicodeScripts" has a script for; its table is older than that of the regular expressions."""
    return where(lambda c: pre_tokenizers.UnicodeScripts().pre_tokenize_str(c))


def runs(values):
    """(first, last, value) of equal neighbours, those of value 0 left out."""
    start = 0
    for code in range(1, 0x110001):
        if code == 0x110000 or values[code] != values[start]:
            if values[start]:
                yield start, code - 1, values[start]
            start = code


def write(path, what, items):
    lines = [f"/* {what}: made by tests/peers/make_unicode_classes.py from tokenizers {tokenizers.__version__}. */",
             "/* clang-format off */"]
    line = ""
    for item in items:
        if len(line) + len(item) > 98:
            lines.append(line.rstrip())
            line = ""
        line += item + " "
    path.write_text("\n".join(lines + [line.rstrip(), "/* clang-format on */"]) + "\n")


def write_classes(path):
    bits = [0] * 0x110000
    for i, members in enumerate([*regex_classes(), *bert_classes(), changing(), *grapheme_classes(), scripted()]):
        print(f"bit {i}: {len(members)}", file=sys.stderr)
        for code in members:
            bits[code] |= 1 << i
    masks = sorted(set(bits) - {0})
    write(path, "MASK(classes), in order of their number; R(first, last, number)",
          [f"MASK({mask:#x})" for mask in masks] +
          [f"R({first:#x},{last:#x},{masks.index(value)})" for first, last, value in runs(bits)])


def write_scripts(path):
    names = {}
    for name, number in regex._regex_core.PROPERTIES["SCRIPT"][1].items():
        names.setdefault(number, []).append(name)
    scripts, numbers = [0] * 0x110000, []
    for spellings in names.values():
        try:
            members = matched(r"\p{%s}" % spellings[0])
        except Exception:  # of a later version than the library's
            continue
        if spellings[0] == "UNKNOWN":
            continue
        numbers.append(spellings)
        for code in members:
            scripts[code] = len(numbers)
    write(path, "NAME(script, number); R(first, last, number)",
          [f'NAME("{spelling.lower()}", {i + 1})' for i, spellings in enumerate(numbers) for spelling in spellings] +
          [f"R({first:#x},{last:#x},{value})" for first, last, value in runs(scripts)])


def write_lowercase(path):
    """Every letter or every other one of a range moves by the same distance."""
    lower = normalizers.Lowercase().normalize_str
    moves = [(c, ord(lower(chr(c))) - c) for c in ALL if lower(chr(c)) != chr(c) and len(lower(chr(c))) == 1]
    odd = [chr(c) for c in ALL if len(lower(chr(c))) != 1]
    assert odd == ["\u0130"], odd
    spans = []
    for code, move in moves:
        if spans and spans[-1][3] == move and code - spans[-1][1] in (1, 2) and spans[-1][2] in (0, code - spans[-1][1]):
            spans[-1][1:3] = [code, code - spans[-1][1]]
        else:
            spans.append([code, code, 0, move])
    write(path, "LOWER(first, last, step, distance)",
          [f"LOWER({first:#x}, {last:#x}, {step or 1}, {move})" for first, last, step, move in spans])


def main():
    folder = pathlib.Path(sys.argv[1])
    write_classes(folder / "unicode.def")
    write_scripts(folder / "scripts.def")
    write_lowercase(folder / "lowercase.def")


main()
