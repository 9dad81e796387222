"""Write training.json: options, loss curve, cost and rtn-3 damage at each checkpoint of a finished run."""

import argparse
import json
import os
import shutil

import torch

import measure
import paths

CURVE_POINTS = 24


def curve(lines):
    """About CURVE_POINTS points of the log, closer together at the start where the loss falls fast."""
    picked = {round((len(lines) - 1) * (point / (CURVE_POINTS - 1)) ** 2) for point in range(CURVE_POINTS)}
    return [lines[index] for index in sorted(picked)]


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        text = file.read()
    names = [line.split(":")[1].strip() for line in text.splitlines() if line.startswith("model name")]
    kind = "AMX" if " amx_bf16" in text else "AVX-512" if " avx512f" in text else "AVX2"
    return f"{os.cpu_count()} cores, {names[0] if names else 'unknown'} with {kind}, much other work beside"


def checkpoint_row(folder):
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(paths.SHIPPED / name, folder / name)
    bench = measure.Bench(folder, 8)
    row = measure.summary(bench.change("rtn", 3, "asymmetric", None, paths.TRAINED), bench.base)
    print(folder.name, f"{row['percent']:+.2f} %", flush=True)
    return {"step": int(folder.name.split("-")[1]), "perplexity": measure.perplexities(bench)["mean"]["perplexity"],
            "percent": row["percent"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--name", default="run")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    folder = paths.WORK / options.name
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    results = {"options": json.loads((folder / "options.json").read_text()), "steps": lines[-1]["step"],
               "tokens": lines[-1]["tokens"], "minutes": lines[-1]["seconds"] / 60, "machine": machine(),
               "finish": json.loads((folder / "finish.json").read_text()), "curve": curve(lines), "checkpoints": [checkpoint_row(path) for path in sorted(folder.glob("step-*"))]}
    (paths.HERE / "training.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
