"""Layers of the shipped model as the program quantizes them, and the lines that comparisons print."""
import json
import os
import pathlib
import subprocess
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "models/shipped/model.safetensors"
LAYERS = {
    "layers.0.attn.q": "model.layers.0.self_attn.q_proj.weight",
    "layers.1.mlp.down": "model.layers.1.mlp.down_proj.weight",
}


def text(settings):
    return " ".join(f"{k}={str(v).lower()}" for k, v in settings.items())


def measure(program, layer, method, settings):
    """Codes, dequantized weights (rows, columns), and the bytes that would be stored."""
    with tempfile.TemporaryDirectory() as folder:
        sets = [part for pair in text(settings).split() for part in ("--set", pair)]
        command = [program, "measure", "--json", "--layer", layer, "--method", method, *sets]
        command += ["--codes", f"{folder}/c.npy", "--dequantized", f"{folder}/d.npy"]
        out = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=dict(os.environ, QSCOPE_CACHE="off"))
        size = json.loads(out.stdout)["bits"]["total"] / 8
        return np.load(f"{folder}/c.npy"), np.load(f"{folder}/d.npy"), size


class Rows:
    """One line for each setting: `equal`, or what differs; exit_status() for the end."""

    def __init__(self):
        self.failed = 0

    def add(self, name, problems, told=""):
        self.failed += bool(problems)
        print(f"{name}: {'DIFFERS, ' + ', '.join(problems) if problems else 'equal'}{'; ' + told if told else ''}", flush=True)

    def exit_status(self):
        return 1 if self.failed else 0


def relative_error(dequantized, weight):
    return float(((dequantized - weight) ** 2).sum() / (weight**2).sum())
