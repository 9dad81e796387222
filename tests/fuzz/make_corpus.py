#!/usr/bin/env python3
"""Writes the seeds of tests/fuzz/corpus: small files that reach every rule of a parser. Run it after a new
rule; files that a fuzzer found are added beside these by hand under a name that says what they broke."""
import base64
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
    make_tokenizer_parts()
    make_tokenizer_models()


def make_tokenizer_parts():
    """One for each kind, all of a stage in one sequence."""
    def stage(name, part, key, *kinds):
        put("tokenizer", name, bpe(**{part: {"type": "Sequence", key: [k if isinstance(k, dict) else {"type": k} for k in kinds]}}))

    # A double array in which "a" becomes "b", and the root of another that leads far outside.
    units = [1 << 10] + [0] * 97
    units[1 ^ 97] = 97 | 1 << 8 | (1 ^ 97 ^ 2) << 10
    units[2] = 1 << 31
    trie = struct.pack("<98I", *units)
    whole, far = struct.pack("<I", len(trie)) + trie + b"b\0", struct.pack("<II", 4, 0xfffffe00) + b"b\0"
    for name, blob in ("charsmap", whole), ("charsmap_far", far), ("charsmap_short", whole[:9]), ("charsmap_empty", b"\0\0\0\0"):
        put("charsmap", name.removeprefix("charsmap_"), blob)
        put("tokenizer", name, bpe(normalizer={"type": "Precompiled", "precompiled_charsmap": base64.b64encode(blob).decode()}))
    stage("normalizers", "normalizer", "normalizers", "BertNormalizer", "StripAccents", "Lowercase", "Nmt", "NFC", "NFD", "NFKC",
          {"type": "Strip", "strip_left": True, "strip_right": False})
    stage("grows", "normalizer", "normalizers", *[{"type": "Replace", "pattern": {"Regex": "."}, "content": "aa"}] * 8)
    stage("words", "pre_tokenizer", "pretokenizers", "Whitespace", "WhitespaceSplit", "BertPreTokenizer", "UnicodeScripts",
          {"type": "Punctuation", "behavior": "Contiguous"}, {"type": "CharDelimiterSplit", "delimiter": "e"},
          {"type": "FixedLength", "length": 2}, {"type": "Digits", "individual_digits": True})
    stage("decoders", "decoder", "decoders", {"type": "WordPiece", "prefix": "##", "cleanup": True},
          {"type": "CTC", "pad_token": "a", "word_delimiter_token": "b", "cleanup": True}, {"type": "BPEDecoder", "suffix": "b"})
    stage("processors", "post_processor", "processors", {"type": "BertProcessing", "sep": ["a", 0], "cls": ["b", 1]},
          {"type": "RobertaProcessing", "sep": ["a", 0], "cls": ["b", 1], "trim_offsets": True, "add_prefix_space": True})
    for name, regex in {
        "regex_published": r"(?i:'s|'t)|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{M}]*\p{Ll}+|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n/]*|\s+(?!\S)",
        "regex_classes": r"[^a[b-d][:alpha:]&&\P{Han}&&[^\x{300}-\x{36f}]]|[]\-]|[\w-]|\h\R\N\O\b\B\A\z\Z^$",
        "regex_groups": r"(?<n>a(?i)b|(?-m:.)(?x) c # d)|(?>a|b){,3}+(?<=ab)(?<!c)(?=a)(?!b)(?#e)a{2}?{3}",
        "regex_sets": "".join(f"\\x{{{c:x}}}" for c in range(0x4e00, 0x4e00 + 300)),
        "regex_open": r"([a-[b",
    }.items():
        put("pattern", name.removeprefix("regex_"), regex)
        put("tokenizer", name, bpe(pre_tokenizer={"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated"}))


