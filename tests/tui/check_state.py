#!/usr/bin/env python3
"""Every number on the screen equals the headless program's of the same state; a session restores to the same
screen; a recipe exported from the workbench reruns headless to the same bytes."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

PROGRAM = os.path.abspath(sys.argv[1])
LAYER = "layers.1.mlp.down"
DRAW = ["--sequences", "6", "--length", "64"]
failures = []


def run(*arguments, folder):
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, timeout=120, cwd=folder,
                          env=dict(os.environ, QSCOPE_CACHE=f"{folder}/cache", XDG_STATE_HOME=f"{folder}/state"))
    if done.returncode:
        failures.append(f"{arguments[:3]}: exit {done.returncode}: {done.stderr.decode()[-500:]}")
    return done.stdout.decode()


def script(lines, folder, *arguments):
    path = pathlib.Path(folder) / "lines"
    path.write_text("\n".join(lines) + "\n")
    return run("script", path, *arguments, folder=folder)


def same(name, screen, headless):
    if screen != headless:
        failures.append(f"{name}: the screen has {screen!r}, the headless program {headless!r}")


def against_measure(state, folder):
    out = json.loads(run("measure", "--layer", LAYER, "--method", "gptq", "--set", "bits=3", "--calibration",
                         "code.calibration", *DRAW, "--json", folder=folder))
    layer = state["layer"]
    same("layer", layer["name"], out["layer"]["name"])
    same("bits", layer["bits_per_weight"], out["bits"]["per_weight"])
    for key in ("mse", "relative", "sqnr_db", "max_abs", "clipped"):
        same(key, layer["weight_error"][key], out["weight_error"][key])
    for key in ("relative", "per_token"):
        same(f"output {key}", layer["output_error"][key], out["output_error"][key])
    shown = state["histogram"]
    for key in ("counts", "low", "high", "count", "nonfinite"):
        same(f"histogram {key}", shown[key], out["histogram"][key])
    same("channels", state["channels"]["list"], out["salient"]["mean_abs"][:len(state["channels"]["list"])])
    same("k", state["channels"]["k"], out["salient"]["k"])
    on_map = {entry["name"]: entry["value"] for entry in state["map"]["layers"]}
    same("map", on_map[LAYER], out["output_error"]["relative"])


def against_eval(state, folder):
    out = json.loads(run("eval", "--method", "gptq", "--set", "bits=3", "--calibration", "code.calibration", *DRAW,
                         "--context", "64", "--tokens", "256", "--json", folder=folder))
    same("bits of all", state["bits"], out["bits"])
    shown = {text["name"]: text for text in state["perplexity"]["texts"]}
    same("texts", sorted(shown), sorted(text["name"] for text in out["texts"]))
    for text in out["texts"]:
        mine = shown[text["name"]]
        for key in ("baseline", "current", "delta"):
            for part in ("nll", "se"):
                same(f"{text['name']} {key} {part}", mine[key][part], text[key][part])
        same("scored", mine["scored"], text["scored"])
        same("ppl", (mine["ppl"], mine["baseline_ppl"]), (text["current"]["ppl"], text["baseline"]["ppl"]))
        same("ratio", mine["ppl_ratio"], text["delta"]["ppl_ratio"])
        same("kl", (mine["kl_mean"], mine["kl_q99"]), (text["kl"]["mean"], text["kl"]["q99"]))
        same("top1", mine["top1"], text["top1"]["share"])


def restored(state, folder):
    script([":evaluate", ":wait", f":save-state {folder}/again.json", ":save-display again.txt"], folder, "--session",
           f"{folder}/s.qscope.json")
    again = json.loads((folder / "again.json").read_text())
    for key in state:
        if key not in ("echo", "message", "view"):
            same(f"restored {key}", again[key], state[key])


def rerun(folder):
    made = [json.loads(run("quantize", *how, "-o", folder / name, "--json", folder=folder)) for name, how in (
        ("exported", ["--recipe", folder / "r.json"]),
        ("named", ["--method", "gptq", "--set", "bits=3", "--calibration", "code.calibration", *DRAW]))]
    files = [{f["name"]: f["sha256"] for f in one["files"] if f["name"].endswith(".safetensors")} for one in made]
    same("bytes of the exported recipe", files[0], files[1])


def pictures(folder):
    for name, start in (("a.svg", b"<?xml"), ("a.png", b"\x89PNG")):
        if not (folder / name).read_bytes().startswith(start):
            failures.append(f"{name}: not what its ending says")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        script([":auto off", ":calibrate code.calibration --sequences 6 --length 64", ":method gptq bits=3",
                ":evaluate --context 64 --tokens 256", f":select {LAYER}", ":wait", ":save-state state.json",
                ":export-recipe r.json", ":save s.qscope.json", ":focus histogram", ":picture a.svg", ":picture a.png"],
               folder)
        if not failures:
            state = json.loads((folder / "state.json").read_text())
            against_measure(state, folder)
            against_eval(state, folder)
            restored(state, folder)
            rerun(folder)
            pictures(folder)
    print("\n".join(f[:400] for f in failures) or "state: every number equals the headless program's")
    return 1 if failures else 0


sys.exit(main())
