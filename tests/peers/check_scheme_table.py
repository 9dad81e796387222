#!/usr/bin/env python3
"""The README's table of schemes is generated from docs/schemes.json, in which nothing differs. A scheme that no live
comparison names yet is said, and no failure."""
import sys

import scheme_table

report = scheme_table.load()
found = list(scheme_table.problems(report))
alone = [name for name in scheme_table.listed() if name not in {row["entry"] for row in report["rows"]}]
print("\n".join(found) or "schemes: the table is generated, and all it names is equal")
print(f"without a live comparison: {', '.join(alone) or 'none'}")
sys.exit(1 if found else 0)