def make_tokenizer_models():
    def model(name, **section):
        put("tokenizer", name, json.dumps({"model": section, "pre_tokenizer": {"type": "WhitespaceSplit"}}))

    pieces = [["<unk>", 0.0], ["a", -1.0], ["n", -2.5], ["On", -1.5], ["aa", -1.25], ["a", -3], ["<0xC3>", -4.0], ["<0xA9>", -4.0]]
    model("unigram", type="Unigram", vocab=pieces, unk_id=0)
    model("unigram_bytes", type="Unigram", vocab=pieces, unk_id=0, byte_fallback=True)
    model("unigram_no_unknown", vocab=pieces)
    model("unigram_far", type="Unigram", vocab=pieces, unk_id=8)
    model("unigram_score", type="Unigram", vocab=[["a", 1e308], ["aa", -1e308], ["b", "c"]], unk_id=0)
    words = {"[UNK]": 0, "a": 1, "##a": 2, "##aaa": 3, "Once": 4, "##": 5}
    model("wordpiece", type="WordPiece", vocab=words, unk_token="[UNK]", continuing_subword_prefix="##", max_input_chars_per_word=100)
    model("wordpiece_no_prefix", vocab=words, unk_token="[UNK]", continuing_subword_prefix="", max_input_chars_per_word=5)
    model("word_level", type="WordLevel", vocab=words, unk_token="[UNK]")
    model("word_level_no_unknown", vocab={"a": 0}, unk_token="b")


def make_llama2c_tokenizer():
    pieces = ["<unk>", "\n<s>\n", "\n</s>\n"] + [f"<0x{i:02X}>" for i in range(256)] + [" ", "O", "n", "On", "n", " a"]
    body = b"".join(struct.pack("<fi", -float(i), len(p.encode())) + p.encode() for i, p in enumerate(pieces))
    spec = bytes([0x1a, 4, 0x18, 1, 0x20, 1]) + bytes([0x12, 4, 0xe2, 2, 1, 0x3f])
    put("llama2c_tokenizer", "bytes", struct.pack("<I", 256) + body)
    put("llama2c_tokenizer", "settings", bytes([len(spec)]) + spec + struct.pack("<I", 6)[1:] + body[-70:])
    put("llama2c_tokenizer", "few", b"\0\0\0\0" + body[:60])
    put("llama2c_tokenizer", "long", b"\0\0\0\0" + struct.pack("<fi", 0, 2**31 - 1) * 4)
    put("llama2c_tokenizer", "nan", b"\0\0\0\0" + struct.pack("<fi", float("nan"), 0) * 4)


def safetensors(header, data=b""):
    text = header if isinstance(header, str) else json.dumps(header, separators=(",", ":"))
    return struct.pack("<Q", len(text)) + text.encode() + data


