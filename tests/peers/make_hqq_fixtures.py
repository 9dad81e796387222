#!/usr/bin/env python3
"""Make tests/quantizers/fixtures/hqq.txt and hqq.bin: what hqq makes of quantizer_ports.values(seed 12345).

  hqq.txt: ROWS COLUMNS SCALE BYTES ERROR SETTINGS; weights are multiplied by SCALE, ERROR is the relative one of the
  dequantized weights; the codes follow each other in hqq.bin
"""
import pathlib

import numpy as np
import torch

import hqq_peer
import quantizer_ports as ports

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "quantizers" / "fixtures"
CASES = [(24, 96, 1, dict(bits=bits, group_size=32, axis=axis)) for bits in (1, 1.58, 2, 3, 4, 5, 6, 7, 8) for axis in (1, 0)]
CASES += [
    (24, 96, 1, dict(bits=3, group_size=-1)),
    (24, 96, 1, dict(bits=3, group_size=-1, axis=0)),
    (24, 96, 1, dict(bits=2, group_size=192)),
    (24, 96, 1, dict(bits=3, group_size=64, iterations=0)),
    (24, 96, 1, dict(bits=2, group_size=64, iterations=3)),
    # Errors beyond 0.17, which are shrunk.
    (24, 96, 16, dict(bits=2, group_size=32)),
    (24, 96, 16, dict(bits=2, group_size=32, norm=1, beta=4)),
    (24, 96, 16, dict(bits=3, group_size=32, iterations=60, kappa=1.01, early_stop=False)),
    # Ranges and steps at the guards.
    (24, 96, 2.0**-6, dict(bits=4, group_size=32)),
    (24, 96, 2.0**-12, dict(bits=4, group_size=32)),
    (32, 128, 1, dict(bits=4, group_size=32, quant_scale=True)),
    (32, 128, 1, dict(bits=3, group_size=32, quant_zero=True)),
    (32, 128, 1, dict(bits=2, group_size=16, axis=0, quant_scale=True, quant_zero=True)),
    (24, 96, 1, dict(bits=4, group_size=32, scale_dtype="bf16")),
    (24, 96, 1, dict(bits=8, group_size=32, scale_dtype="f32")),
]


def main():
    lines, codes = [], []
    for rows, columns, scale, settings in CASES:
        w = ports.values(rows * columns, 12345, scale).reshape(rows, columns)
        row = hqq_peer.hqq(torch.tensor(w, dtype=torch.float32), **settings)
        error = float(((row.values - w) ** 2).sum() / (w**2).sum())
        codes.append(row.codes)
        text = " ".join(f"{k}={str(v).lower()}" for k, v in settings.items())
        lines.append(f"{rows} {columns} {scale:g} {row.bits // 8} {error:.9e} {text}")
    (FOLDER / "hqq.txt").write_text("\n".join(lines) + "\n")
    (FOLDER / "hqq.bin").write_bytes(b"".join(c.tobytes() for c in codes))


if __name__ == "__main__":
    main()
