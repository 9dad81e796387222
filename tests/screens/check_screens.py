#!/usr/bin/env python3
"""Screens made by scripts, compared with the text files beside this one; --update rewrites them: review the
diff. Digits of what depends on the numeric profile are masked."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PROGRAM = os.path.abspath(sys.argv[1])
UPDATE = "--update" in sys.argv[2:]
SMALL = str(ROOT / "tests/core/fixtures/forward/one_kv_head")
SIZES = ("60x16", "80x24", "120x40")
failures = []


def screens(script, size, ascii_only, folder):
    """Run one script; the files that it saved, by name."""
    lines = script.read_text().replace("OUT/", f"{folder}/")
    (folder / "script").write_text(lines)
    model = [] if script.stem == "perplexity" else [SMALL]
    done = subprocess.run([PROGRAM, "script", folder / "script", *model, "--size", size, *(["--ascii"] if ascii_only else [])],
                          capture_output=True, timeout=120, env=dict(os.environ, QSCOPE_CACHE="off", LC_ALL="C"))
    if done.returncode:
        failures.append(f"{script.name} {size}: exit {done.returncode}: {done.stderr.decode()[-300:]}")
    return {f.name: f.read_text() for f in sorted(folder.iterdir()) if f.name != "script"}


def masked(text):
    """What a figure may change: its digits, its sign, and so how many blanks stand before it."""
    return re.sub(r" +[#+-]", " #", re.sub(r"\d+", "#", text))


def compare(name, text):
    golden = HERE / name
    if UPDATE:
        golden.write_text(text)
    elif not golden.exists():
        failures.append(f"{name}: not there; run with --update and review it")
    elif golden.read_text() != text:
        old, new = golden.read_text().splitlines(), text.splitlines()
        differs = [f"-{a}\n+{b}" for a, b in zip(old, new) if a != b]
        failures.append(f"{name}: {len(differs)} rows differ:\n" + "\n".join(differs[:6]))


def shape(name, text, size, ascii_only):
    columns, rows = map(int, size.split("x"))
    lines = text.split("\n")
    if len(lines) != rows + 1 or any(len(line) > columns for line in lines):
        failures.append(f"{name}: not {size}")
    if ascii_only and not text.isascii():
        failures.append(f"{name}: not ASCII")


def main():
    for script in sorted(HERE.glob("*.qs")):
        sizes = SIZES[1:2] if script.stem == "perplexity" else SIZES
        for size, ascii_only in ((size, ascii_only) for size in sizes for ascii_only in (False, True)):
            with tempfile.TemporaryDirectory() as folder:
                saved = screens(script, size, ascii_only, pathlib.Path(folder))
            for stem, text in saved.items():
                name = f"{script.stem}.{stem}.{size}.{'ascii' if ascii_only else 'utf8'}.txt"
                shape(name, text, size, ascii_only)
                compare(name, masked(text) if stem == "masked" else text)
    print("\n".join(failures) or "screens: all as kept")
    return 1 if failures else 0


sys.exit(main())
