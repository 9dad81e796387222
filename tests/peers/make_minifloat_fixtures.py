#!/usr/bin/env python3
"""Make tests/quantizers/fixtures/minifloat.txt: FORMAT, SHA-256 of the codes of every float32 that test_minifloat.c
also forms, the values of all codes; from torch, e2m1 from compressed-tensors (compressed_tensors.txt)."""
import hashlib
import pathlib

import numpy as np
import torch
from compressed_tensors.quantization.quant_args import FP4_E2M1_DATA

OUT = pathlib.Path(__file__).resolve().parent.parent / "quantizers/fixtures/minifloat.txt"
LOW = (0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF)
E2M1 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6], np.float32)


def inputs():
    high = np.arange(0x10000, dtype=np.uint32) << 16
    values = np.concatenate([high | low for low in LOW]).view(np.float32)
    return values[np.isfinite(values)]


def sha(codes):
    return hashlib.sha256(np.ascontiguousarray(codes).tobytes()).hexdigest()


def values_of(dtype):
    return sha(np.nan_to_num(torch.arange(256, dtype=torch.uint8).view(dtype).float().numpy(), nan=12345.0))


def main():
    x, lines = torch.from_numpy(inputs()), []
    for name, dtype in (("e4m3fn", torch.float8_e4m3fn), ("e5m2", torch.float8_e5m2)):
        most = torch.finfo(dtype).max
        lines.append(f"{name} {sha(x.clamp(-most, most).to(dtype).view(torch.uint8).numpy())} {values_of(dtype)}")
    q = FP4_E2M1_DATA.cast_to_fp4(x.clamp(-6, 6)).numpy()
    codes = (np.searchsorted(E2M1, np.abs(q)) | (np.signbit(x.numpy()) << 3)).astype(np.uint8)
    lines.append(f"e2m1 {sha(codes)} {sha(np.concatenate([E2M1, -E2M1]))}")
    e8m0 = torch.float8_e8m0fnu
    lines.append(f"e8m0 {sha(x.to(e8m0).view(torch.uint8).numpy())} {values_of(e8m0)}")
    OUT.write_text("\n".join(lines) + "\n")


main()
