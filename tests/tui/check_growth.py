#!/usr/bin/env python3
"""On a layer whose solver takes a while: the histogram grows, a turned knob replaces its job, cancel stops it,
rerun computes it again to the same figures."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.path.abspath(sys.argv[1])
PROBES = 40
failures = []


def check(truth, message):
    if not truth:
        failures.append(message)


def script(lines, folder):
    path = folder / "lines"
    path.write_text("\n".join(lines) + "\n")
    done = subprocess.run([PROGRAM, "script", path, folder / "model"], capture_output=True, timeout=200, cwd=folder,
                          env=dict(os.environ, QSCOPE_CACHE="off"))
    check(done.returncode == 0, f"exit {done.returncode}: {done.stderr.decode()[-500:]}")
    return done.stderr.decode()


def state(folder, name):
    return json.loads((folder / name).read_text())


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        subprocess.run([sys.executable, ROOT / "tests/support/make_layer.py", folder / "model", "2048"], check=True)
        start = [":auto off", f":calibrate {folder}/model/tokens.npy --sequences 4 --length 64",
                 ":keep layers.0.**", ":wait", ":select layers.0.attn.q", ":scope layer"]
        probes = [line for i in range(PROBES) for line in (":wait 0.02", f":save-state {i}.json")]
        said = script([*start, ":method gptq bits=8", ":method gptq bits=4", *probes, ":wait", ":save-state end.json",
                       ":rerun", ":wait 0.01", ":save-state again.json", ":wait", ":save-state same.json",
                       ":method gptq bits=3", ":wait 0.1", ":cancel", ":wait", ":save-state cancelled.json"], folder)
        if not failures:
            end = state(folder, "end.json")
            seen = [s["histogram"] for s in (state(folder, f"{i}.json") for i in range(PROBES)) if s["histogram"]["growing"]]
            counts = [sum(h["counts"]) + h["outside_below"] + h["outside_above"] for h in seen]
            check(len(set(counts)) > 1, f"the histogram does not grow: {counts}")
            check(counts == sorted(counts), f"the histogram shrinks: {counts}")
            check(all(0 < h["count"] <= 2048 * 2048 for h in seen), "more weights than there are")
            check(all((h["low"], h["high"]) == (end["histogram"]["low"], end["histogram"]["high"]) for h in seen),
                  "the axes differ from the final ones")
            check(end["histogram"]["count"] == 2048 * 2048, "the last one is not whole")
            check("bits=4" in end["layer"]["setting"], f"the last knob does not win: {end['layer']['setting']}")
            check(state(folder, "again.json")["layer"]["state"] != "ready", "rerun computes nothing")
            same = state(folder, "same.json")
            check(same["layer"] == end["layer"] and same["histogram"]["counts"] == end["histogram"]["counts"],
                  "rerun gives other figures")
            check(state(folder, "cancelled.json")["layer"]["state"] == "missing", "cancel does not stop it")
            stopped = re.search(r"stopped after (\d+) ms", said)
            check(stopped and int(stopped.group(1)) < 1000, f"cancel takes long: {said[-300:]}")
    print("\n".join(failures) or "growth: as it should be")
    return 1 if failures else 0


sys.exit(main())
