#!/usr/bin/env python3
"""gemma_int of layers of the shipped model: the program's codes and weights against those of the same rule in torch, put
into the tensors that transformers' integration reads and restored by its own layer; stored bytes are that layer's."""
# covers: quantizers/gemma_int kernels/loops
import sys

try:
    from gemma_peer import PEERS
    from scheme_live import compare
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

CASES = [dict(bits=b, observer=o) for b in (2, 4, 8) for o in ("absmax", "mse")]

sys.exit(compare(sys.argv[1], [("gemma_int", case, 0) for case in CASES], PEERS))
