#!/usr/bin/env python3
"""hqq of layers of the shipped model, as the program computes them, against hqq itself on the same weights: at least
99.9 % of the codes, the error within 0.1 %, the bytes exactly."""
# covers: quantizers/hqq quantizers/half_quadratic kernels/loops kernels/avx
# needs: hqq.txt
import sys

try:
    import torch
    from safetensors.torch import load_file

    import hqq_peer
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)
import ours

CASES = [dict(bits=bits, axis=axis) for bits in (8, 7, 6, 5, 4, 3, 2, 1.58, 1) for axis in (1, 0)]
CASES += [dict(bits=bits, group_size=size) for bits, size in ((4, 8), (3, 128), (2, 16), (4, 96), (3, -1))]
CASES += [
    dict(bits=3, group_size=-1, axis=0),
    dict(bits=3, iterations=0),
    dict(bits=2, iterations=100, kappa=1.01, early_stop=False),
    dict(bits=2, norm=1, beta=20),
    dict(bits=4, quant_scale=True),
    dict(bits=2, group_size=16, axis=0, quant_zero=True, quant_scale=True),
    dict(bits=4, scale_dtype="bf16"),
    dict(bits=4, scale_dtype="f32"),
]


def main():
    tensors, rows = load_file(ours.MODEL), ours.Rows()
    for layer, name in ours.LAYERS.items():
        weight = tensors[name].float()
        for settings in CASES:
            if weight.numel() % settings.get("group_size", 64):
                continue
            codes, dequantized, size = ours.measure(sys.argv[1], layer, "hqq", settings)
            peer_codes, peer_dequantized, peer_size = hqq_peer.quantize(weight, **settings)
            share = float((codes == peer_codes).mean())
            errors = [ours.relative_error(d, weight.numpy()) for d in (dequantized, peer_dequantized)]
            ratio = errors[0] / errors[1]
            problems = [f"{share:.4%} of the codes"] if share < 0.999 else []
            problems += [f"error {ratio:.5f} times the peer's"] if abs(ratio - 1) > 1e-3 else []
            problems += [f"{size} bytes, not {peer_size}"] if size != peer_size else []
            rows.add(f"hqq {layer} {ours.text(settings)}", problems, f"{share:.4%} of the codes, error {ratio - 1:+.6%}")
    return rows.exit_status()


sys.exit(main())
