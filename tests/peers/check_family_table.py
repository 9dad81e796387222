#!/usr/bin/env python3
"""The README's table of families is generated from docs/families.json, and has every family that is read."""
import json
import re
import sys

import family_table

read = set(re.findall(r"^ARCHITECTURE\((\w+)\)",
                      (family_table.ROOT / "core/architectures/architectures.def").read_text(encoding="utf-8"), re.M))
report = json.loads(family_table.FIGURES.read_text(encoding="utf-8"))
measured = {family_table.shown(row["family"]) for row in report["families"]}
found = list(family_table.problems(report))
# llama2c is llama under other names, and transformers doesn't read it.
found += [f"{name}: in one of architectures.def and {family_table.FIGURES} alone"
          for name in sorted((read - {"llama2c"}) ^ measured)]
print("\n".join(found) or "families: the table is generated and has them all")
sys.exit(1 if found else 0)
