#!/usr/bin/env python3
"""Schemes whose libraries run on GPUs alone, against their formulas in torch; and bitnet against transformers."""
# covers: quantizers/eetq quantizers/bitnet quantizers/fbgemm_fp8 kernels/loops
import sys

try:
    import transformers  # noqa: F401
    from scheme_live import compare
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

# bitnet: the mean is summed in float32 there.
CASES = [("eetq", {}, 0), ("fbgemm_fp8", {}, 0), ("bitnet", {}, 1e-6), ("bitnet", {"scale_dtype": "bf16"}, 0)]

sys.exit(compare(sys.argv[1], CASES))
