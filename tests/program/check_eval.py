#!/usr/bin/env python3
"""labels: slow
`eval` against both protocols' definitions, computed here from `tokenize` and `logits` alone."""
import json
import pathlib

import numpy as np

from program import TEXTS, ask, check, finish, near, run, scratch


def window_nll(folder, ids, first, last):
    """Summed NLL of the tokens predicted at positions first..last."""
    path = f"{folder}/logits.npy"
    code, _, err = run("logits", "--ids", ",".join(map(str, ids)), "-o", path)
    check(code == 0, f"logits: {err}")
    z = np.load(path).astype(np.float64)
    check(z.shape[0] == len(ids), f"logits: shape {z.shape}")
    z -= z.max(1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(1, keepdims=True))
    return -sum(log_p[p, ids[p + 1]] for p in range(first, last + 1))


def protocol(folder, name, text, tokens):
    report = ask("eval", "--text", text, "--protocol", name, "--tokens", str(tokens))
    shape, entry = report["protocol"], report["texts"][0]
    check(shape["name"] == name, f"protocol is called {shape['name']}")
    n = shape["context"]
    path = TEXTS / f"{text}.txt"
    ids = ask("tokenize", path)["ids"]
    check(entry["bytes"] == path.stat().st_size, f"{text}: bytes {entry['bytes']}")
    windows = min(tokens, len(ids)) // n
    check(shape["windows"] == windows, f"{name}: {shape['windows']} windows, expected {windows}")
    first = n // 2 if name == "llama.cpp" else 0
    scored = n - 1 - first
    check(shape["scored_per_window"] == scored, f"{name}: {shape['scored_per_window']} scored, expected {scored}")
    sums = [window_nll(folder, ids[i * n:(i + 1) * n], first, n - 2) for i in range(windows)]
    mean = sum(sums) / (windows * scored)
    near(entry["baseline"]["nll"], mean, 2e-6, f"{name} {text} nll")
    near(entry["baseline"]["ppl"], np.exp(mean), 1e-5, f"{name} {text} ppl")
    per_window = np.array(sums) / scored
    near(entry["baseline"]["se"], per_window.std(ddof=1) / np.sqrt(windows), 0.02, f"{name} {text} clustered se")
    check(entry["scored"] == windows * scored, f"{name}: scored {entry['scored']}")


def quantized_folder(folder):
    """eval of the folder that quantize writes equals eval --recipe within 1e-6 nats."""
    out = pathlib.Path(folder) / "out"
    report = ask("quantize", "--method", "gptq", "--set", "bits=3", "--set", "group_size=128", "--calibration",
                 "dialogue.calibration", "-o", out)
    recipe = out / "qscope-recipe.json"
    check(recipe.is_file() and (out / "qscope-report.json").is_file(), "quantize leaves recipe and report")
    check(json.loads(recipe.read_text())["schema"] == "qscope.recipe/1", "recipe schema")
    check({f["name"] for f in report["files"]} >= {"model.safetensors", "config.json"}, f"files {report['files']}")
    arguments = ("--text", "dialogue.evaluation", "--protocol", "window", "--tokens", "8192")
    direct = ask("eval", "--recipe", recipe, *arguments)["texts"][0]
    written = ask("eval", out, *arguments)["texts"][0]
    near(written["baseline"]["nll"], direct["current"]["nll"], 0, "eval of the folder", absolute=1e-6)
    near(direct["delta"]["nll"], direct["current"]["nll"] - direct["baseline"]["nll"], 1e-6, "delta", absolute=1e-9)
    near(direct["delta"]["ppl_ratio"], np.exp(direct["delta"]["nll"]), 1e-9, "ppl_ratio")
    check(direct["delta"]["nll"] > 0 and direct["kl"]["mean"] > 0, f"3 bits hurt: {direct['delta']} {direct['kl']}")
    check(0.3 < direct["top1"]["share"] < 1, f"top1 {direct['top1']}")
    again, _, err = run("quantize", "--method", "rtn", "-o", out)
    check(again != 0 and "empty" in err, f"a full folder is refused: {again} {err}")
    gate = run("eval", "--recipe", recipe, *arguments, "--max-delta-nll", "0.0000001")[0]
    check(gate == 4, f"the gate exits {gate}")
    gate = run("eval", "--recipe", recipe, *arguments, "--max-delta-nll", "5", "--max-kl", "5")[0]
    check(gate == 0, f"an open gate exits {gate}")


def activations():
    """What a method does to activations shows, and its weights alone stand beside, as if nothing were done to them."""
    arguments = ("--text", "dialogue.evaluation", "--tokens", "2048")
    split = ask("eval", "--method", "llm_int8", *arguments)["texts"][0]
    alone = ask("eval", "--method", "llm_int8", "--set", "activations=none", *arguments)["texts"][0]
    check(alone["weight_only"] is None, "weights alone beside nothing else")
    check(split["current"]["nll"] != alone["current"]["nll"], "int8 inputs change nothing")
    for key in ("current", "delta", "kl", "top1"):
        check(split["weight_only"][key] == alone[key], f"weights alone: {key} is {split['weight_only'][key]}, not {alone[key]}")


def main():
    with scratch() as folder:
        protocol(folder, "llama.cpp", "stories.evaluation", 2100)
        protocol(folder, "window", "code.evaluation", 1700)
        quantized_folder(folder)
        activations()
    finish("eval")


main()