def entry(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def make_safetensors():
    two = {"a": entry("F32", [2], 0, 8), "b": entry("BF16", [1, 2], 8, 12)}
    put("safetensors", "two", safetensors(two, bytes(12)))
    put("safetensors", "metadata", safetensors({"__metadata__": {"format": "pt"}, **two}, bytes(12)))
    put("safetensors", "alias", safetensors({"__metadata__": {"lm_head.weight": "a"}, **two}, bytes(12)))
    put("safetensors", "padded", safetensors(json.dumps(two) + " " * 7, bytes(12)))
    put("safetensors", "empty_tensor", safetensors({"a": entry("F16", [0, 3], 0, 0)}))
    put("safetensors", "scalar", safetensors({"a": entry("F32", [], 0, 4)}, bytes(4)))
    put("safetensors", "overlap", safetensors({"a": entry("F32", [2], 0, 8), "b": entry("F32", [2], 4, 12)}, bytes(12)))
    put("safetensors", "hole", safetensors({"a": entry("F32", [2], 4, 12)}, bytes(12)))
    put("safetensors", "truncated", safetensors(two, bytes(11)))
    put("safetensors", "longer", safetensors(two, bytes(13)))
    put("safetensors", "wrapping_shape", safetensors({"a": entry("F32", [2**63, 2], 0, 8)}, bytes(8)))
    put("safetensors", "wrapping_bytes", safetensors({"a": entry("F32", [2**62 + 1], 0, 4)}, bytes(4)))
    put("safetensors", "zero_times_huge", safetensors({"a": entry("F32", [0, 2**63, 2**63], 0, 0)}))
    put("safetensors", "metadata_number", safetensors({"__metadata__": {"a": 1}}))
    put("safetensors", "huge_length", struct.pack("<Q", 2**64 - 1) + b"{}")
    put("safetensors", "length_past_end", struct.pack("<Q", 100) + b"{}")
    put("safetensors", "no_brace", safetensors(" {}"))
    put("safetensors", "unknown_dtype", safetensors({"a": entry("F4", [2], 0, 1)}, bytes(1)))
    put("safetensors", "escaped_name", safetensors('{"\\u001b[31m":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', b"x"))


def make_index():
    def index(name, **weight_map):
        put("index", name, json.dumps({"metadata": {"total_size": 1}, "weight_map": weight_map}))

    index("sound", a="one.safetensors")
    index("climbs", a="../one.safetensors")
    index("absolute", a="/etc/one.safetensors")
    index("backslash", a="..\\one.safetensors")
    index("dots", a="..safetensors")
    index("other_file", a="config.json")
    index("missing_shard", a="two.safetensors")
    index("missing_tensor", a="one.safetensors", b="one.safetensors")
    index("empty")
    put("index", "no_map", "{}")
    put("index", "map_of_numbers", '{"weight_map":{"a":1}}')
    put("index", "tensor_twice", '{"weight_map":{"a":"one.safetensors","a":"one.safetensors"}}')


CONFIG = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 64, "intermediate_size": 172,
          "num_hidden_layers": 5, "num_attention_heads": 8, "num_key_value_heads": 4, "vocab_size": 512,
          "max_position_embeddings": 512, "rms_norm_eps": 1e-5, "hidden_act": "silu", "tie_word_embeddings": True}


def make_config():
    put("config", "old", json.dumps({**CONFIG, "rope_theta": 5e5, "rope_scaling": None, "torch_dtype": "float32"}))
    put("config", "new", json.dumps({**CONFIG, "rope_parameters": {"rope_type": "default", "rope_theta": 1e4},
                                     "dtype": "bfloat16", "head_dim": 32}))
    put("config", "defaults", '{"model_type":"llama"}')
    put("config", "by_class", '{"architectures":["LlamaForCausalLM"]}')
    put("config", "scaled", json.dumps({**CONFIG, "rope_scaling": {"type": "linear", "factor": 2.0}}))
    put("config", "quantized", json.dumps({**CONFIG, "quantization_config": {"quant_method": "gptq"}}))
    put("config", "two_thetas", json.dumps({**CONFIG, "rope_theta": 1, "rope_parameters": {"rope_theta": 2}}))
    put("config", "no_division", json.dumps({**CONFIG, "num_key_value_heads": 3}))
    put("config", "negative", json.dumps({**CONFIG, "vocab_size": -1}))
    put("config", "huge", json.dumps({**CONFIG, "hidden_size": 2**64}))
    put("config", "bias", json.dumps({**CONFIG, "attention_bias": True}))


def llama2c(dim, hidden, layers, heads, kv, vocab, context):
    size = dim // max(heads, 1)
    floats = abs(vocab) * dim * (2 if vocab < 0 else 1) + dim + context * size
    floats += layers * (2 * dim + 2 * dim * dim + 2 * dim * kv * size + 3 * dim * hidden)
    return struct.pack("<7i", dim, hidden, layers, heads, kv, vocab, context) + bytes(4 * floats)


