#!/usr/bin/env python3
"""torchao of layers of the shipped model, as the program computes them, against torchao's own tensors: codes and weights
to the last bit, and every stored byte; what it solves, as solvers are compared."""
# covers: quantizers/torchao quantizers/stepwise quantizers/half_quadratic kernels/affine
# needs: torchao.txt
import sys

try:
    from scheme_live import SOLVED, compare
    from torchao_peer import PEERS
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

TYPES = ("bfloat16", "float32", "float16")
CASES = [(dict(variant=v, compute_dtype=t), 0) for v in ("int8wo", "int8dyn", "fp8wo", "fp8dyn") for t in TYPES]
CASES += [(dict(variant=v, granularity="tensor"), 0) for v in ("int8wo", "int8dyn", "fp8wo")]
CASES += [(dict(variant=v, group_size=64), 0) for v in ("int8wo", "fp8wo")]
CASES += [(dict(variant="fp8dyn", granularity=g), 0) for g in ("row", "block")]
CASES += [(dict(variant="intx", bits=b, group_size=g), 0) for b in range(1, 9) for g in (0, 64)]
CASES += [(dict(variant="intx", bits=b, mapping="asymmetric", compute_dtype=t), 0) for b in (1, 2, 4, 8) for t in TYPES]
CASES += [(dict(variant="intx", bits=b, mapping="symmetric_no_clipping", group_size=32), 0) for b in (2, 4, 8)]
CASES += [(dict(variant="int4wo", choose_qparams=r, group_size=g, compute_dtype=t), 0)
          for r in ("default", "tinygemm") for g in (0, 32) for t in TYPES]
CASES += [(dict(variant="int4wo", choose_qparams="hqq", group_size=g), SOLVED) for g in (128, 32)]
CASES += [(dict(variant="intx", bits=b, choose_qparams="hqq_scale_only", group_size=32), SOLVED) for b in (2, 3, 4, 8)]

sys.exit(compare(sys.argv[1], [("torchao", case, tolerance) for case, tolerance in CASES], PEERS))
