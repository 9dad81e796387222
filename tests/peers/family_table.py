#!/usr/bin/env python3
"""Write the README's table of families, between its markers, from docs/families.json, which live_families.py --json
wrote.

    tests/peers/family_table.py [--check]

--check writes nothing: it says whether the table is that of the file, and the file that of families.py."""
import json
import sys

import families
import readme_table
from readme_table import README, ROOT

FIGURES = ROOT / "docs" / "families.json"


def shown(family):
    """Gemma 3 calls its text part by a name of its own."""
    return family.removesuffix("_text")


def table(report):
    yield "| family | models, among others | what is special | largest difference | compared |"
    yield "|---|---|---|---|---|"
    for row in report["families"]:
        low, high = row["hidden"]
        yield f"| {shown(row['family'])} | {row['examples']} | {row['special']} | {row['difference']:.1e} " \
              f"| {row['shapes']} models, hidden {low} to {high} |"
    yield ""
    yield f"transformers {report['transformers']}, torch {report['torch']}, qscope {report['qscope']} with " \
          f"{report['kernels']} kernels, {report['date']}; {report['sequences']} sequences of up to " \
          f"{report['longest']} tokens for each model, seed {report['seed']}."


def stale(report):
    """What differs between the figures and families.py."""
    measured = {row["family"]: (row["examples"], row["special"]) for row in report["families"]}
    listed = {family.model_type: (family.examples, family.special) for family in families.FAMILIES}
    return sorted(name for name in measured.keys() | listed.keys() if measured.get(name) != listed.get(name))


def problems(report):
    if stale(report):
        yield f"{FIGURES}: is not of families.py: {', '.join(stale(report))}; run live_families.py --json {FIGURES}"
    if readme_table.written("families") != "\n".join(table(report)) + "\n":
        yield f"{README}: its table of families is not that of {FIGURES}; run tests/peers/family_table.py"


def main():
    report = json.loads(FIGURES.read_text(encoding="utf-8"))
    if "--check" in sys.argv[1:]:
        return list(problems(report))
    readme_table.write("families", table(report))
    return []


if __name__ == "__main__":
    found = main()
    print("\n".join(found) or "families: the README's table is that of the figures")
    sys.exit(1 if found else 0)