def make_llama2c():
    put("llama2c", "tied", llama2c(4, 3, 1, 2, 1, 3, 2))
    put("llama2c", "untied", llama2c(4, 2, 1, 2, 2, -3, 2))
    put("llama2c", "one_byte_less", llama2c(4, 3, 1, 2, 1, 3, 2)[:-1])
    put("llama2c", "one_byte_more", llama2c(4, 3, 1, 2, 1, 3, 2) + b"x")
    put("llama2c", "ternary", b"24ka" + struct.pack("<7i", 1, 4, 3, 1, 2, 1, 3))
    for field in range(7):
        for name, value in (("zero", 0), ("smallest", -2**31), ("largest", 2**31 - 1)):
            fields = [4, 3, 1, 2, 1, 3, 2]
            fields[field] = value
            put("llama2c", f"{name}_{field}", struct.pack("<7i", *fields) + bytes(64))


GGUF_TYPES = {"u8": (0, "B"), "i8": (1, "b"), "u16": (2, "H"), "i16": (3, "h"), "u32": (4, "I"), "i32": (5, "i"),
              "f32": (6, "f"), "bool": (7, "?"), "u64": (10, "Q"), "i64": (11, "q"), "f64": (12, "d")}


def gguf_text(text):
    data = text if isinstance(text, bytes) else text.encode()
    return struct.pack("<Q", len(data)) + data


def gguf_pair(key, kind, value):
    """A pair of metadata; a list is an array."""
    number, letter = GGUF_TYPES.get(kind, (8, None))
    items = value if isinstance(value, list) else [value]
    data = b"".join(gguf_text(i) if letter is None else struct.pack("<" + letter, i) for i in items)
    head = struct.pack("<IIQ", 9, number, len(items)) if isinstance(value, list) else struct.pack("<I", number)
    return gguf_text(key) + head + data


def gguf(pairs=(), tensors=(), data=b"", version=3, alignment=32, counts=None):
    """tensors are (name, extents with the row first, type, offset)."""
    body = b"".join(p if isinstance(p, bytes) else gguf_pair(*p) for p in pairs)
    for name, extents, kind, offset in tensors:
        body += gguf_text(name) + struct.pack(f"<I{len(extents)}QIQ", len(extents), *extents, kind, offset)
    head = b"GGUF" + struct.pack("<IQQ", version, *(counts or (len(tensors), len(pairs)))) + body
    return head + (b"\0" * (-len(head) % alignment) + data if tensors else b"")


