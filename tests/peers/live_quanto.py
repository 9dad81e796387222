#!/usr/bin/env python3
"""quanto of layers of the shipped model, as the program computes them, against optimum-quanto's own linear layer: codes
and weights to the last bit, and every stored byte; its hqq optimizer as a solver is compared."""
# covers: quantizers/quanto quantizers/stepwise quantizers/half_quadratic kernels/affine
# needs: quanto.txt
import sys

try:
    from quanto_peer import PEERS
    from scheme_live import SOLVED, compare
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

VARIANTS = ("qint2", "qint4", "qint8", "qfloat8_e4m3", "qfloat8_e5m2")
CASES = [(dict(variant=v, compute_dtype=t), 0) for v in VARIANTS for t in ("float32", "bfloat16", "float16")]
CASES += [(dict(variant=v, group_size=g), 0) for v in ("qint2", "qint4") for g in (32, -1)]
CASES += [(dict(variant="qint8", optimizer="absmax"), 0), (dict(variant="qint4", optimizer="max"), 0)]
CASES += [(dict(variant=v, optimizer="hqq", group_size=g), SOLVED) for v in ("qint2", "qint4") for g in (128, 32)]

sys.exit(compare(sys.argv[1], [("quanto", case, tolerance) for case, tolerance in CASES], PEERS))
