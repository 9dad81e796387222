#!/usr/bin/env python3
"""Make tests/quantizers/fixtures/schemes/general.txt: what the real tools (scheme_peers.py; requirements.txt and
compressed_tensors.txt, int_observers.txt) make of weights that any program can generate again. One case a line, "-" for what is not
compared:

    METHOD ROWS COLUMNS SEED KIND BITS CODES SCALES VALUES SETTINGS...

CODES, SCALES and VALUES are SHA-256 of bytes (codes, one each) and of float32; KIND is plain, or edge: the first row
zero, the last weight 60 times as large. Settings are NAME=VALUE as the program takes them."""
import hashlib
import pathlib

import numpy as np
import torch

import quantizer_ports as ports
from scheme_peers import PEERS, PRESETS

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "quantizers/fixtures"
SHAPES = [(3, 256, 1, "plain"), (130, 384, 2, "edge")]
SUMMED = {"bitnet"}  # a mean in float32: weights are within 1 ulp, codes equal
CASES = [
    ("nf4", {}, None),
    ("nf4", {"block_size": 4096, "compute_dtype": "bfloat16"}, None),
    ("fp4", {}, [(3, 43, 3, "plain"), (64, 256, 4, "edge"), (33, 1000, 5, "plain")]),
    ("fp4", {"block_size": 32, "compute_dtype": "float16"}, [(50, 77, 6, "edge")]),
    ("fp4", {"block_size": 4096}, [(90, 100, 7, "plain")]),
    ("fp8", {}, [(128, 256, 1, "plain"), (256, 384, 2, "edge")]),
    ("fp8", {"scale_format": "ue8m0"}, [(128, 256, 1, "plain"), (256, 384, 2, "edge")]),
    ("fp8", {"granularity": "tensor"}, None),
    ("fp8", {"granularity": "channel"}, None),
    ("fp8", {"granularity": "channel", "variant": "e5m2"}, None),
    ("fp8", {"granularity": "tensor", "variant": "e5m2"}, None),
    ("fp8", {"granularity": "tensor", "rule": "compressed_tensors"}, None),
    ("fp8", {"granularity": "channel", "rule": "compressed_tensors"}, None),
    ("fp8", {"granularity": "block", "rule": "compressed_tensors"}, [(130, 256, 1, "plain"), (200, 500, 2, "edge")]),
    ("fbgemm_fp8", {}, None),
    ("llm_int8", {}, None),
    ("eetq", {}, None),
    ("bitnet", {}, [(3, 256, 1, "plain"), (130, 384, 2, "edge"), (5, 7, 3, "plain")]),
    ("bitnet", {"scale_dtype": "bf16"}, None),
    *((f"mxfp{bits}", {"exponent": e}, None) for bits in (4, 8) for e in ("even", "floor", "mse")),
    ("nvfp4", {}, None),
    ("nvfp4", {"fouroversix": True}, None),
    *(("int_quant", {"preset": p}, None) for p in PRESETS),
    *(("int_quant", {"bits": b, "group_size": 64, "symmetric": s}, None) for b in (2, 3, 5, 8) for s in (True, False)),
    *(("int_quant", {"bits": b, "granularity": g, "symmetric": s}, None)
      for b, g, s in ((4, "tensor", False), (4, "channel", True), (8, "token", False), (8, "tensor", True))),
    *(("int_quant", {"bits": 8, "granularity": "block", "symmetric": s}, [(200, 500, 3, "edge")]) for s in (True, False)),
    *(("int_quant", {"bits": b, "granularity": g, "symmetric": s, "observer": "mse"}, [(64, 256, 4, "edge")])
      for b, g, s in ((4, "group", True), (3, "group", False), (4, "channel", True), (4, "tensor", True))),
    ("int_quant", {"bits": 4, "granularity": "block", "observer": "mse"}, [(256, 256, 5, "plain")]),
    ("int_quant", {"bits": 8, "granularity": "channel", "rule": "quark"}, None),
]


def weight(rows, columns, seed, kind):
    w = ports.values(rows * columns, seed).reshape(rows, columns).astype(np.float32)
    if kind == "edge":
        w[0] = 0
        w[-1, -1] *= 60
    return torch.from_numpy(w)


def sha(array):
    return "-" if array is None else hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def text(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def write(name, cases, peers):
    """cases: (method, settings, shapes or None for SHAPES)."""
    lines = []
    for method, settings, shapes in cases:
        for shape in shapes or SHAPES:
            row = peers[method](weight(*shape), **settings)
            values = "-" if method in SUMMED else sha(row.values)
            head = " ".join(map(str, (method, *shape, "-" if row.bits is None else row.bits)))
            lines.append(f"{head} {sha(row.codes)} {sha(row.scales)} {values} " +
                         " ".join(f"{k}={text(v)}" for k, v in settings.items()))
    (FOLDER / "schemes" / name).write_text("\n".join(line.rstrip() for line in lines) + "\n")


if __name__ == "__main__":
    write("general.txt", CASES, PEERS)
