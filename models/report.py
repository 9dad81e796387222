"""Write the tables of README.md from measurements.json, texts.json, training.json and tasks.json.

Each table stands between `<!-- name -->` and `<!-- end -->`; everything outside is left alone.
"""

import json
import re

import paths

README = paths.HERE / "README.md"


def read(name):
    return json.loads((paths.HERE / name).read_text(encoding="utf-8"))


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def training(data):
    run = data["training"]
    facts = [("seed", run["options"]["seed"]), ("steps", run["steps"]), ("tokens", f"{run['tokens']:,}"),
             ("windows of a step", f"{run['options']['batch']} x {run['options']['window']} tokens"),
             ("learning rate", run["options"]["rate"]), ("weight decay (matrices)", run["options"]["decay"]),
             ("spread of norm gains at the start", run["options"]["spread"]),
             ("spread of quieter gains after training", run["finish"]["spread"]),
             ("its largest change of any logit (float32)", f"{run['finish']['largest_logit_change']:.1e}"),
             ("wall time", f"{run['minutes']:.0f} minutes"), ("machine", run["machine"]),
             ("parameters", f"{data['measurements']['about']['parameters']:,}"),
             ("size on disk", f"{data['measurements']['about']['bytes'] / 1e6:.1f} MB")]
    return table(["training", ""], facts)


def loss_curve(data):
    rows = [(point["step"], f"{point['tokens'] / 1e6:.2f} M", f"{point['loss']:.3f}", f"{point['seconds'] / 60:.1f}")
            for point in data["training"]["curve"]]
    return table(["step", "tokens", "training loss (nats)", "minutes"], rows)


def perplexity(data):
    found, unigram = data["measurements"]["perplexity"], data["measurements"]["unigram"]
    rows = []
    for domain in paths.DOMAINS:
        row, base = found[domain], unigram[domain]
        own = f"{base['own']:.0f} ({base['own'] / row['perplexity']:.0f} x)" if "own" in base else "-"
        rows.append((domain, row["windows"], f"{row['perplexity']:.2f}", f"{row['error'] * row['perplexity']:.2f}", own,
                     f"{base['mixed']:.0f} ({base['mixed'] / row['perplexity']:.0f} x)"))
    rows.append(("mean of the six trained", "", f"{found['mean']['perplexity']:.2f}", "", "", ""))
    return table(["domain", "windows", "perplexity", "standard error", "unigram of own domain", "unigram of all"], rows)


def damage(data):
    rows = [(row["grid"], row["method"], row["bits"], f"{row['perplexity']:.3f}", f"{row['percent']:+.2f} %",
             f"{row['dnll']:+.5f}", f"{row['error']:.5f}") for row in data["measurements"]["damage"]]
    return table(["grid", "method", "bits", "mean perplexity", "change", "dNLL", "standard error"], rows)


def damage_by_domain(data):
    rows = [(row["method"], *(f"{row['by_domain'][domain][0]:+.4f} ± {row['by_domain'][domain][1]:.4f}"
                              for domain in paths.DOMAINS))
            for row in data["measurements"]["damage"] if row["bits"] == 3 and row["grid"] == "asymmetric"]
    return table(["3 bits, dNLL", *paths.DOMAINS], rows)


def _dnll(data, bits, grid):
    return next(row["dnll"] for row in data["measurements"]["damage"]
                if (row["method"], row["bits"], row["grid"]) == ("rtn", bits, grid))


def ratios(data):
    rows = []
    for grid in ("asymmetric", "symmetric"):
        three = _dnll(data, 3, grid)
        rows.append((grid, f"{_dnll(data, 4, grid) / three:.3f}", f"{_dnll(data, 2, grid) / three:.1f}"))
    return table(["grid", "rtn dNLL 4 bits / 3 bits", "rtn dNLL 2 bits / 3 bits"], rows)


def removal(data):
    rows = [(row["grid"], row["method"], f"{100 * row['removed']:.0f} %", f"{row['z_better']:.1f}",
             f"{row['z_above_40_percent']:.1f}", f"{row['z_worst_domain']:.1f}")
            for row in data["measurements"]["removal"]]
    return table(["grid", "method", "of rtn's 3-bit dNLL removed", "z: better than rtn", "z: removes more than 40 %",
                  "z on the worst domain"], rows)


