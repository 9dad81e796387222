#!/usr/bin/env python3
"""mlx_affine of layers of the shipped model, as the program computes it, against MLX on the CPU (codes, scales, biases,
stored bytes) and transformers' `metal` integration: its own rule, and the weights it restores from either."""
# covers: quantizers/mlx_affine quantizers/stepwise kernels/affine
# needs: mlx.txt
import sys

try:
    from mlx_peer import PEERS, mlx_affine
    from scheme_live import compare
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

BITS, METAL_BITS = (1, 2, 3, 4, 5, 6, 8), (2, 4, 8)
CASES = [dict(bits=b, scale_dtype=t) for b in BITS for t in ("f32", "f16", "bf16")]
CASES += [dict(bits=b, group_size=g) for b in (2, 3, 4, 8) for g in (32, 128)]
CASES += [dict(bits=b, rule="metal", scale_dtype=t) for b in METAL_BITS for t in ("f32", "f16", "bf16")]
CASES += [dict(bits=4, rule="metal", group_size=g) for g in (32, 128, -1)]
# mx.dequantize rounds once more.
OWN = [(dict(bits=b, scale_dtype=t), apart) for b in (2, 4, 8) for t, apart in (("f32", 0), ("f16", 2**-9), ("bf16", 2**-6))]


def package(_method, _settings):
    return "mlx", "mx.dequantize"


def own(w, **settings):
    return mlx_affine(w, own=True, **settings)


failed = compare(sys.argv[1], [("mlx_affine", case, 0) for case in CASES], PEERS)
print("restored by mx.dequantize:")
sys.exit(failed | compare(sys.argv[1], [("mlx_affine", *case) for case in OWN], {"mlx_affine": own}))
