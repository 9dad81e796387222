#!/usr/bin/env python3
"""Make tests/quantizers/fixtures/schemes/quanto.txt, as make_scheme_fixtures.py describes it, with requirements.txt and
quanto.txt."""
from make_scheme_fixtures import write
from quanto_peer import PEERS

# Of a row of zeros its float8 makes NaN: scale 0, 0 / 0. Ours stays zeros.
PLAIN = [(3, 256, 1, "plain"), (130, 384, 2, "plain")]
VARIANTS = ("qint2", "qint4", "qint8", "qfloat8_e4m3", "qfloat8_e5m2")
CASES = [("quanto", {"variant": v}, PLAIN if "float" in v else None) for v in VARIANTS]
CASES += [("quanto", {"variant": v, "compute_dtype": "bfloat16"}, [(7, 300, 3, "plain")]) for v in VARIANTS]
CASES += [("quanto", {"variant": v, "compute_dtype": "float16"}, [(7, 300, 3, "plain" if "float" in v else "edge")]) for v in VARIANTS]
# The group rule: 128, 96, 64, 32, the whole row of what none of them divides, and of what is no longer than 128.
CASES += [("quanto", {}, [(3, columns, 4, "plain") for columns in (512, 288, 320, 160, 300, 128, 100, 1000)])]
CASES += [("quanto", {"group_size": 32}, [(3, 256, 5, "edge")]), ("quanto", {"group_size": -1}, [(3, 256, 5, "edge")])]

if __name__ == "__main__":
    write("quanto.txt", CASES, PEERS)
