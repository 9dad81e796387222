#!/usr/bin/env python3
"""NF4 of layers of the shipped model, as the program writes them, against bitsandbytes on the same weights."""
# covers: quantizers/nf4 kernels/loops kernels/avx sessions/commands/measure
import os
import pathlib
import subprocess
import sys
import tempfile

try:
    import bitsandbytes.functional
    import numpy as np
    import torch
    from safetensors.torch import load_file
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

PROGRAM = sys.argv[1]
ROOT = pathlib.Path(__file__).resolve().parents[2]
LAYERS = {"layers.0.attn.q": "model.layers.0.self_attn.q_proj.weight", "layers.1.mlp.down": "model.layers.1.mlp.down_proj.weight"}


def ours(layer, block, nested):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([PROGRAM, "measure", "--layer", layer, "--method", "nf4", "--set", f"block_size={block}", "--set",
                        f"double_quant={str(nested).lower()}", "--codes", f"{folder}/c.npy", "--dequantized", f"{folder}/d.npy"],
                       check=True, stdout=subprocess.DEVNULL, env=dict(os.environ, QSCOPE_CACHE="off"))
        return np.load(f"{folder}/c.npy"), np.load(f"{folder}/d.npy")


def peer(weight, block, nested):
    packed, state = bitsandbytes.functional.quantize_4bit(weight, blocksize=block, quant_type="nf4", compress_statistics=nested)
    codes = torch.stack([packed.flatten() >> 4, packed.flatten() & 15], 1).flatten()[: weight.numel()]
    dequantized = bitsandbytes.functional.dequantize_4bit(packed, state)
    return codes.reshape(weight.shape).numpy(), dequantized.numpy()


def main():
    tensors = load_file(ROOT / "models/shipped/model.safetensors")
    failed = 0
    for layer, name in LAYERS.items():
        weight = tensors[name].float()
        for block in (32, 64, 256, 4096):
            for nested in (False, True):
                (c, d), (pc, pd) = ours(layer, block, nested), peer(weight, block, nested)
                codes, furthest = int((c != pc).sum()), float(np.abs(d - pd).max())
                # Nested: the offset is a mean, whose last bit depends on the order of the sum.
                bad = codes or furthest > (1e-6 * float(weight.abs().max()) if nested else 0)
                failed += bool(bad)
                print(f"{layer} block {block} nested {nested}: {codes} codes differ, weights by {furthest:g}{' FAILED' if bad else ''}")
    return 1 if failed else 0


sys.exit(main())
