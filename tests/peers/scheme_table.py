#!/usr/bin/env python3
"""Write the README's table of schemes, between its markers, from docs/schemes.json: what each was held against, live.

    QSCOPE_PEERS_JSON=FOLDER tests/peers/run --all PROGRAM
    tests/peers/scheme_table.py [--collect FOLDER] [--print] [--check]

--collect puts what the scripts that ran have left in FOLDER into docs/schemes.json, in place of what the same scripts
said before. --print writes nothing but shows the table. --check writes nothing: it says whether the table is that of the
file, whether all in it was equal, and whether it speaks of schemes that are."""
import argparse
import datetime
import json
import pathlib
import re
import sys

import readme_table
from readme_table import README, ROOT

FIGURES = ROOT / "docs" / "schemes.json"


def listed():
    text = (ROOT / "quantizers/quantizers.def").read_text(encoding="utf-8")
    return re.findall(r"^QUANTIZER\((\w+)\)", text, re.M)


def load():
    return json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {"rows": []}


def in_order(row):
    """As the program lists them; a stable sort keeps the order of each script."""
    names = listed()
    return names.index(row["entry"]) if row["entry"] in names else len(names), row["script"]


def collect(report, folder):
    """One row a line, so that a change shows."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(pathlib.Path(folder).glob("*.json"))]
    if not found:
        raise SystemExit(f"{folder}: holds no results; name it in QSCOPE_PEERS_JSON when tests/peers/run runs")
    ran = {part["script"] for part in found}
    rows = [row for row in report["rows"] if row["script"] not in ran]
    rows += [{"script": part["script"], **row} for part in found for row in part["rows"]]
    return {"qscope": found[-1]["qscope"], "date": datetime.date.today().isoformat(), "rows": sorted(rows, key=in_order)}


def save(report):
    head = "".join(f' "{key}": {json.dumps(report[key])},\n' for key in ("qscope", "date"))
    rows = ",\n".join("  " + json.dumps(row) for row in report["rows"])
    FIGURES.write_text("{\n" + head + ' "rows": [\n' + rows + "\n ]\n}\n", encoding="utf-8")


def equal(rows):
    """In words, for rows whose results are of one kind."""
    bytes_too = "bytes" in rows[0]["compared"]
    results = [row["result"] for row in rows]
    if not all(row["equal"] for row in rows):
        return "**differs**"
    if "codes" in results[0]:
        share, error = min(r["codes"] for r in results), max(r["error"] for r in results)
        most = "all" if share == 1 else f"{int(share * 1e5) / 1e3:.3f} % of the"
        return f"{most} codes, the error within {100 * error:.1g} %" + (", all bytes" if bytes_too else "")
    if "weights" in results[0]:
        apart = max(r["weights"] for r in results)
        return f"codes{' and bytes' if bytes_too else ''}; weights within {apart:.1g} of the largest"
    return f"bit for bit: codes, weights{', bytes' if bytes_too else ''}"


def groups(report):
    """Rows of one scheme and peer whose results are of one kind."""
    together = {}
    for row in report["rows"]:
        key = row["entry"], row["peer"], row["version"], row["part"], row["compared"], tuple(row["result"])
        together.setdefault(key, []).append(row)
    return together


def table(report):
    yield "| scheme | against | settings | equal |"
    yield "|---|---|---|---|"
    for (entry, peer, version, part, *_), rows in groups(report).items():
        name = "its published formula, in torch" if peer == "formula" else f"{peer} {version}".strip()
        yield f"| `{entry}` | {name}{': ' if part else ''}{part} | {len(rows)} | {equal(rows)} |"
    yield ""
    yield f"qscope {report['qscope']}, {report['date']}; two layers of the shipped model for each setting."


def problems(report):
    entries = {row["entry"] for row in report["rows"]}
    for name in sorted(entries - set(listed())):
        yield f"{FIGURES}: {name} is no scheme of quantizers.def; take its rows out"
    for row in report["rows"]:
        if not row["equal"]:
            yield f"{FIGURES}: {row['entry']} {row['setting']} differs from {row['peer']}"
    if readme_table.written("schemes") != "\n".join(table(report)) + "\n":
        yield f"{README}: its table of schemes is not that of {FIGURES}; run tests/peers/scheme_table.py"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--collect", metavar="FOLDER")
    parser.add_argument("--print", action="store_true")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    report = collect(load(), options.collect) if options.collect else load()
    if options.check:
        return list(problems(report))
    if options.print:
        print("\n".join(table(report)))
        return []
    save(report)
    readme_table.write("schemes", table(report))
    return []


if __name__ == "__main__":
    found = main()
    print("\n".join(found), end="\n" if found else "")
    sys.exit(1 if found else 0)
