#!/usr/bin/env python3
"""Make tests/quantizers/fixtures: what float64 ports of gptq and awq, and bitsandbytes itself, make of inputs that
any program can generate again (quantizer_ports.values and inputs; tests/support/golden.c has them in C).

  gptq.txt: ROWS COLUMNS OUTPUT_ERROR SETTINGS, its codes in gptq.bin, one case after the other
  awq.txt:  COLUMNS FOLDABLE ROWS OUTPUT_ERROR ROWS OUTPUT_ERROR ROWS OUTPUT_ERROR SETTINGS, layers q, v, up
  nf4.txt:  ROWS COLUMNS BLOCK_SIZE NESTED then SHA-256 of packed codes and of maxima; nested also the offset in
            hexadecimal and SHA-256 of the nested codes and maxima, instead of the maxima
"""
import hashlib
import pathlib

import bitsandbytes.functional
import numpy as np
import torch

import quantizer_ports as ports

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "quantizers" / "fixtures"
TOKENS = 512


def settings(**values):
    return " ".join(f"{k}={str(v).lower()}" for k, v in values.items())


def weight(rows, columns, seed):
    return ports.values(rows * columns, seed).reshape(rows, columns)


GPTQ = [
    (40, 256, dict(bits=4, group_size=128)),
    (40, 256, dict(bits=3, group_size=32, symmetric=True)),
    (40, 256, dict(bits=2, group_size=256, damp=0.01)),
    (24, 200, dict(bits=3, group_size=50)),
    (24, 288, dict(bits=4, group_size=96, symmetric=True)),
    (24, 384, dict(bits=3, group_size=192)),
    (24, 300, dict(bits=4, group_size=-1)),
    (40, 256, dict(bits=3, group_size=64, act_order=True)),
    (40, 256, dict(bits=3, group_size=64, act_order=True, static_groups=True)),
    (40, 256, dict(bits=8, group_size=128, act_order=True, symmetric=True)),
]


def make_gptq():
    lines, codes = [], []
    for rows, columns, values in GPTQ:
        w, g = weight(rows, columns, 12345), ports.gram(ports.inputs(TOKENS, columns, 777))
        c, q = ports.Gptq(**values).run(w, g)
        codes.append(c)
        lines.append(f"{rows} {columns} {ports.output_error(w, q, g):.9e} {settings(**values)}")
    (FOLDER / "gptq.txt").write_text("\n".join(lines) + "\n")
    (FOLDER / "gptq.bin").write_bytes(b"".join(c.tobytes() for c in codes))


AWQ = [
    (256, True, dict(bits=4, group_size=128)),
    (256, True, dict(bits=3, group_size=64)),
    (256, True, dict(bits=3, group_size=64, clip=False)),
    (256, True, dict(bits=3, group_size=128, duo_scaling=False)),
    (192, True, dict(bits=3, group_size=96, symmetric=True)),
    (192, True, dict(bits=2, group_size=-1)),
    (256, False, dict(bits=3, group_size=128)),
]


def make_awq():
    lines = []
    for columns, foldable, values in AWQ:
        x = ports.inputs(TOKENS, columns, 777)
        g, mean_abs = ports.gram(x), np.abs(x).mean(0).astype(np.float32).astype(np.float64)
        layers = [weight(rows, columns, seed) for rows, seed in ((64, 1), (32, 2), (300, 3))]
        effective, _ = ports.Awq(**values).run(layers, (False, True, True), mean_abs, g, foldable)
        errors = " ".join(f"{len(w)} {ports.output_error(w, q, g):.9e}" for w, q in zip(layers, effective))
        lines.append(f"{columns} {int(foldable)} {errors} {settings(**values)}")
    (FOLDER / "awq.txt").write_text("\n".join(lines) + "\n")


NF4 = [(3, 43, 64), (50, 77, 32), (100, 300, 32), (64, 256, 256), (33, 1000, 512), (90, 100, 4096), (1, 1, 32), (600, 512, 64)]


def sha(tensor):
    return hashlib.sha256(tensor.contiguous().numpy().tobytes()).hexdigest()


def make_nf4():
    lines = []
    for rows, columns, block in NF4:
        w = torch.tensor(weight(rows, columns, 99), dtype=torch.float32)
        packed, state = bitsandbytes.functional.quantize_4bit(w, blocksize=block, quant_type="nf4")
        lines.append(f"{rows} {columns} {block} 0 {sha(packed)} {sha(state.absmax)}")
        packed, state = bitsandbytes.functional.quantize_4bit(
            w, blocksize=block, quant_type="nf4", compress_statistics=True
        )
        lines.append(
            f"{rows} {columns} {block} 1 {sha(packed)} {float(state.offset).hex()} "
            f"{sha(state.absmax)} {sha(state.state2.absmax)}"
        )
    (FOLDER / "nf4.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    make_gptq()
    make_awq()
    make_nf4()
