#!/usr/bin/env python3
"""Make tests/quantizers/fixtures/schemes/higgs.txt: what transformers' HIGGS integration makes of our grids (higgs_peer.py), in the
format of make_scheme_fixtures.py. Codes, stored scales and bits; restored weights differ in their last bits."""
import higgs_peer
import make_scheme_fixtures as schemes

SHAPES = [(16, 512, 1, "plain"), (32, 768, 2, "plain")]
CASES = [({"bits": b, "p": p}, SHAPES) for b in (2, 3, 4) for p in (1, 2)]
CASES += [
    ({"bits": 4, "hadamard_size": 64}, SHAPES),
    ({"bits": 3, "hadamard_size": 1024, "group_size": 64}, [(16, 3072, 3, "plain")]),
    ({"bits": 2, "group_size": 32, "scale_dtype": "bf16"}, SHAPES),
    ({"bits": 4, "group_size": -1, "scale_dtype": "f32"}, SHAPES),
    ({"bits": 4}, [(16, 172, 4, "plain"), (3, 160, 5, "plain"), (16, 1, 6, "plain"), (2, 9000, 7, "plain")]),
    ({"bits": 3, "pad": True}, [(16, 172, 4, "plain"), (16, 1, 6, "plain"), (16, 768, 7, "plain")]),
]

if __name__ == "__main__":
    schemes.SUMMED.add("higgs")
    schemes.write("higgs.txt", [("higgs", *case) for case in CASES], higgs_peer.PEERS)
