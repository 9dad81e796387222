#!/usr/bin/env python3
"""Experts: each has the statistics of its own tokens, says how many they were, and is warned of where they were
too few; one that saw none is rounded, not refused."""
import pathlib

import numpy as np

from program import ROOT, ask, check, finish, run, scratch

MODEL = ROOT / "tests/core/fixtures/families/mixtral"
SETTING = ("--set", "group_size=-1")


def ids_file(folder, count):
    path = pathlib.Path(folder) / f"ids{count}.npy"
    at = np.arange(count)
    np.save(path, ((7 * at * at + 3 * at) % 23).astype(np.int32))
    return path


def measure(expert, text, sequences, length, method):
    return ask("measure", MODEL, "--layer", f"layers.0.mlp.experts.{expert}.gate", "--method", method, *SETTING,
               "--calibration", text, "--sequences", sequences, "--length", length)


def few_tokens(experts, text):
    """One window of 2 tokens: some experts see none of them."""
    unseen = 0
    for method in ("gptq", "awq"):
        for expert in range(experts):
            report = measure(expert, text, 1, 2, method)
            seen, note = report["tokens_seen"], report["note"] or ""
            if seen == 0:
                unseen += 1
                check("no token" in note, f"{method}, expert {expert}: {note}")
                check(report["output_error"] is None, f"{method}: an output error without an input")
            elif seen < report["layer"]["columns"]:
                check("too few" in note, f"{method}, expert {expert}: {note}")
    check(unseen > 0, "every expert saw a token; choose other ids")


def main():
    shape = ask("info", MODEL)["shape"]
    with scratch() as folder:
        text, few = ids_file(folder, 8 * 40), ids_file(folder, 8)
        seen = [measure(expert, text, 30, 8, "gptq")["tokens_seen"] for expert in range(shape["experts"])]
        check(sum(seen) == shape["experts_per_token"] * 240, f"{seen} for 240 tokens")
        few_tokens(shape["experts"], few)
        code, _, err = run("quantize", MODEL, "--method", "gptq", *SETTING, "--calibration", few, "--sequences", 1,
                           "--length", 2, "-o", pathlib.Path(folder) / "out")
        check(code == 0 and "saw fewer tokens than they have columns" in err, f"quantize: exit {code}: {err}")
    finish("experts")


main()
