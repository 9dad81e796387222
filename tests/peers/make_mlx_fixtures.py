#!/usr/bin/env python3
"""Make tests/quantizers/fixtures/schemes/mlx.txt, as make_scheme_fixtures.py describes it, with requirements.txt and mlx.txt."""
from make_scheme_fixtures import write
from mlx_peer import PEERS

SMALL = [(3, 256, 1, "plain")]
CASES = [("mlx_affine", {"bits": b}, None) for b in (1, 2, 3, 4, 5, 6, 8)]
CASES += [("mlx_affine", {"bits": b, "scale_dtype": t}, [(7, 192, 2, "edge")]) for b in (1, 2, 3, 4, 8) for t in ("f32", "f16")]
CASES += [("mlx_affine", {"bits": b, "group_size": g}, SMALL) for b in (3, 4) for g in (32, 128)]
CASES += [("mlx_affine", {"bits": b, "rule": "metal", "scale_dtype": t}, [(7, 192, 2, "edge")])
          for b in (2, 4, 8) for t in ("f32", "f16", "bf16")]
CASES += [("mlx_affine", {"bits": 4, "rule": "metal", "group_size": -1}, SMALL)]

if __name__ == "__main__":
    write("mlx.txt", CASES, PEERS)
