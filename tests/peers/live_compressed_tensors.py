#!/usr/bin/env python3
"""The schemes of compressed-tensors, as the program writes them, against the library on the same weights."""
# covers: quantizers/fp8 quantizers/minifloat kernels/loops
# needs: compressed_tensors.txt
import sys

try:
    import compressed_tensors  # noqa: F401
    from scheme_live import compare
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

CASES = [("fp8", {"rule": "compressed_tensors", "granularity": g}, 0) for g in ("tensor", "channel", "block")]

sys.exit(compare(sys.argv[1], CASES))
