"""Measure what the small model shows, and write it as JSON: perplexity, damage by method and bits, salient
channels, the effect of the calibration text, the shape of weights and activations.

All seven linear kinds of every block are quantized in groups of 128, scales kept in float32; embedding and head are kept. The loss
is scored on windows of 512 tokens side by side, and differences are paired by window. "Mean" is over the
six trained domains: perplexity = exp of the mean loss.
"""

import argparse
import json
import math
import pathlib

import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

import paths
from make_texts import END
from measurement import salience, scoring, shape
from measurement.statistics import collect, pooled

CALIBRATION_WINDOW, CALIBRATION_COUNT, MIXED_COUNT = 256, 64, 11
SCORING_WINDOW = 512
SETTINGS = {
    "asymmetric": [(method, bits) for bits in (3, 4, 2) for method in ("rtn", "gptq", "awq")] + [("rtn", 8)],
    "symmetric": [("rtn", 3), ("gptq", 3), ("awq", 3), ("rtn", 4), ("rtn", 2)],
}


class Bench:
    """A model with its tokenizer, evaluation windows and unquantized losses."""

    def __init__(self, folder, windows):
        self.model = load(folder)
        self.tokenizer = Tokenizer.from_file(str(pathlib.Path(folder) / "tokenizer.json"))
        self.evaluation = {domain: scoring.windows_of(self.tokenizer, paths.text_path(domain, "evaluation"),
                                                      SCORING_WINDOW, windows) for domain in paths.DOMAINS}
        self.base = self.losses()

    def losses(self, domains=paths.DOMAINS):
        return {domain: scoring.window_losses(self.model, self.evaluation[domain]) for domain in domains}

    def change(self, method, bits, grid, statistics=None, domains=paths.DOMAINS):
        """Loss minus unquantized loss, per domain and window."""
        with scoring.quantized(self.model, method, bits, grid, statistics):
            losses = self.losses(domains)
        return {domain: losses[domain] - self.base[domain] for domain in domains}

    def calibration(self, domain, count=None):
        return scoring.windows_of(self.tokenizer, paths.text_path(domain, "calibration"), CALIBRATION_WINDOW, count)


def load(folder):
    """The checkpoint's own weights (bfloat16 values) in float32 arithmetic."""
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


def summary(change, base):
    """One row of the damage table from per-window changes."""
    mean, error = scoring.over_domains([change[domain] for domain in paths.TRAINED])
    loss, _ = scoring.over_domains([base[domain] for domain in paths.TRAINED])
    by_domain = {domain: scoring.mean_and_error(values) for domain, values in change.items()}
    return {"dnll": mean, "error": error, "percent": 100 * math.expm1(mean), "perplexity": math.exp(loss + mean),
            "by_domain": by_domain}


def removal(changes, grid):
    """How much of rtn's 3-bit damage gptq and awq remove, with paired z values."""
    rtn = changes["rtn", 3, grid]
    rows = []
    for method in ("gptq", "awq"):
        new = changes[method, 3, grid]
        better = [rtn[domain] - new[domain] for domain in paths.TRAINED]
        enough = [0.6 * rtn[domain] - new[domain] for domain in paths.TRAINED]
        gain, gain_error = scoring.over_domains(better)
        spare, spare_error = scoring.over_domains(enough)
        damage, _ = scoring.over_domains([rtn[domain] for domain in paths.TRAINED])
        worst = min(mean / error for mean, error in map(scoring.mean_and_error, better))
        rows.append({"method": method, "grid": grid, "removed": gain / damage, "z_better": gain / gain_error,
                     "z_above_40_percent": spare / spare_error, "z_worst_domain": worst})
    return rows


def own_domain(bench, method, statistics, grid):
    """3 bits calibrated on each domain and scored on each: changes and paired comparisons with the own one."""
    changes = {name: bench.change(method, 3, grid, found, paths.TRAINED) for name, found in statistics.items()}
    rows = []
    for text in paths.TRAINED:
        others = {name: scoring.mean_and_error(changes[name][text] - changes[text][text])
                  for name in paths.TRAINED if name != text}
        rows.append({"text": text, "change": {name: changes[name][text].mean().item() for name in paths.TRAINED},
                     "z_own_better": {name: mean / error for name, (mean, error) in others.items()}})
    passed = sum(max(row["z_own_better"].values()) > 3 for row in rows)
    pairs = sum(z > 3 for row in rows for z in row["z_own_better"].values())
    return {"method": method, "grid": grid, "rows": rows, "domains_passed": passed, "pairs_passed": pairs}


