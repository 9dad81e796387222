#!/usr/bin/env python3
"""Make tests/quantizers/fixtures/effects/compressed_tensors.txt, as make_effect_fixtures.py describes it: what the
library's own forward pass makes of a layer's input, with requirements.txt and compressed_tensors.txt. Columns are whole
blocks: it refuses others."""
import hashlib

import numpy as np
import torch
from compressed_tensors.quantization import QuantizationArgs, QuantizationStatus
from compressed_tensors.quantization.lifecycle.forward import forward_quantize

import quantizer_ports as ports
from make_scheme_fixtures import FOLDER

MX = {"type": "float", "strategy": "group", "group_size": 32, "scale_dtype": torch.uint8}
ARGUMENTS = {
    "int8_range": {"num_bits": 8, "type": "int", "strategy": "token"},
    "mxfp4": {"num_bits": 4, **MX},
    "mxfp8": {"num_bits": 8, **MX},
}
SHAPES = [(5, 320, 1, 8.0), (1, 1536, 2, 64.0), (3, 64, 3, 1e-4)]


def effect(name, x):
    """x: (tokens, columns). A model hands its layers a batch of such; without one the library takes tokens together."""
    layer = torch.nn.Module()
    layer.quantization_status = QuantizationStatus.FROZEN
    args = QuantizationArgs(symmetric=True, dynamic=True, **ARGUMENTS[name])
    return forward_quantize(layer, x.unsqueeze(0), "input", args).squeeze(0)


def main():
    lines = []
    for name in ARGUMENTS:
        for tokens, columns, seed, scale in SHAPES:
            x = (ports.values(tokens * columns, seed).reshape(tokens, columns) * scale).astype(np.float32)
            out = effect(name, torch.from_numpy(x.copy())).numpy() + np.float32(0)
            lines.append(f"{name} 0 {tokens} {columns} {seed} {scale} {hashlib.sha256(out.tobytes()).hexdigest()}")
    (FOLDER / "effects" / "compressed_tensors.txt").write_text("\n".join(lines) + "\n")


main()
