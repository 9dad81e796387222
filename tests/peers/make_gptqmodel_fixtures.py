#!/usr/bin/env python3
"""Make tests/quantizers/fixtures/gptqmodel.{txt,bin}: what GPTQModel itself makes of layers that
quantizer_ports.values and inputs give. Lines: ROWS COLUMNS SETTINGS; the bin holds the float32 weights."""
import os
import pathlib

os.environ.setdefault("GPTQMODEL_CPU_WORKERS", "2")
import numpy as np
import torch
from gptqmodel.quantization import QuantizeConfig
from gptqmodel.quantization.gptq import GPTQ

import quantizer_ports as ports

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "quantizers" / "fixtures"
ROWS, COLUMNS, TOKENS = 24, 256, 512
CASES = [
    dict(bits=4, group_size=64),
    dict(bits=4, group_size=128, symmetric=True, act_order=True),
    dict(bits=3, group_size=32, act_order=True, static_groups=True),
    dict(bits=4, group_size=128, mse=2.4),
    dict(bits=3, group_size=-1, damp=0.01),
    dict(bits=8, group_size=256, symmetric=True),
]


def run(w, x, bits, group_size, symmetric=False, act_order=False, static_groups=False, mse=0.0, damp=0.05):
    linear = torch.nn.Linear(COLUMNS, ROWS, bias=False)
    linear.weight.data = torch.tensor(w, dtype=torch.float32)
    config = QuantizeConfig(bits=bits, group_size=group_size, sym=symmetric, desc_act=act_order,
                            static_groups=static_groups, mse=mse, damp_percent=damp, act_group_aware=False,
                            offload_to_disk=False)
    layer = GPTQ(linear, config)
    layer.quantizer.configure(perchannel=True)
    layer.add_batch(torch.tensor(x, dtype=torch.float32)[None], None)
    return layer.quantize()[0].float().numpy()


def main():
    w, x = ports.values(ROWS * COLUMNS, 12345).reshape(ROWS, COLUMNS), ports.inputs(TOKENS, COLUMNS, 777)
    lines, weights = [], []
    for case in CASES:
        weights.append(run(w, x, **case).astype(np.float32).tobytes())
        lines.append(f"{ROWS} {COLUMNS} " + " ".join(f"{k}={str(v).lower()}" for k, v in case.items()))
    (FOLDER / "gptqmodel.txt").write_text("\n".join(lines) + "\n")
    (FOLDER / "gptqmodel.bin").write_bytes(b"".join(weights))


main()