def make_gguf():
    every = [(f"a.{kind}", kind, 1) for kind in GGUF_TYPES] + [("general.architecture", "string", "llama")]
    lists = [(f"a.{kind}", kind, [1, 0]) for kind in GGUF_TYPES] + [("a.words", "string", ["one", "", "\u2581two"])]
    two = [("a", (3, 2), 1, 0), ("b", (2,), 0, 32)]
    put("gguf", "values", gguf(every))
    put("gguf", "arrays", gguf(lists))
    put("gguf", "version_2", gguf(every[:3], version=2))
    put("gguf", "version_1", gguf(version=1))
    put("gguf", "big_endian", gguf(version=0x03000000))
    put("gguf", "tensors", gguf(every, two, bytes(40)))
    put("gguf", "every_dtype", gguf((), [(f"t{kind}", (2,), kind, 32 * i) for i, kind in enumerate((0, 1, 24, 25, 26, 27, 28, 30))],
                                    bytes(256)))
    put("gguf", "blocks", gguf((), [("q", (256, 2), 12, 0), ("k", (32,), 8, 288)], bytes(400)))
    put("gguf", "half_a_block", gguf((), [("q", (255,), 12, 0)], bytes(400)))
    put("gguf", "scalar", gguf((), [("a", (), 0, 0)], bytes(4)))
    put("gguf", "no_values", gguf((), [("a", (0, 3), 0, 0)]))
    put("gguf", "rank_5", gguf((), [("a", (1,) * 5, 0, 0)], bytes(4)))
    put("gguf", "overlap", gguf((), [("a", (9,), 0, 0), ("b", (1,), 0, 32)], bytes(64)))
    put("gguf", "gap", gguf((), [("a", (1,), 0, 64), ("b", (1,), 0, 0)], bytes(68)))
    put("gguf", "same_name", gguf((), [("a", (1,), 0, 0), ("a", (1,), 0, 32)], bytes(64)))
    put("gguf", "odd_offset", gguf((), [("a", (1,), 0, 4)], bytes(64)))
    put("gguf", "offset_past_end", gguf((), [("a", (1,), 0, 2**63)], bytes(64)))
    put("gguf", "wrapping_offset", gguf((), [("a", (1,), 0, 2**64 - 32)], bytes(64)))
    put("gguf", "wrapping_shape", gguf((), [("a", (2**63, 2), 0, 0)], bytes(64)))
    put("gguf", "wrapping_bytes", gguf((), [("a", (2**62,), 28, 0)], bytes(64)))
    put("gguf", "withdrawn_type", gguf((), [("a", (4,), 4, 0)], bytes(64)))
    put("gguf", "foreign_type", gguf((), [("a", (4,), 137, 0)], bytes(64)))
    put("gguf", "long_name", gguf((), [("a" * 64, (1,), 0, 0)], bytes(4)))
    put("gguf", "aligned_8", gguf([("general.alignment", "u32", 8)], [("a", (1,), 0, 8)], bytes(12), alignment=8))
    for name, value in (("zero", 0), ("three", 3), ("huge", 2**31)):
        put("gguf", f"alignment_{name}", gguf([("general.alignment", "u32", value)], two, bytes(40)))
    put("gguf", "alignment_u64", gguf([("general.alignment", "u64", 32)], two, bytes(40)))
    put("gguf", "same_key", gguf([("a", "u8", 1), ("a", "u8", 1)]))
    put("gguf", "empty_key", gguf([("", "u8", 1)]))
    put("gguf", "nul_in_key", gguf([("a\0b", "u8", 1)]))
    put("gguf", "bool_of_two", gguf([gguf_text("a") + struct.pack("<IB", 7, 2)]))
    put("gguf", "type_13", gguf([gguf_text("a") + struct.pack("<IB", 13, 2)]))
    put("gguf", "array_of_arrays", gguf([gguf_text("a") + struct.pack("<IIQ", 9, 9, 1)]))
    put("gguf", "array_past_end", gguf([gguf_text("a") + struct.pack("<IIQ", 9, 4, 2**62)]))
    put("gguf", "strings_past_end", gguf([gguf_text("a") + struct.pack("<IIQ", 9, 8, 2**61)]))
    put("gguf", "string_past_end", gguf([gguf_text("a") + struct.pack("<IQ", 8, 2**64 - 1)]))
    put("gguf", "many_pairs", gguf(counts=(0, 2**63)))
    put("gguf", "many_tensors", gguf(counts=(2**63, 0)))
    put("gguf", "split", gguf([("split.count", "u16", 2), ("split.no", "u16", 0)], two, bytes(40)))


def gguf_vocab(model, tokens, kinds, *pairs):
    return gguf([("tokenizer.ggml.model", "string", model), ("tokenizer.ggml.tokens", "string", tokens),
                 ("tokenizer.ggml.token_type", "i32", kinds), *pairs])


