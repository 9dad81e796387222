#!/usr/bin/env python3
"""8-bit floats, as the program writes them, against transformers' quantizers and torch's own types."""
# covers: quantizers/fp8 quantizers/minifloat kernels/loops
import sys

try:
    import transformers  # noqa: F401
    from scheme_live import compare
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

CASES = [
    ("fp8", {}, 0),
    ("fp8", {"scale_format": "ue8m0"}, 0),
    *(("fp8", {"granularity": g, "variant": v}, 0) for g in ("tensor", "channel") for v in ("e4m3", "e5m2")),
]

sys.exit(compare(sys.argv[1], CASES))
