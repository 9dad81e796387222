#!/usr/bin/env python3
"""sinq of layers of the shipped model, as the program computes them, against sinq itself on the same weights: at least
99.9 % of the codes, the error within 0.1 %, the bytes exactly."""
# covers: quantizers/sinq quantizers/sinkhorn kernels/moments kernels/loops
# needs: sinq.txt
import sys

try:
    from scheme_live import SOLVED, compare
    from sinq_peer import PEERS
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

CASES = [dict(bits=bits, tiling=tiling) for bits in (8, 6, 5, 4, 3, 2, 1.58, 1) for tiling in ("1d", "2d")]
# Zero points of 16-bit weights tie, and sinq multiplies again by the factors it will not use: one that rounds the other
# way moves the grid they share, which 8-bit codes in small tiles feel.
CASES[1]["quant_aux"] = False
CASES += [dict(bits=bits, quant_aux=False, scale_dtype=dtype) for bits in (8, 4, 3) for dtype in ("f16", "f32")]
CASES += [
    dict(bits=4, group_size=32),
    dict(bits=3, group_size=-1),
    dict(bits=4, group_size=16, tiling="2d", quant_aux=False),
    dict(bits=4, scale_dtype="f32"),
    dict(bits=3, iterations=3),
    dict(bits=2, iterations=60),
    dict(bits=4, kurtosis=3),
]
CASES += [dict(bits=bits, kurtosis=0, quant_aux=False, tiling=tiling) for bits in (8, 4, 2) for tiling in ("1d", "2d")]
CASES += [dict(bits=4, kurtosis=0), dict(bits=3, kurtosis=0, iterations=50)]

sys.exit(compare(sys.argv[1], [("sinq", case, SOLVED) for case in CASES], PEERS))
