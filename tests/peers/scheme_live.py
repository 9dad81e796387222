"""Layers of the shipped model, quantized by the program and by the real tool (scheme_peers.py), row by row."""
import json
import os
import pathlib
import subprocess
import tempfile

import numpy as np
from safetensors.torch import load_file

import scheme_report
from scheme_peers import PEERS

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAYERS = {"layers.0.attn.q": "model.layers.0.self_attn.q_proj.weight", "layers.1.mlp.down": "model.layers.1.mlp.down_proj.weight"}


def text(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def ours(program, layer, method, settings):
    """Codes, restored weights, bits stored."""
    with tempfile.TemporaryDirectory() as folder:
        words = [word for k, v in settings.items() for word in ("--set", f"{k}={text(v)}")]
        out = subprocess.run([program, "measure", "--json", "--layer", layer, "--method", method, *words,
                              "--codes", f"{folder}/c.npy", "--dequantized", f"{folder}/d.npy"],
                             check=True, stdout=subprocess.PIPE, env=dict(os.environ, QSCOPE_CACHE="off"))
        bits = json.loads(out.stdout)["bits"]["total"]
        return np.load(f"{folder}/c.npy"), np.load(f"{folder}/d.npy") + np.float32(0), bits


def version(program):
    return json.loads(subprocess.run([program, "version", "--json"], check=True, stdout=subprocess.PIPE).stdout)["version"]


def relative_error(values, weight):
    return float(((values - weight) ** 2).sum() / (weight**2).sum())


SOLVED = "solved"  # for a tolerance: 99.9 % of the codes, and the error within 0.1 %


class Difference:
    """Between our answer and the peer's, over all layers."""

    def __init__(self):
        self.codes, self.count, self.values, self.error, self.bits = 0, 0, 0.0, 0.0, 0
        self.compared = "codes, weights, bytes"

    def add(self, mine, peer, weight):
        codes, values, bits = mine
        self.codes += int((codes != peer.codes).sum())
        self.count += codes.size
        self.values = max(self.values, float(np.abs(values - peer.values).max() / np.abs(weight).max()))
        self.error = max(self.error, abs(relative_error(values, weight) / relative_error(peer.values, weight) - 1))
        self.bits += peer.bits is not None and bits != peer.bits
        if peer.bits is None:
            self.compared = "codes, weights"

    def bad(self, tolerance):
        if tolerance == SOLVED:
            return self.bits or self.codes > 1e-3 * self.count or self.error > 1e-3
        return self.bits or self.codes or self.values > tolerance

    def result(self, tolerance):
        """For the table: only what the tolerance leaves open is in figures."""
        if tolerance == SOLVED:
            return {"codes": 1 - self.codes / self.count, "error": self.error}
        return {"weights": self.values} if self.values else {}

    def __str__(self):
        bits = "" if not self.bits else f", stored bits of {self.bits} layers"
        return f"{self.codes} of {self.count} codes, weights by {self.values:.2g}, error by {self.error:.2%}{bits}"


def compare(program, cases, peers=PEERS):
    """cases: (method, settings, how far weights may be apart, relative to the largest, or SOLVED). Prints a line for
    each and returns 1 if any differs. Codes and bits must be equal, but for the codes of what is SOLVED."""
    tensors, failed = load_file(ROOT / "models/shipped/model.safetensors"), 0
    for method, settings, tolerance in cases:
        difference = Difference()
        for layer, name in LAYERS.items():
            weight = tensors[name].float()
            peer = peers[method](weight.clone(), **settings)
            difference.add(ours(program, layer, method, settings), peer, weight.numpy())
        bad = difference.bad(tolerance)
        failed |= bool(bad)
        scheme_report.add(method, settings, peers[method], difference.compared, difference.result(tolerance), not bad)
        what = " ".join(f"{k}={text(v)}" for k, v in settings.items())
        print(f"{method:12s} {what:60s} {'DIFFERS' if bad else 'equal'}: {difference}", flush=True)
    scheme_report.write(version(program))
    return failed