def make_gguf_vocab():
    merges = ("tokenizer.ggml.merges", "string", ["a b", "\u0120 a"])
    pieces, kinds = ["a", "b", "ab", "\u0120", "\u0120a", "<x>", "<e>", "1", "2"], [1, 1, 1, 1, 1, 4, 3, 1, 1]
    for pre in ("gpt-2", "default", "llama-bpe", "gpt-4o", "deepseek-llm", "superbpe", "afmoe", "kimi-k2", "gemma4", "nothing"):
        put("gguf", f"vocab_{pre}", gguf_vocab("gpt2", pieces, kinds, merges, ("tokenizer.ggml.pre", "string", pre),
                                               ("tokenizer.ggml.add_bos_token", "bool", True)))
    put("gguf", "vocab_gemma", gguf_vocab("gemma4", ["a", "\u2581", "\u2581a", "<0x0A>", "\n"], [1, 1, 1, 6, 1],
                                          ("tokenizer.ggml.merges", "string", ["\u2581 a"])))
    spm = ["<unk>", "<s>", "</s>", "\u2581", "a", "b", "ab", "<x>"]
    scores = ("tokenizer.ggml.scores", "f32", [0, 0, 0, -3, -4, -5, -1, 0])
    put("gguf", "vocab_spm", gguf_vocab("llama", spm, [2, 3, 3, 1, 1, 1, 5, 4], scores))
    put("gguf", "vocab_phi3", gguf_vocab("llama", spm, [2, 3, 3, 1, 1, 1, 1, 4], scores, ("general.name", "string", "Phi-3")))
    every_byte = [f"<0x{i:02X}>" for i in range(256)]
    put("gguf", "vocab_bytes", gguf_vocab("llama", spm[:4] + every_byte, [2, 3, 3, 1] + [6] * 256))
    put("gguf", "vocab_empty_token", gguf_vocab("llama", ["", "a", ""], [1, 1, 1]))
    put("gguf", "vocab_twice", gguf_vocab("llama", ["a", "a"], [1, 1]))
    put("gguf", "vocab_few_kinds", gguf_vocab("llama", ["a", "b"], [1]))
    put("gguf", "vocab_bad_merge", gguf_vocab("gpt2", pieces, kinds, ("tokenizer.ggml.merges", "string", ["a q"]),
                                              ("tokenizer.ggml.pre", "string", "gpt-2")))
    put("gguf", "vocab_none", gguf([("tokenizer.ggml.model", "string", "none")]))


