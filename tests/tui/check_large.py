#!/usr/bin/env python3
"""labels: slow
The workbench on a model larger than it may keep in memory: the selected layer alone is computed until the user has
agreed to what all of it takes; then the figures are those of any other run."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

PROGRAM = os.path.abspath(sys.argv[1])
SETTLE = [":auto off", ":calibrate code.calibration --sequences 4 --length 64", ":method rtn bits=3", ":wait"]
failures = []


def check(truth, message):
    if not truth:
        failures.append(message)


def script(lines, folder, *options):
    path = folder / "lines"
    path.write_text("\n".join(lines) + "\n")
    done = subprocess.run([PROGRAM, "script", path, "--size", "120x40", *options], capture_output=True, timeout=200, cwd=folder,
                          env=dict(os.environ, QSCOPE_CACHE="off"))
    check(done.returncode == 0, f"exit {done.returncode}: {done.stderr.decode()[-500:]}")


def state(folder, name):
    return json.loads((folder / name).read_text())


def computed(s):
    return [cell for cell in s["map"]["layers"] if cell["value"] is not None]


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        script([*SETTLE, "key e", ":wait", ":save-state roomy.json"], folder)
        script([*SETTLE, ":save-state before.json", "key e", ":wait", ":save-display asks", "key n", ":wait",
                ":save-state refused.json", "key e", ":wait", "key y", ":wait", ":save-state after.json"], folder,
               "--memory", "30M")
        if not failures:
            roomy, before, refused, after = (state(folder, f"{n}.json") for n in ("roomy", "before", "refused", "after"))
            check(len(computed(roomy)) > 1 and len(computed(before)) == 1, "one layer is computed before the question")
            check(len(computed(refused)) == 1, "no is no")
            last = (folder / "asks").read_text().rstrip("\n").split("\n")[-2]
            check("every layer and text takes about" in last and "y starts" in last, f"no question: {last}")
            check(computed(after) == computed(roomy), "layers differ from those computed with more memory")
            check(after["perplexity"] == roomy["perplexity"], "evaluations differ from those with more memory")
    print("\n".join(failures) or "large models in the workbench: as they should be")
    return 1 if failures else 0


sys.exit(main())
