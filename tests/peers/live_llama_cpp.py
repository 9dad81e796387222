#!/usr/bin/env python3
"""Token ids of GGUF vocabularies against llama.cpp (llama-cpp-python, vocab_only, special tokens not parsed): those of
the test data over all corpora, and one made here for each name of tokenizer.ggml.pre, whose merges cross every
boundary that a pre-tokenizer could draw, over random strings. And the logits of a llama2.c model of the test data that
is made a GGUF file here, in float32 and float16. Needs the packages of llama_cpp.txt in a folder of their
own.
usage: live_llama_cpp.py PROGRAM"""
# also: llama_cpp.txt
# covers: core/tokenizers/gguf_ core/formats/gguf core/forward
import json
import os
import pathlib
import random
import re
import struct
import subprocess
import sys
import tempfile

import numpy as np
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

import extra_peers
import live_sentencepiece as shared

ROOT, DATA = shared.ROOT, shared.DATA
SEEDS = ["'s 'S 'll 'LL 'Re don't I'VE x'd", "1234567 12 1 123456 \u00b2\u00b3 \u0663\u0664\u0665 7a8b9", "\n\n\r\n \t  x\n", "   leading",
         "a\u0300e\u0301 \u0915\u094d\u0937", "\u4e2d\u6587\u5b57\u304b\u306a\u30ab\u30ca", "\ud55c\uad6d\uc5b4 \u3131", "$<=>^~|`+ [](){}",
         "XMLHttpRequest fooBar \u00c9TUDE \u00c9t\u00e9 \u01c5x \u10d0\u1c90", "a,b.c!d?e\u2026f\u3002g", "<sentinel:12> IMGIMGABCZ", "!?!? ...",
         "http://a.b/c_d?e=f&g", "\u2019s \u201cquoted\u201d \u2014", "\u00a0\u3000\u2003x", "path/to\\file", "\U0001f600\U0001f469\u200d\U0001f4bb", "#x @y"]
PEER = r"""
import json, sys
from llama_cpp import Llama
model = Llama(model_path=sys.argv[1], vocab_only=True, verbose=False)
for line in sys.stdin:
    print(json.dumps(model.tokenize(json.loads(line).encode(), add_bos=False, special=False)), flush=True)
"""


LOGITS = r"""
import sys
import numpy as np
from llama_cpp import Llama
ids = [int(i) for i in sys.argv[2].split(",")]
model = Llama(model_path=sys.argv[1], logits_all=True, n_ctx=len(ids), n_batch=len(ids), verbose=False, type_k=0, type_v=0)
model.eval(ids)
np.save(sys.argv[3], np.array(model.scores[:len(ids)], dtype=np.float32))
"""


def gguf_text(text):
    return struct.pack("<Q", len(text.encode())) + text.encode()


def gguf(path, pairs, tensors=None):
    """A file of metadata (text, whole numbers as u32, others as f32, lists of them, whole ones as i32) and tensors."""
    body = b""
    for key, value in pairs.items():
        body += gguf_text(key)
        if isinstance(value, str):
            body += struct.pack("<I", 8) + gguf_text(value)
        elif isinstance(value, (int, float)):
            body += struct.pack("<II" if isinstance(value, int) else "<If", 4 if isinstance(value, int) else 6, value)
        elif isinstance(value[0], float):
            body += struct.pack("<IIQ", 9, 6, len(value)) + struct.pack(f"<{len(value)}f", *value)
        elif isinstance(value[0], str):
            body += struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(gguf_text, value))
        else:
            body += struct.pack("<IIQ", 9, 5, len(value)) + struct.pack(f"<{len(value)}i", *value)
    data = b""
    for name, array in (tensors or {}).items():
        shape = array.shape[::-1]
        body += gguf_text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0 if array.dtype == np.float32 else 1, len(data))
        data += array.tobytes() + bytes(-array.nbytes % 32)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors or {}), len(pairs)) + body
    path.write_bytes(head + (bytes(-len(head) % 32) + data if tensors else b""))


