#!/usr/bin/env python3
"""Writes the seeds of tests/fuzz/corpus: small files that reach every rule of a parser. Run it after a new
rule; files that a fuzzer found are added beside these by hand under a name that says what they broke."""
import io
import json
import pathlib
import struct

CORPUS = pathlib.Path(__file__).parent / "corpus"


def put(parser, name, data):
    path = CORPUS / parser / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())


def make_json():
    for name, text in {
        "values": '{"a":18446744073709551615,"b":-5,"c":1.5e3,"d":[true,null,"x\\u00e9\\ud83d\\ude00\\n"],"e":[]}',
        "twice": '{"a":1,"a":2}',
        "nested": "[" * 64 + "]" * 64,
        "too_deep": "[" * 65 + "]" * 65,
        "escapes": '["\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000"]',
        "nul_in_name": '{"a\\u0000b":1}',
        "half_surrogate": '["\\ud83d"]',
        "overlong": b'["\xc0\xaf"]',
        "long_number": "[" + "1" * 500 + "]",
        "numbers": "[0,-0,1.0,1e9,1E-9,-1.5e+3,9007199254740993,1e999]",
        "unfinished": '{"1":1,',
        "bom": b"\xef\xbb\xbf{}",
        "blanks": " \t\r\n{ \"a\" : [ 1 , 2 ] } \n",
        "behind": "{} x",
    }.items():
        put("json", name, text)


def npy(header, data, version=1):
    body = header.encode()
    length = struct.pack("<H" if version == 1 else "<I", len(body))
    return b"\x93NUMPY" + bytes([version, 0]) + length + body + data


def make_npy():
    four = struct.pack("<4i", 1, 2, 3, 4)
    plain = "{'descr': '<i4', 'fortran_order': False, 'shape': (4,), }\n"
    put("npy", "ids", npy(plain, four))
    put("npy", "version_2", npy(plain, four, 2))
    put("npy", "matrix", npy(plain.replace("(4,)", "(2, 2)"), four))
    put("npy", "empty", npy(plain.replace("(4,)", "(0,)"), b""))
    put("npy", "scalar", npy(plain.replace("(4,)", "()"), four[:4]))
    put("npy", "fortran", npy(plain.replace("False", "True"), four))
    put("npy", "floats", npy(plain.replace("<i4", "<f4"), four))
    put("npy", "object", npy(plain.replace("<i4", "|O"), four))
    put("npy", "structured", npy(plain.replace("'<i4'", "[('a', '<i4')]"), four))
    put("npy", "huge_shape", npy(plain.replace("(4,)", "(4294967296, 4294967296)"), four))
    put("npy", "wrapping_bytes", npy(plain.replace("(4,)", "(4611686018427387904,)"), four))
    put("npy", "big_endian", npy(plain.replace("<i4", ">u2").replace("(4,)", "(8,)"), four))
    put("npy", "wide", npy(plain.replace("<i4", "<i8").replace("(4,)", "(2,)"), four))
    put("npy", "negative", npy(plain, struct.pack("<4i", 1, -2, 3, 4)))
    put("npy", "twice", npy(plain.replace("'shape': (4,)", "'shape': (4,), 'shape': (4,)"), four))
    put("npy", "header_longer_than_file", b"\x93NUMPY\1\0\xff\xff{}")
    put("npy", "version_9", npy(plain, four)[:6] + b"\x09" + npy(plain, four)[7:])


def bpe(model=None, **sections):
    """A small tokenizer.json."""
    base = {"type": "BPE", "unk_token": None, "fuse_unk": False, "byte_fallback": False,
            "vocab": {"a": 0, "b": 1, "ab": 2, "\u0120": 3, "<s>": 4, "O": 5}, "merges": [["a", "b"]]}
    base.update(model or {})
    return json.dumps({"added_tokens": [], "normalizer": None, "pre_tokenizer": None, "post_processor": None,
                       "decoder": None, "model": base, **sections}, separators=(",", ":"))


def make_tokenizer():
    byte_level = {"type": "ByteLevel", "add_prefix_space": True, "use_regex": True}
    mark = {"id": 4, "content": "<s>", "special": True, "lstrip": True, "rstrip": True, "normalized": True}
    template = {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}}],
                "special_tokens": {"<s>": {"id": "<s>", "ids": [4], "tokens": ["<s>"]}}}
    split = {"type": "Split", "pattern": {"Regex": "\\s+|\\p{L}|[^a-c]"}, "behavior": "MergedWithNext", "invert": True}
    meta = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first", "split": True}
    replace = {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}
    fallback = [{"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 1}]
    for name, text in {
        "plain": bpe(), "no_type": bpe({"type": None}), "strings": bpe({"merges": ["a b"]}),
        "byte_level": bpe(pre_tokenizer=byte_level, decoder=byte_level, post_processor=byte_level),
        "added": bpe(added_tokens=[mark], post_processor=template, normalizer={"type": "Prepend", "prepend": "_"}),
        "split": bpe(pre_tokenizer={"type": "Sequence", "pretokenizers": [split, byte_level]}),
        "metaspace": bpe({"unk_token": "a", "fuse_unk": True}, pre_tokenizer=meta, decoder=meta),
        "sentencepiece": bpe({"byte_fallback": True, "unk_token": "a"},
                             normalizer={"type": "Sequence", "normalizers": [replace, {"type": "NFKC"}]},
                             decoder={"type": "Sequence", "decoders": fallback}),
        "affixes": bpe({"continuing_subword_prefix": "b", "end_of_word_suffix": "a", "merges": []}),
        "twice": bpe({"vocab": {"a": 1, "b": 1}}), "negative": bpe({"vocab": {"a": -1}}),
        "huge": bpe({"vocab": {"a": 2000000000}}), "unknown_piece": bpe({"merges": [["a", "q"]]}),
        "cycle": bpe({"vocab": {"a": 0, "aa": 1}, "merges": [["a", "a"], ["aa", "aa"]]}), "deep": bpe(decoder=None)[:-1],
        "blows_up": bpe(pre_tokenizer=dict(split, pattern={"Regex": "(a+)+$"})),
    }.items():
        put("tokenizer", name, text)


def make_llama2c_tokenizer():
    pieces = ["<unk>", "\n<s>\n", "\n</s>\n"] + [f"<0x{i:02X}>" for i in range(256)] + [" ", "O", "n", "On", "n", " a"]
    body = b"".join(struct.pack("<fi", -float(i), len(p.encode())) + p.encode() for i, p in enumerate(pieces))
    spec = bytes([0x1a, 4, 0x18, 1, 0x20, 1]) + bytes([0x12, 4, 0xe2, 2, 1, 0x3f])
    put("llama2c_tokenizer", "bytes", struct.pack("<I", 256) + body)
    put("llama2c_tokenizer", "settings", bytes([len(spec)]) + spec + struct.pack("<I", 6)[1:] + body[-70:])
    put("llama2c_tokenizer", "few", b"\0\0\0\0" + body[:60])
    put("llama2c_tokenizer", "long", b"\0\0\0\0" + struct.pack("<fi", 0, 2**31 - 1) * 4)
    put("llama2c_tokenizer", "nan", b"\0\0\0\0" + struct.pack("<fi", float("nan"), 0) * 4)


def main():
    make_json()
    make_tokenizer()
    make_llama2c_tokenizer()
    make_npy()


main()
