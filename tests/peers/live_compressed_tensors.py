#!/usr/bin/env python3
"""The schemes of compressed-tensors, as the program writes them, against the library on the same weights."""
# covers: quantizers/fp8 quantizers/mx quantizers/nvfp4 quantizers/minifloat kernels/loops
# needs: compressed_tensors.txt
import sys

try:
    import compressed_tensors  # noqa: F401
    from scheme_live import compare
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

CASES = [
    *(("fp8", {"rule": "compressed_tensors", "granularity": g}, 0) for g in ("tensor", "channel", "block")),
    *((method, {"exponent": e}, 0) for method in ("mxfp4", "mxfp8") for e in ("even", "floor", "mse")),
    ("nvfp4", {}, 0),
]
try:
    import fouroversix  # noqa: F401

    CASES.append(("nvfp4", {"fouroversix": True}, 0))
except ImportError as missing:
    print(f"nvfp4 fouroversix=true skipped: {missing}")

sys.exit(compare(sys.argv[1], CASES))
