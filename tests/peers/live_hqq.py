#!/usr/bin/env python3
"""hqq of layers of the shipped model, as the program computes them, against hqq itself on the same weights: at least
99.9 % of the codes, the error within 0.1 %, the bytes exactly."""
# covers: quantizers/hqq quantizers/half_quadratic kernels/affine kernels/loops
# needs: hqq.txt
import sys

try:
    from hqq_peer import PEERS
    from scheme_live import SOLVED, compare
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

CASES = [dict(bits=bits, axis=axis) for bits in (8, 7, 6, 5, 4, 3, 2, 1.58, 1) for axis in (1, 0)]
CASES += [dict(bits=bits, group_size=size) for bits, size in ((4, 8), (3, 128), (2, 16), (4, 256), (3, -1))]
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

sys.exit(compare(sys.argv[1], [("hqq", case, SOLVED) for case in CASES], PEERS))
