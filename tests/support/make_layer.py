#!/usr/bin/env python3
"""A checkpoint of one llama block with large matrices and little else: make_layer.py FOLDER HIDDEN. Weights are
roughly normal, from a pool, so that it takes a second; tokens.npy beside it has ids to calibrate on."""
import array
import json
import pathlib
import random
import struct
import sys

VOCAB, INTERMEDIATE, HEAD, POOL = 64, 64, 64, 1 << 18


def bf16(values):
    words = array.array("I", array.array("f", values).tobytes())
    return array.array("H", (w >> 16 for w in words)).tobytes()


def main():
    folder, hidden = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    seed = random.Random(1)
    pool = bf16([seed.gauss(0, hidden ** -0.5) for _ in range(POOL)])
    heads, kv = hidden // HEAD, max(1, hidden // HEAD // 8)
    shapes = {"model.embed_tokens.weight": (VOCAB, hidden), "model.norm.weight": (hidden,)}
    block = "model.layers.0."
    shapes |= {block + "input_layernorm.weight": (hidden,), block + "post_attention_layernorm.weight": (hidden,)}
    for name, rows in (("q", hidden), ("k", kv * HEAD), ("v", kv * HEAD), ("o", hidden)):
        shapes[f"{block}self_attn.{name}_proj.weight"] = (rows, hidden)
    for name, shape in (("gate", (INTERMEDIATE, hidden)), ("up", (INTERMEDIATE, hidden)), ("down", (hidden, INTERMEDIATE))):
        shapes[f"{block}mlp.{name}_proj.weight"] = shape
    header, parts, at = {}, [], 0
    for name, shape in shapes.items():
        row = 2 * shape[-1]
        if len(shape) == 1:
            data = bf16([1.0] * shape[0])
        else:
            data = b"".join(pool[o:o + row] for o in (2 * seed.randrange(POOL - shape[-1]) for _ in range(shape[0])))
        header[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [at, at + len(data)]}
        parts.append(data)
        at += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "model.safetensors", "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text + b"".join(parts))
    config = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": hidden, "num_hidden_layers": 1,
              "intermediate_size": INTERMEDIATE, "num_attention_heads": heads, "num_key_value_heads": kv, "head_dim": HEAD,
              "vocab_size": VOCAB, "max_position_embeddings": 128, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
              "tie_word_embeddings": True, "hidden_act": "silu", "torch_dtype": "bfloat16"}
    (folder / "config.json").write_text(json.dumps(config))
    ids = array.array("i", (seed.randrange(VOCAB) for _ in range(16384)))
    head = str({"descr": "<i4", "fortran_order": False, "shape": (len(ids),)}).encode()
    head += b" " * ((-len(head) - 11) % 64) + b"\n"
    (folder / "tokens.npy").write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + ids.tobytes())


main()