def gguf_model(arch, tensors, *pairs):
    """One block of one head of two values. Extents as the file has them, the row's length first."""
    keys = {"block_count": 1, "context_length": 8, "embedding_length": 2, "feed_forward_length": 2,
            "attention.head_count": 1}
    table, data = [], b""
    for name, extents in tensors.items():
        size = 4
        for extent in extents:
            size *= extent
        table.append((name, extents, 0, len(data)))
        data += struct.pack("<f", 0.5) * (size // 4) + bytes(-size % 32)
    pairs = [(key if key.count(".") and key.startswith(("tokenizer", arch)) else f"{arch}.{key}", kind, value)
             for key, kind, value in pairs]
    return gguf([("general.architecture", "string", arch), *((f"{arch}.{k}", "u32", v) for k, v in keys.items()),
                 *pairs], table, data)


def make_gguf_models():
    square, row = (2, 2), (2,)
    outer = {"token_embd.weight": (2, 3), "output_norm.weight": row}
    attention = {"blk.0.attn_norm.weight": row, **{f"blk.0.attn_{x}.weight": square for x in ("q", "k", "v", "output")},
                 "blk.0.ffn_norm.weight": row}
    dense = {f"blk.0.ffn_{x}.weight": square for x in ("gate", "up", "down")}
    experts = {"blk.0.ffn_gate_inp.weight": (2, 2), **{f"blk.0.ffn_{x}_exps.weight": (2, 2, 2) for x in ("gate", "up", "down")}}
    rms, norm = ("attention.layer_norm_rms_epsilon", "f32", 1e-5), ("attention.layer_norm_epsilon", "f32", 1e-5)
    tokens = ("tokenizer.ggml.tokens", "string", ["a", "b", "c"])
    used = (("expert_count", "u32", 2), ("expert_used_count", "u32", 1))
    put("gguf", "model_llama", gguf_model("llama", {**outer, **attention, **dense}, rms, tokens))
    put("gguf", "model_yarn", gguf_model("llama", {**outer, **attention, **dense}, rms,
                                         ("rope.scaling.type", "string", "yarn"), ("rope.scaling.factor", "f32", 4),
                                         ("rope.scaling.original_context_length", "u32", 2)))
    put("gguf", "model_factors", gguf_model("llama", {**outer, **attention, **dense, "rope_freqs.weight": (1,)}, rms))
    put("gguf", "model_experts", gguf_model("llama", {**outer, **attention, **experts}, rms, *used))
    put("gguf", "model_window", gguf_model(
        "gemma2", {**outer, **attention, **dense, "blk.0.post_attention_norm.weight": row, "blk.0.post_ffw_norm.weight": row},
        rms, ("attention.sliding_window", "u32", 4), ("attention.sliding_window_pattern", "bool", [True])))
    put("gguf", "model_longrope", gguf_model(
        "phi3", {**outer, **attention, "blk.0.attn_qkv.weight": (2, 6), "blk.0.ffn_up.weight": (2, 4),
                 "blk.0.ffn_down.weight": square, "rope_factors_long.weight": (1,), "rope_factors_short.weight": (1,)}, rms))
    biases = {name.replace("weight", "bias"): row for name in ("blk.0.attn_norm.weight", "output_norm.weight")}
    put("gguf", "model_falcon", gguf_model(
        "falcon", {**outer, **biases, "blk.0.attn_norm.weight": row, "blk.0.attn_qkv.weight": (2, 6),
                   "blk.0.attn_output.weight": square, "blk.0.ffn_up.weight": square, "blk.0.ffn_down.weight": square}, norm))
    put("gguf", "model_many_blocks", gguf_model("llama", {**outer, **attention, **dense}, rms).replace(
        b"block_count" + struct.pack("<II", 4, 1), b"block_count" + struct.pack("<II", 4, 2048)))
    put("gguf", "model_many_experts", gguf_model("llama", {**outer, **attention, **experts}, rms,
                                                 ("expert_count", "u32", 4096), ("expert_used_count", "u32", 1)))


def varint(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def proto(number, value):
    """One field of a protocol buffer: bytes, text, a float or a whole number."""
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    if isinstance(value, (bytes, str)):
        data = value.encode() if isinstance(value, str) else value
        return varint(number << 3 | 2) + varint(len(data)) + data
    return varint(number << 3) + varint(int(value))


def piece(text, score, kind=1):
    return proto(1, proto(1, text) + proto(2, float(score)) + proto(3, kind))


def make_sentencepiece():
    ends = piece("<unk>", 0, 2) + piece("<s>", 0, 3) + piece("</s>", 0, 3)
    some = ends + b"".join(piece(p, -1 - i) for i, p in enumerate(["\u2581", "a", "b", "ab", "\u2581a", "aa", "aaaa", "n", "On"]))
    each_byte = b"".join(piece(f"<0x{i:02X}>", 0, 6) for i in range(256))
    symbols, unused = piece("<x>", 0, 4) + piece("12", 0, 4), piece("abab", -3, 5) + piece("\u2581ab", -0.1, 5)
    spaces = proto(3, proto(3, 0) + proto(4, 0))
    trie = struct.pack("<4I", 0x200, 0, 0x100 | 0x6E | 0x400, 0x80000000)
    for name, kind in (("unigram", 1), ("bpe", 2)):
        spec = proto(3, kind)
        put("sentencepiece", name, some + proto(2, spec))
        put("sentencepiece", f"{name}_bytes", some + each_byte + proto(2, spec + proto(35, 1)))
        put("sentencepiece", f"{name}_symbols", some + symbols + proto(2, spec))
        put("sentencepiece", f"{name}_unused", some + unused + proto(2, spec))
        put("sentencepiece", f"{name}_behind", some + proto(2, spec + proto(24, 1)))
        put("sentencepiece", f"{name}_spaces", some + proto(2, spec + proto(44, "?")) + spaces)
        put("sentencepiece", f"{name}_unescaped", some + proto(2, spec) + proto(3, proto(5, 0)))
        put("sentencepiece", f"{name}_map", some + proto(2, spec) + proto(3, proto(2, struct.pack("<I", 16) + trie + b"ab \0")))
    fixtures = CORPUS.parent.parent / "core" / "fixtures" / "sentencepiece"
    for name in ("bpe_rules", "unigram_rules", "bpe_back"):  # with maps that the library made
        put("sentencepiece", f"trained_{name}", (fixtures / f"{name}.model").read_bytes())
    put("sentencepiece", "map_back", some + proto(5, proto(2, struct.pack("<I", 16) + trie + b"ab \0")))
    put("sentencepiece", "map_too_long", some + proto(3, proto(2, struct.pack("<I", 2**31) + trie)))
    put("sentencepiece", "word", some + proto(2, proto(3, 3)))
    put("sentencepiece", "few_bytes", some + piece("<0x41>", 0, 6) + proto(2, proto(35, 1)))
    put("sentencepiece", "two_unknown", some + piece("<u>", 0, 2))
    put("sentencepiece", "no_unknown", piece("a", 0))
    put("sentencepiece", "twice", some + piece("a", 0))
    put("sentencepiece", "empty_piece", some + piece("", 0))
    put("sentencepiece", "not_a_number", some + piece("q", float("nan")))
    put("sentencepiece", "kind_9", some + piece("q", 0, 9))
    put("sentencepiece", "group", some + b"\x3b\x3c")
    put("sentencepiece", "long_varint", some + b"\x38" + b"\xff" * 11)
    put("sentencepiece", "past_end", some + b"\x0a\xff\xff\xff\xff\x0f")
    put("sentencepiece", "field_zero", some + b"\x00\x01")


def make_task():
    item = '{"prompt":"2 + 3 =","choices":[" 5"," 6"],"answer":'
    for name, text in {
        "choices": item + '0}\n\n \t\r\n' + item + '" 6","source":"here"}\n',
        "generate": '{"prompt":"","answer":"five"}\n{"prompt":"x","answer":"\\u00c4","choices":null}',
        "mixed": item + '0}\n{"prompt":"x","answer":"5"}',
        "no_choice": item + "2}",
        "negative": item + "-1}",
        "fraction": item + "0.5}",
        "other_text": item + '" 7"}',
        "twice": item.replace(" 6", " 5") + "0}",
        "empty_choice": item.replace(" 6", "") + "0}",
        "one_choice": '{"prompt":"x","choices":["a"],"answer":0}',
        "many_choices": '{"prompt":"x","answer":0,"choices":[%s]}' % ",".join(f'"{i}"' for i in range(65)),
        "nul": '{"prompt":"a\\u0000b","answer":"c"}',
        "numbers": '{"prompt":3,"answer":4}',
        "list": "[1,2]",
        "broken": item,
        "blank": " \n\n",
    }.items():
        put("task", name, text)


def make_contenders():
    for name, text in {
        "methods": "rtn,bits=3,group_size=64\nnf4\nmine = gptq,bits=4  # a name\n",
        "files": "there=org/name\nr=models/shipped/config.json\nmodels/shipped\n",
        "blanks": "# all\n\n \t\r\nbaseline\n\teetq \r\n",
        "list": "@other.list\n",
        "twice": "nf4\nnf4\n",
        "name_alone": "a=\n",
        "no_name": "=nf4\n",
        "commas": "rtn,,bits=3\n",
        "nul": "nf4\0fp4\n",
        "long": "a=" + "b" * 5000 + "\n",
        "controls": "\x1b[31mred=nf4\n\xff\n",
        "value": "rtn,bits=99\n",
    }.items():
        put("contenders", name, text)


def main():
    make_json()
    make_task()
    make_contenders()
    make_sentencepiece()
    make_gguf_vocab()
    make_gguf_models()
    make_gguf()
    make_tokenizer()
    make_llama2c_tokenizer()
    make_npy()
    make_safetensors()
    make_index()
    make_config()
    make_llama2c()


main()