def unigram(bench):
    """Perplexity of a unigram model (add-one) of the domain's own training text and of all of them."""
    size = bench.model.config.vocab_size
    own, mixed = {}, torch.ones(size, dtype=torch.float64)
    for domain in paths.TRAINED:
        counts = torch.ones(size, dtype=torch.float64)
        text = paths.text_path(domain, "training").read_bytes().decode()
        for part in bench.tokenizer.encode_batch(text.split(END)):
            counts += torch.bincount(torch.tensor(part.ids, dtype=torch.long), minlength=size)
        own[domain], mixed = counts, mixed + counts - 1
    found = {}
    for domain in paths.DOMAINS:
        ids = bench.evaluation[domain][:, 1:].flatten()
        found[domain] = {name: math.exp(-torch.log(counts / counts.sum())[ids].mean().item())
                         for name, counts in (("mixed", mixed), ("own", own.get(domain))) if counts is not None}
    return found


def perplexities(bench):
    rows = {}
    for domain in paths.DOMAINS:
        mean, error = scoring.mean_and_error(bench.base[domain])
        rows[domain] = {"loss": mean, "error": error, "perplexity": math.exp(mean),
                        "tokens": bench.evaluation[domain][:, 1:].numel(), "windows": len(bench.evaluation[domain])}
    rows["mean"] = {"perplexity": math.exp(scoring.over_domains([bench.base[d] for d in paths.TRAINED])[0])}
    return rows


def damage(bench, settings, statistics):
    """{(method, bits, grid): per-window changes}."""
    found = {}
    for grid, pairs in settings.items():
        for method, bits in pairs:
            found[method, bits, grid] = bench.change(method, bits, grid, statistics)
            row = summary(found[method, bits, grid], bench.base)
            print(f"{grid} {method} {bits} bits: {row['percent']:+.2f} %, dNLL {row['dnll']:+.4f} +- {row['error']:.4f}",
                  flush=True)
    return found


def compare_shapes(bench, other):
    windows = torch.cat([bench.evaluation[domain][:4] for domain in paths.TRAINED])
    found = {"shipped": shape.table(bench.model, windows)}
    if other:
        tokenizer = Tokenizer.from_file(str(pathlib.Path(other) / "tokenizer.json"))
        text = scoring.windows_of(tokenizer, paths.text_path("stories", "evaluation"), SCORING_WINDOW, 24)
        found["other"] = {"name": pathlib.Path(other).name, "rows": shape.table(load(other), text)}
    return found


def measure_all(bench, options):
    mixed = pooled([collect(bench.model, bench.calibration(d, MIXED_COUNT)) for d in paths.TRAINED])
    changes = damage(bench, SETTINGS, mixed)
    own = {d: collect(bench.model, bench.calibration(d, CALIBRATION_COUNT)) for d in paths.TRAINED}
    halves = {d: [collect(bench.model, half) for half in bench.calibration(d).chunk(2)] for d in paths.TRAINED}
    rows = [{"method": m, "bits": b, "grid": g, **summary(change, bench.base)} for (m, b, g), change in changes.items()]
    return {"perplexity": perplexities(bench), "unigram": unigram(bench), "damage": rows,
            "removal": [row for grid in SETTINGS for row in removal(changes, grid)],
            "own_domain": [own_domain(bench, method, own, "asymmetric") for method in ("gptq", "awq")],
            "salience": salience.table(own, halves), "shape": compare_shapes(bench, options.compare)}


def about(bench, options):
    folder = pathlib.Path(options.model)
    return {"parameters": sum(p.numel() for p in bench.model.parameters()), "torch": torch.__version__,
            "bytes": sum(f.stat().st_size for f in folder.iterdir()), "threads": options.threads}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", default=str(paths.SHIPPED))
    parser.add_argument("--quick", action="store_true", help="rtn on 16 windows of each domain, nothing else")
    parser.add_argument("--medium", action="store_true", help="all methods on 16 windows of each domain, nothing else")
    parser.add_argument("--windows", type=int, default=36, help="at most so many windows of each domain")
    parser.add_argument("--compare", help="folder of another model whose shape is tabled beside")
    parser.add_argument("--json", help="write the results here")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    bench = Bench(options.model, 16 if options.quick or options.medium else options.windows)
    print({domain: round(row["perplexity"], 2) for domain, row in perplexities(bench).items()}, flush=True)
    if options.quick or options.medium:
        mixed = pooled([collect(bench.model, bench.calibration(d, MIXED_COUNT)) for d in paths.TRAINED])
        chosen = {grid: [pair for pair in pairs if options.medium or pair[0] == "rtn"] for grid, pairs in SETTINGS.items()}
        damage(bench, chosen, mixed)
        return
    results = {"about": about(bench, options), **measure_all(bench, options)}
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