def llama2c_as_gguf(path, source, tokenizer, half):
    """A llama2.c model with its tokenizer, in GGUF's names; both turn neighbouring pairs for RoPE."""
    raw = np.fromfile(source, dtype=np.float32)
    dim, hidden, blocks, heads, kv, vocab, context = raw[:7].view(np.int32).tolist()
    at, kv_dim, tensors = 7, dim // heads * kv, {}

    def take(name, *shape):
        nonlocal at
        values = raw[at:at + int(np.prod(shape))].reshape(shape)
        at += values.size
        for block, value in enumerate(values if "%d" in name else [values]):
            tensors[name % block if "%d" in name else name] = value.astype(np.float16) if half and value.ndim > 1 else value

    take("token_embd.weight", vocab, dim)
    for name, *shape in [("attn_norm", dim), ("attn_q", dim, dim), ("attn_k", kv_dim, dim), ("attn_v", kv_dim, dim), ("attn_output", dim, dim),
                         ("ffn_norm", dim), ("ffn_gate", hidden, dim), ("ffn_down", dim, hidden), ("ffn_up", hidden, dim)]:
        take(f"blk.%d.{name}.weight", blocks, *shape)
    take("output_norm.weight", dim)
    pieces, scores, data, place = [], [], tokenizer.read_bytes(), 4
    while place < len(data):
        score, length = struct.unpack("<fi", data[place:place + 8])
        pieces.append(data[place + 8:place + 8 + length].decode().replace(" ", "\u2581").replace("\n<s>\n", "<s>").replace("\n</s>\n", "</s>"))
        scores.append(score)
        place += 8 + length
    kinds = [2, 3, 3] + [6 if re.fullmatch("<0x..>", p) else 1 for p in pieces[3:]]
    gguf(path, {"general.architecture": "llama", "general.file_type": int(half), "llama.context_length": context, "llama.embedding_length": dim,
                "llama.block_count": blocks, "llama.feed_forward_length": hidden, "llama.attention.head_count": heads,
                "llama.attention.head_count_kv": kv, "llama.attention.layer_norm_rms_epsilon": 1e-5, "llama.rope.dimension_count": dim // heads,
                "tokenizer.ggml.model": "llama", "tokenizer.ggml.tokens": pieces, "tokenizer.ggml.scores": scores,
                "tokenizer.ggml.token_type": kinds}, tensors)


