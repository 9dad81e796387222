#!/usr/bin/env python3
"""Make tests/quantizers/fixtures/sinq.txt and sinq.bin: what sinq makes of quantizer_ports.values(seed 12345), whose
columns are made unlike, and then its rows.

  sinq.txt: ROWS COLUMNS BYTES ERROR SETTINGS; ERROR is the relative one of the dequantized weights; the codes follow
  each other in sinq.bin
  pre_sinq.txt: ROWS ROWS COLUMNS ERROR ERROR SETTINGS of two layers that share an input; in pre_sinq.bin the codes of
  both and the factors, as float32
"""
import pathlib

import numpy as np
import torch

import quantizer_ports as ports
import sinq_peer

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "quantizers" / "fixtures"
BITS = (1, 1.58, 2, 3, 4, 5, 6, 8)
CASES = [(32, 96, dict(bits=bits, group_size=32, tiling=tiling)) for bits in BITS for tiling in ("1d", "2d")]
CASES += [
    (32, 96, dict(bits=4, group_size=32, scale_dtype="f32")),
    (32, 96, dict(bits=4, group_size=32, quant_aux=False)),
    (32, 96, dict(bits=3, group_size=32, tiling="2d", quant_aux=False, scale_dtype="f32")),
    (32, 96, dict(bits=3, group_size=-1)),
    (32, 96, dict(bits=3)),
    (64, 64, dict(bits=2, group_size=32, tiling="2d", iterations=3)),
    (32, 96, dict(bits=4, group_size=32, kurtosis=1.5)),
    (32, 96, dict(bits=4, group_size=32, kurtosis=0, iterations=40)),
]

PRE_CASES = [
    (24, 40, 96, dict(bits=4, group_size=32)),
    (24, 40, 96, dict(bits=8, group_size=32)),
    (24, 40, 96, dict(bits=3, group_size=-1, rounds=1, iterations=16)),
    (24, 40, 96, dict(bits=2, group_size=16, rounds=6)),
]


def weights(rows, columns, seed=12345):
    w = ports.values(rows * columns, seed, 1).astype(np.float32).reshape(rows, columns)
    w *= (np.arange(columns, dtype=np.float32) % 5 + 2) / 4
    return w * ((np.arange(rows, dtype=np.float32)[:, None] % 3 + 2) / 4)


def error(values, w):
    return float(((values - w).astype(np.float64) ** 2).sum() / (w.astype(np.float64) ** 2).sum())


def text(settings):
    return " ".join(f"{k}={str(v).lower()}" for k, v in settings.items())


def main():
    lines, codes = [], []
    for rows, columns, settings in CASES:
        w = weights(rows, columns)
        row = sinq_peer.sinq(torch.from_numpy(w.copy()), **settings)
        codes.append(row.codes)
        lines.append(f"{rows} {columns} {row.bits // 8} {error(row.values, w):.9e} {text(settings)}")
    (FOLDER / "sinq.txt").write_text("\n".join(lines) + "\n")
    (FOLDER / "sinq.bin").write_bytes(b"".join(c.tobytes() for c in codes))


def pre_main():
    lines, parts = [], []
    for first, second, columns, settings in PRE_CASES:
        w = [weights(first, columns, 1), weights(second, columns, 2)]
        factors, rows = sinq_peer.pre_sinq([torch.from_numpy(x.copy()) for x in w], **settings)
        errors = [error(row.values, x) for row, x in zip(rows, w)]
        parts += [row.codes for row in rows] + [factors]
        lines.append(f"{first} {second} {columns} {errors[0]:.9e} {errors[1]:.9e} {text(settings)}")
    (FOLDER / "pre_sinq.txt").write_text("\n".join(lines) + "\n")
    (FOLDER / "pre_sinq.bin").write_bytes(b"".join(part.tobytes() for part in parts))


if __name__ == "__main__":
    main()
    pre_main()
