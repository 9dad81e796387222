#!/usr/bin/env python3
"""The schemes of compressed-tensors, as the program writes them, against the library on the same weights."""
# covers: quantizers/fp8 quantizers/int_ quantizers/mx quantizers/nvfp4 quantizers/minifloat kernels/loops
# needs: compressed_tensors.txt
import sys

try:
    import compressed_tensors  # noqa: F401
    from scheme_live import compare
    from scheme_peers import PRESETS
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

CASES = [
    *(("fp8", {"rule": "compressed_tensors", "granularity": g}, 0) for g in ("tensor", "channel", "block")),
    *((method, {"exponent": e}, 0) for method in ("mxfp4", "mxfp8") for e in ("even", "floor", "mse")),
    ("nvfp4", {}, 0),
    *(("int_quant", {"preset": p}, 0) for p in PRESETS if not p.startswith("quark")),
    *(("int_quant", {"bits": b, "group_size": 64, "symmetric": s}, 0) for b in range(2, 9) for s in (True, False)),
    *(("int_quant", {"bits": 8, "granularity": g, "symmetric": s}, 0)
      for g in ("tensor", "channel", "token", "block") for s in (True, False)),
]
try:
    import fouroversix  # noqa: F401

    CASES.append(("nvfp4", {"fouroversix": True}, 0))
except ImportError as missing:
    print(f"nvfp4 fouroversix=true skipped: {missing}")

sys.exit(compare(sys.argv[1], CASES))
