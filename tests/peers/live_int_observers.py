#!/usr/bin/env python3
"""int_quant's observers, as the program runs them, against llm-compressor's and AMD Quark's on the same weights."""
# covers: quantizers/int_ kernels/loops
# needs: int_observers.txt
import sys

try:
    import llmcompressor.observers  # noqa: F401
    import quark.torch.quantization.observer  # noqa: F401
    from scheme_live import compare
    from scheme_peers import PRESETS
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

CASES = [
    *(("int_quant", {"bits": b, "granularity": g, "symmetric": s, "observer": "mse"}, 0)
      for b in (3, 4, 8) for g in ("group", "channel", "tensor") for s in (True, False)),
    ("int_quant", {"bits": 4, "granularity": "block", "observer": "mse"}, 0),
    *(("int_quant", {"preset": p}, 0) for p in PRESETS if p.startswith("quark")),
    ("int_quant", {"bits": 8, "granularity": "channel", "rule": "quark"}, 0),
]

sys.exit(compare(sys.argv[1], CASES))
