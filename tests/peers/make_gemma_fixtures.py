#!/usr/bin/env python3
"""Make tests/quantizers/fixtures/schemes/gemma_int.txt, as make_scheme_fixtures.py describes it, with requirements.txt."""
from make_scheme_fixtures import write
from gemma_peer import PEERS

SHAPES = [(3, 256, 1, "plain"), (7, 203, 2, "edge")]
CASES = [("gemma_int", {"bits": b, "observer": o}, SHAPES) for b in (2, 4, 8) for o in ("absmax", "mse")]

if __name__ == "__main__":
    write("gemma_int.txt", CASES, PEERS)
