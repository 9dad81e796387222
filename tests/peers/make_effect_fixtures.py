#!/usr/bin/env python3
"""Make tests/quantizers/fixtures/effects/general.txt: what the real tools make of activations (requirements.txt). One case a
line: EFFECT LEVEL TOKENS COLUMNS SEED SCALE and the SHA-256 of the float32 values that a layer would multiply."""
import hashlib
import pathlib

import bitsandbytes.functional as bnb
import numpy as np
import torch
from transformers.integrations.bitnet import ActQuant
from transformers.integrations.gemma_quant import apply_srq

import quantizer_ports as ports

OUT = pathlib.Path(__file__).resolve().parent.parent / "quantizers/fixtures/effects/general.txt"


def int8_token(x, _):
    scale = x.abs().amax(-1, keepdim=True) / 127
    return torch.where(scale > 0, (x / scale).round().clamp(-127, 127) * scale, x)


def int8_bitnet(x, _):
    return ActQuant.apply(x)


def int8_split(x, level):
    """The library's own split; its product in int8 is of these numbers, that in 16 bits of those."""
    half = x.half()
    codes, stats, columns = bnb.int8_vectorwise_quant(half.clone(), threshold=level)
    out = bnb.int8_vectorwise_dequant(codes, stats)
    if columns is not None and columns.numel():
        out[:, columns] = half[:, columns].float()
    return out


def fp8(x, width, level=0):
    blocks = x.reshape(x.shape[0], -1, width)
    most = blocks.abs().amax(-1, keepdim=True)
    scale = (most.clamp(max=level) if level else most) / 448
    q = torch.where(scale > 0, blocks / scale, 0.0).clamp(-448, 448).to(torch.float8_e4m3fn)
    return (q.float() * scale).reshape(x.shape)


CASES = [
    ("int8_token", 0, 5, 300, 1, 8.0), ("int8_bitnet", 0, 5, 300, 2, 8.0), ("int8_bitnet", 0, 3, 64, 2, 1e-5),
    ("int8_split", 6, 40, 300, 3, 64.0), ("int8_split", 0, 40, 300, 3, 64.0), ("int8_split", 6, 7, 1500, 4, 8.0),
    ("int8_split", 6, 1, 200, 5, 80.0), ("fp8_token", 0, 5, 300, 6, 8.0), ("fp8_token", 2.5, 5, 300, 6, 64.0),
    ("fp8_block", 0, 5, 384, 7, 8.0), ("int8_static", 0.03125, 5, 300, 8, 8.0), ("int8_static", 0.07, 5, 300, 8, 8.0),
    ("int8_static", 0, 5, 300, 8, 8.0),
]
MAKERS = {"int8_token": int8_token, "int8_bitnet": int8_bitnet, "int8_split": int8_split,
          "int8_static": lambda x, level: apply_srq(x, torch.tensor(level)),
          "fp8_token": lambda x, level: fp8(x, x.shape[1], level), "fp8_block": lambda x, _: fp8(x, 128)}


def main():
    lines = []
    for name, level, tokens, columns, seed, scale in CASES:
        x = (ports.values(tokens * columns, seed).reshape(tokens, columns) * scale).astype(np.float32)
        out = MAKERS[name](torch.from_numpy(x.copy()), level).numpy() + np.float32(0)
        lines.append(f"{name} {level} {tokens} {columns} {seed} {scale} {hashlib.sha256(out.tobytes()).hexdigest()}")
    OUT.write_text("\n".join(lines) + "\n")


main()
