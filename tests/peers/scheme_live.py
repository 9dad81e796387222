"""Layers of the shipped model, quantized by the program and by the real tool (scheme_peers.py), row by row."""
import os
import pathlib
import subprocess
import tempfile

import numpy as np
from safetensors.torch import load_file

from scheme_peers import PEERS

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAYERS = {"layers.0.attn.q": "model.layers.0.self_attn.q_proj.weight", "layers.1.mlp.down": "model.layers.1.mlp.down_proj.weight"}


def text(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def ours(program, layer, method, settings):
    with tempfile.TemporaryDirectory() as folder:
        words = [word for k, v in settings.items() for word in ("--set", f"{k}={text(v)}")]
        subprocess.run([program, "measure", "--layer", layer, "--method", method, *words, "--codes", f"{folder}/c.npy",
                        "--dequantized", f"{folder}/d.npy"],
                       check=True, stdout=subprocess.DEVNULL, env=dict(os.environ, QSCOPE_CACHE="off"))
        return np.load(f"{folder}/c.npy"), np.load(f"{folder}/d.npy") + np.float32(0)


def compare(program, cases):
    """cases: (method, settings, how far weights may be apart, relative to the largest). Prints a line for each and
    returns 1 if any differs. Codes must be equal always."""
    tensors, failed = load_file(ROOT / "models/shipped/model.safetensors"), 0
    for method, settings, tolerance in cases:
        worst_codes, worst = 0, 0.0
        for layer, name in LAYERS.items():
            weight = tensors[name].float()
            codes, values = ours(program, layer, method, settings)
            peer = PEERS[method](weight.clone(), **settings)
            worst_codes += int((codes != peer.codes).sum())
            worst = max(worst, float(np.abs(values - peer.values).max() / weight.abs().max()))
        bad = worst_codes or worst > tolerance
        failed |= bool(bad)
        what = " ".join(f"{k}={text(v)}" for k, v in settings.items())
        print(f"{method:12s} {what:60s} {'DIFFERS' if bad else 'equal'}: {worst_codes} codes, weights by {worst:.2g}")
    return failed