def compare_logits(folder):
    source, tokenizer = DATA / "models/stories260K/stories260K.bin", DATA / "models/stories260K/tok512.bin"
    if not source.exists():
        return 0
    wrong, ids = 0, ",".join(map(str, json.loads((source.parent / "reference.json").read_text())["greedy_ids"][:60]))
    for half in (False, True):
        path, ours, theirs = (pathlib.Path(folder) / n for n in ("model.gguf", "ours.npy", "theirs.npy"))
        llama2c_as_gguf(path, source, tokenizer, half)
        subprocess.run([sys.argv[1], "logits", str(path), "--ids", ids, "-o", str(ours)], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([PYTHON, "-c", LOGITS, str(path), ids, str(theirs)], check=True, stderr=subprocess.DEVNULL)
        worst = float(np.abs(np.load(ours) - np.load(theirs)).max())
        # llama.cpp rounds the inputs of a float16 matrix to float16, too.
        wrong += worst > (0.1 if half else 1e-3)
        print(f"stories260K as GGUF, {'float16' if half else 'float32'}: logits within {worst:.3g} of llama.cpp")
    return wrong


def crossing_bpe():
    """Pieces and merges of a byte-level BPE that was trained on whole lines."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    trainer = trainers.BpeTrainer(vocab_size=4000, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    rng = random.Random(7)
    lines = [" ".join(rng.choices(SEEDS, k=3)) + rng.choice(["", " ", "\n", "  "]) + rng.choice(SEEDS) for _ in range(3000)]
    prose = (ROOT / "models/texts/dialogue.evaluation.txt").read_text(encoding="utf-8")[:60000]
    lines += [prose[i:i + 60] for i in range(0, len(prose), 60)]
    tokenizer.train_from_iterator(lines, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    pieces = sorted(model["vocab"], key=model["vocab"].get)
    return pieces, [" ".join(m) if isinstance(m, list) else m for m in model["merges"]]


def spelled_bpe(pieces, merges):
    """The same over U+2581 and <0x..> pieces instead of stand-ins, for the kinds that work so."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    keep = [p for p in pieces if all(c.isascii() or c == "\u0120" for c in p) and "\u010a" not in p]
    turn = {p: p.replace("\u0120", "\u2581") for p in keep}
    chosen = [m for m in merges if all(half in turn for half in m.split(" ")) and "".join(m.split(" ")) in turn]
    names = list(dict.fromkeys(turn.values())) + [f"<0x{i:02X}>" for i in range(len(alphabet))] + ["\n", "\n\n"]
    return names, [" ".join(turn[half] for half in m.split(" ")) for m in chosen]


def random_texts(count):
    rng = random.Random(11)
    texts = list(shared.random_texts(count // 2))
    for _ in range(count - len(texts)):
        parts = [rng.choice([rng.choice(SEEDS), rng.choice(SEEDS)[: rng.randint(1, 9)], " " * rng.randint(1, 4), "\n", "'"])
                 for _ in range(rng.randint(1, 6))]
        texts.append("".join(parts))
    return texts


class Peer:
    def __init__(self, path):
        self.process = subprocess.Popen([PYTHON, "-c", PEER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)

    def __call__(self, text):
        self.process.stdin.write(json.dumps(text) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(self.process.stderr.read()[-500:])
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def compare(name, path, texts):
    peer, ours, wrong = Peer(path), shared.Ours(path), 0
    for text in texts:
        expected = peer(text)
        got, message = ours(text)
        if got != expected:
            wrong += 1
            at = next((i for i, (a, b) in enumerate(zip(got or [], expected)) if a != b), min(len(got or []), len(expected)))
            if wrong <= 2:
                print(f"{name}: {text[:70]!r}: at {at}: {got[at:at + 6] if got is not None else message} against {expected[at:at + 6]}")
    peer.close()
    ours.close()
    if wrong or not name.startswith("pre "):
        print(f"{name}: {len(texts) - wrong} of {len(texts)} texts equal")
    return wrong


def main():
    wrong, texts = 0, random_texts(1200)
    corpora = list(shared.corpus_texts())[::12]
    for path in sorted((DATA / "gguf-vocab").glob("*.gguf")):
        wrong += compare(path.stem, path, corpora + texts)
    names = re.findall(r'^PRE\("([^"]+)", (\w+)', (ROOT / "core/tokenizers/gguf_pre.def").read_text(), flags=re.M)
    pieces, merges = crossing_bpe()
    spelled = spelled_bpe(pieces, merges)
    seen = set()
    with tempfile.TemporaryDirectory() as folder:
        for name, steps in names:
            tokens, rules = spelled if steps == "lines" else (pieces, merges)
            kinds = [6 if re.fullmatch("<0x..>", t) else 1 for t in tokens]
            path = pathlib.Path(folder) / "vocab.gguf"
            gguf(path, {"general.architecture": "llama", "tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": name,
                        "tokenizer.ggml.tokens": tokens, "tokenizer.ggml.merges": rules, "tokenizer.ggml.token_type": kinds})
            wrong += compare(f"pre {name}", path, texts if steps not in seen else texts[::8])
            seen.add(steps)
        wrong += compare_logits(folder)
    print(f"{len(names)} names of tokenizer.ggml.pre compared")
    return 1 if wrong else 0


PYTHON = extra_peers.python("llama_cpp.txt")
if not PYTHON:
    print("skipped: llama-cpp-python is not installed (tests/peers/run compiles it)")
    sys.exit(77)
sys.exit(main())