def own_domain(data):
    parts = []
    for found in data["measurements"]["own_domain"]:
        rows = []
        for row in found["rows"]:
            cells = []
            for name in paths.TRAINED:
                z = row["z_own_better"].get(name)
                cells.append(f"{row['change'][name]:+.4f}" + (f" ({z:+.1f})" if z is not None else ""))
            rows.append((row["text"], *cells))
        parts.append(table([f"{found['method']}, {found['grid']}: text", *(f"on {name}" for name in paths.TRAINED)], rows)
                     + f"\n\nOwn calibration better by more than 3 standard errors than some other: on "
                       f"{found['domains_passed']} of 6 texts, {found['pairs_passed']} of 30 pairs.")
    return "\n\n".join(parts)


def salience(data):
    found = data["measurements"]["salience"]
    rows = [(row["input"], row["channels"], f"{row['pairs_median']:.2f}", f"{row['pairs_least']:.2f}",
             f"{row['pairs_most']:.2f}", f"{row['halves_median']:.2f}", f"{row['halves_least']:.2f}") for row in found]
    apart = sum(row["pairs_median"] <= 0.6 for row in found)
    alike = sum(row["halves_median"] >= 0.75 for row in found)
    both = sum(row["pairs_median"] <= 0.6 and row["halves_median"] >= 0.75 for row in found)
    return table(["input", "channels", "pairs: median", "least", "most", "halves: median", "least"], rows) + (
        f"\n\nMedian over pairs at most 0.6: {apart} of {len(found)} inputs; halves agree at 0.75 or more (median): "
        f"{alike}; both: {both}.")


def shapes(data):
    found = data["measurements"]["shape"]
    parts = [("shipped", found["shipped"])]
    if "other" in found:
        parts.append((found["other"]["name"], found["other"]["rows"]))
    rows = [(name, row["input"], f"{row['kurtosis']:.2f}", f"{row['kurtosis_folded']:.2f}",
             f"{row['largest_over_median']:.0f}", f"{row['channel_over_median']:.1f}")
            for name, part in parts for row in part]
    return table(["model", "input", "weight kurtosis", "of weight times input RMS", "largest activation / median",
                  "loudest channel / median"], rows)


def overlap(data):
    rows = [(domain, row["sentences"], row["sentences_in_training"], f"{100 * row['ngrams_in_training']:.1f} %")
            for domain, row in data["texts"]["overlap"].items()]
    return table(["evaluation text", "sentences", "of them in training", "8-grams of words in training"], rows)


def tasks(data):
    found = data["tasks"]
    quantized = found["quantized"]
    heads = ["task", "kind", "chance", "as it is", "95 % interval",
             *(f"{run['method']}, {run['bits']} bits (p)" for run in quantized)]
    rows = []
    for at, base in enumerate(found["baseline"]):
        interval = f"{100 * base['accuracy_low']:.0f} to {100 * base['accuracy_high']:.0f} %"
        cells = [f"{100 * run['tasks'][at]['accuracy']:.0f} % ({run['tasks'][at]['mcnemar_p']:.2g})" for run in quantized]
        rows.append((base["name"], base["kind"], chance(base["name"]), f"{100 * base['accuracy']:.0f} %", interval, *cells))
    return table(heads, rows)


def chance(task):
    """The share that guessing gets right; nothing where the answer is to be written."""
    lines = paths.task_path(task.removesuffix(".task")).read_text(encoding="utf-8").splitlines()
    choices = [len(item.get("choices", [])) for item in map(json.loads, lines)]
    return f"{100 * sum(1 / count for count in choices) / len(choices):.0f} %" if all(choices) else "-"


def checkpoints(data):
    rows = [(row["step"], f"{row['perplexity']:.2f}", f"{row['percent']:+.2f} %") for row in data["training"]["checkpoints"]]
    return table(["step", "mean perplexity (8 windows a domain)", "rtn 3 bits, asymmetric"], rows)


SECTIONS = [training, loss_curve, checkpoints, perplexity, damage, damage_by_domain, ratios, removal, own_domain,
            salience, shapes, overlap, tasks]


def main():
    data = {name: read(name + ".json") for name in ("measurements", "texts", "training", "tasks")}
    text = README.read_text(encoding="utf-8")
    for section in SECTIONS:
        name = section.__name__.replace("_", "-")
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        if not pattern.search(text):
            raise SystemExit(f"README.md has no section <!-- {name} -->")
        text = pattern.sub(lambda match: match[1] + section(data) + "\n" + match[2], text)
    README.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
