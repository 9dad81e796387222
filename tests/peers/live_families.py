#!/usr/bin/env python3
"""`qscope logits` against transformers in float32: random checkpoints of every family, each variant of families.py
in two shapes drawn from the seed (one with an odd number of heads, one key for them all, and several shards), three
sequences of up to 300 tokens, longer than any window or rope threshold.

    tests/peers/live_families.py PROGRAM [--family NAME] [--seed N] [--json FILE]

--json writes what family_table.py puts into the README: the largest difference for each family."""
# covers: core/architecture core/config core/forward core/attention core/rope core/norm core/matmul core/mlp
# covers: core/activation core/experts core/model core/formats/huggingface core/formats/safetensors kernels
import argparse
import concurrent.futures
import datetime
import json
import math
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import torch
    import transformers
    import families
    import family_models
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parents[2]
LONGEST = 300
CLEAR = 1e-5  # least gap between the probability of the last expert taken and the first one left
DTYPES = (torch.float32, torch.bfloat16, torch.float16)


def draw_shape(family, variant, rng, odd):
    """Extents under which this variant is a model."""
    while True:
        heads, head_dim = rng.randint(1, 7), rng.choice((8, 12, 16, 20, 24, 32, 40, 64))
        if not 48 <= heads * head_dim <= 256 or odd and heads not in (3, 5, 7):
            continue
        kv = heads if variant.many_heads else rng.choice([n for n in range(1, heads + 1) if heads % n == 0])
        kv = 1 if odd and not variant.many_heads else kv
        width = 0
        if variant.given_head_dim:
            width = heads * rng.randint(math.ceil(48 / heads), 256 // heads)
        shape = families.Shape(
            blocks=max(rng.randint(2, 4), variant.tiny.get("blocks", 0)), heads=heads, kv=kv, head_dim=head_dim,
            width=width, intermediate=rng.randint(40, 300), vocab=rng.randint(50, 500), context=LONGEST,
            window=rng.randint(9, 120), experts=rng.randint(4, 9), top=rng.randint(1, 4))
        settings = variant.settings(family, shape)
        part = (settings.get("rope_parameters") or {}).get("partial_rotary_factor", 1.0)
        even = int(head_dim * part) % 2 == 0 and int(head_dim * part) > 0
        pairs = "attention_types" not in settings or len(settings["attention_types"][0][0]) == 1 \
            or shape.blocks % 2 == 0
        if even and pairs:
            return shape


def draw_sequences(shape, rng):
    """Three of them, by length: at the threshold, beyond it, and the longest."""
    counts = sorted((shape.window, rng.randint(shape.window + 1, LONGEST - 1), LONGEST))
    return [[rng.randrange(shape.vocab) for _ in range(count)] for count in counts]


def save(family, settings, folder, sequences, rng, dtype, shard):
    """A checkpoint whose experts are chosen clearly; returns the model in float32 as loaded back."""
    for _ in range(60):
        model = family_models.build(family, settings, rng.randrange(1 << 30))
        model.to(dtype).save_pretrained(folder, max_shard_size=shard)
        model = family_models.load(folder, family.attention)
        if family_models.router_margin(model, sequences)[0] > CLEAR:
            return model
    raise SystemExit(f"{family.model_type} {settings}: no weights choose experts clearly")


def run_program(program, folder, ids, to):
    done = subprocess.run([program, "logits", folder, "--ids", ",".join(map(str, ids)), "-o", to], timeout=300,
                          capture_output=True, env=dict(os.environ, QSCOPE_CACHE="off"), text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"exit {done.returncode}: {done.stderr.strip()[-500:]}")
    return np.load(to)


def compare(program, number, index, turn, seed):
    """One checkpoint, of the family and variant of these numbers (processes can't hand each other functions): its
    name and shape, the largest difference, and what is wrong with it or None."""
    family = families.FAMILIES[number]
    variant = family.variants[index]
    rng = random.Random(f"{seed} {family.model_type} {variant.name} {turn}")
    shape = draw_shape(family, variant, rng, turn == 0)
    dtype = DTYPES[(index + turn) % 3]
    settings = variant.settings(family, shape)
    sequences = draw_sequences(shape, rng)
    name = f"{family.model_type} {variant.name} ({shape.heads}/{shape.kv} heads of {shape.head_dim}, hidden " \
           f"{shape.hidden}, {shape.blocks} blocks, {str(dtype)[6:]})"
    with tempfile.TemporaryDirectory() as folder:
        model = save(family, settings, folder, sequences, rng, dtype, ("60KB", "50GB")[turn])
        expected = family_models.logits_of(model, sequences)
        exact = family_models.logits_of(family_models.load(folder, family.attention, torch.float64), sequences)
        try:
            got = [run_program(program, folder, ids, f"{folder}/got.npy") for ids in sequences]
        except RuntimeError as error:
            return name, shape, math.inf, str(error)
    shapes = [(rows.dtype, rows.shape) for rows in got]
    if shapes != [(np.dtype(np.float32), rows.shape) for rows in expected]:
        return name, shape, math.inf, f"not the shapes of the logits: {shapes}"
    return judge(name, shape, got, expected, exact)


def judge(name, shape, got, expected, exact):
    """Within 1e-4 of transformers, relative to the logits' range where that is large; or, where transformers in
    float32 is itself farther from its float64, as near to that as it is."""
    worst, ours, theirs = (family_models.distance(*pair)
                           for pair in ((got, expected), (got, exact), (expected, exact)))
    limit = family_models.allowed(expected)
    good = worst <= limit or ours <= max(limit, 1.1 * theirs)
    wrong = None if good else f"differs by {worst:.3g}; from float64: ours {ours:.3g}, transformers' {theirs:.3g}"
    return name, shape, worst, wrong


def compare_all(program, chosen, seed):
    """All variants over two processes, in order."""
    with concurrent.futures.ProcessPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        jobs = [(family, pool.submit(compare, program, families.FAMILIES.index(family), index, turn, seed))
                for family in chosen for index in range(len(family.variants)) for turn in range(2)]
        for family, job in jobs:
            yield (family, *job.result())


def write_json(path, program, rows, seed):
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    version, kernels = re.search(r"^qscope ([^\s,]+)", said), re.search(r"^kernels ([^\s,]+)", said, re.M)
    report = {"qscope": version[1], "kernels": kernels[1], "transformers": transformers.__version__,
              "torch": torch.__version__.split("+")[0], "date": datetime.date.today().isoformat(), "seed": seed,
              "sequences": 3, "longest": LONGEST, "families": list(rows.values())}
    pathlib.Path(path).write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", nargs="?", default=str(ROOT / "build/release/qscope"))
    parser.add_argument("--family", action="append", choices=[family.model_type for family in families.FAMILIES])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", help="write the figures here; for all families together")
    asked = parser.parse_args()
    if asked.json and asked.family:
        parser.error("--json is for all families together")
    chosen = [family for family in families.FAMILIES if not asked.family or family.model_type in asked.family]
    rows, failures = {}, 0
    for family, name, shape, worst, wrong in compare_all(asked.program, chosen, asked.seed):
        print(f"DIFFERS: {name}: {wrong}" if wrong else f"ok: {name}: within {worst:.2g}", flush=True)
        failures += bool(wrong)
        row = rows.setdefault(family.model_type, {
            "family": family.model_type, "examples": family.examples, "special": family.special, "difference": 0.0,
            "shapes": 0, "hidden": [shape.hidden, shape.hidden]})
        row["difference"] = max(row["difference"], float(f"{worst:.2g}"))
        row["shapes"] += 1
        row["hidden"] = [min(row["hidden"][0], shape.hidden), max(row["hidden"][1], shape.hidden)]
    if asked.json and not failures:
        write_json(asked.json, asked.program, rows, asked.seed)
    print(f"{failures} differ" if failures else f"families: {len(rows)} as transformers computes them")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
