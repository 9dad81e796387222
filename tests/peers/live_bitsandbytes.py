#!/usr/bin/env python3
"""The schemes of bitsandbytes, as the program writes them, against its CPU code on the same weights."""
# covers: quantizers/bnb4 quantizers/nf4 quantizers/fp4 quantizers/llm_int8 kernels/loops kernels/avx sessions/commands/measure
import sys

try:
    import bitsandbytes.functional  # noqa: F401
    from scheme_live import compare
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

# Nested: the offset is a mean, whose last bit depends on the order of the sum.
CASES = [(kind, {"block_size": block, "double_quant": nested}, 1e-6 if nested else 0)
         for kind in ("nf4", "fp4") for block in (32, 64, 256, 4096) for nested in (False, True)]
CASES.append(("llm_int8", {}, 0))

sys.exit(compare(sys.argv[1], CASES))
