#!/usr/bin/env python3
"""labels: slow
`compare` as a stranger uses it: figures against `eval`, pairs against their definition from `logits` alone, a
checkpoint of somebody else, pictures and tables, and the list that docs/comparison.md is made of."""
import csv
import io
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys

import numpy as np

from program import PROGRAM, ROOT, SHIPPED, TEXTS, ask, check, finish, near, run, scratch, tensor

CALIBRATION = ("--calibration", "code.calibration", "--sequences", "4", "--length", "64")
EVALUATION = ("--text", "code.evaluation", "--protocol", "window", "--context", "64", "--tokens", "512")
KEYS = "name kind path bits bytes eval tasks seconds weight_error output_error".split()


def write_safetensors(path, tensors):
    """As PyTorch's users save a state_dict: names, float32, nothing else."""
    header, data = {}, b""
    for name, values in tensors.items():
        raw = np.ascontiguousarray(values, np.float32).tobytes()
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def names():
    with open(SHIPPED / "model.safetensors", "rb") as f:
        (length,) = struct.unpack("<Q", f.read(8))
        return [n for n in json.loads(f.read(length)) if n != "__metadata__"]


def rounded(values, bits):
    """Symmetric, per row, to nearest."""
    top = 2 ** (bits - 1) - 1
    scale = np.abs(values).max(1, keepdims=True) / top
    return (np.rint(values / np.where(scale > 0, scale, 1)) * scale).astype(np.float32)


def like_eval(folder):
    """A recipe, a method and the folder that quantize writes of it: the same figures as eval gives."""
    out = folder / "q"
    ask("quantize", "--method", "rtn", "--set", "bits=3", *CALIBRATION, "-o", out)
    report = ask("compare", "rtn,bits=3", f"recipe={out / 'qscope-recipe.json'}", f"folder={out}", "--bits", "folder=3.35",
                 *EVALUATION, *CALIBRATION)
    check(list(report)[:1] == ["schema"] and report["schema"] == "qscope.compare/1", "schema")
    alone = ask("eval", "--method", "rtn", "--set", "bits=3", *EVALUATION)
    base, method, recipe, other = report["candidates"]
    for candidate in report["candidates"]:
        check(not [k for k in KEYS if k not in candidate], f"keys of {candidate['name']}")
        check(candidate["tasks"] == [], "tasks")
    check([c["kind"] for c in report["candidates"]] == ["baseline", "recipe", "recipe", "checkpoint"], "kinds")
    check(base["name"] == "baseline" and base["eval"][0]["delta"] is None, "the baseline comes first")
    check(method["eval"] == alone["texts"] and method["bits"] == alone["bits"], "as eval says")
    check(recipe["eval"] == method["eval"], "a recipe is its method")
    near(other["eval"][0]["current"]["nll"], method["eval"][0]["current"]["nll"], 0, "the folder's loss", absolute=2e-3)
    near(other["weight_error"], method["weight_error"], 0.02, "the folder's weight error")
    check(other["bits"]["linear"] == 3.35 and method["bytes"]["disk"] < base["bytes"]["disk"], "bits and bytes")
    check(other["bytes"]["disk"] == (out / "model.safetensors").stat().st_size, "the folder's size")
    check("folder" not in report["pareto"] or "rtn,bits=3" not in report["pareto"], f"front {report['pareto']}")


def tasks(folder):
    """Answers are those of eval, of a checkpoint those of the recipe that made it, but for what its bfloat16 rounds."""
    asked = ("--task", "arithmetic.task", "--task", "records.task")
    report = ask("compare", "rtn,bits=3", f"folder={folder / 'q'}", *asked, *EVALUATION, *CALIBRATION)
    base, method, other = (c["tasks"] for c in report["candidates"])
    check(method == ask("eval", "--method", "rtn", "--set", "bits=3", *asked)["tasks"], "tasks as eval answers them")
    check(base == ask("eval", *asked)["tasks"], "the baseline's answers")
    for a, b in zip(method, other):
        near(b["accuracy"], a["accuracy"], 0, f"{a['name']} of the folder", absolute=0.06)
        check(b["baseline"] == a["baseline"] and b["mcnemar_p"] is not None, "against the same baseline")
    code, out, err = run("compare", "rtn,bits=3", *asked, *EVALUATION, "--markdown", folder / "tasks.md")
    check(code == 0 and b"McNemar p" in out and "McNemar p" in (folder / "tasks.md").read_text(), f"tables: {err}")


def window_means(folder, model, text, n, windows):
    ids = ask("tokenize", TEXTS / f"{text}.txt")["ids"]
    means = []
    for w in range(windows):
        part = ids[w * n:(w + 1) * n]
        code, _, err = run("logits", model, "--ids", ",".join(map(str, part)), "-o", folder / "l.npy")
        check(code == 0, err)
        z = np.load(folder / "l.npy").astype(np.float64)
        z -= z.max(1, keepdims=True)
        log_p = z - np.log(np.exp(z).sum(1, keepdims=True))
        means.append(-np.mean([log_p[p, part[p + 1]] for p in range(n - 1)]))
    return np.array(means)


def stranger(folder):
    """Weights rounded in NumPy, saved without a config; every pair's difference and error from logits alone."""
    tensors = {name: tensor(SHIPPED, name) for name in names()}
    coarse = {n: rounded(t, 3) if "_proj" in n else t for n, t in tensors.items()}
    fine = {n: rounded(t, 6) if "_proj" in n else t for n, t in tensors.items()}
    norm = next(n for n in tensors if n.endswith("norm.weight") and "layers" not in n)
    shifted = dict(fine, **{norm: fine[norm] * 1.05})
    paths = {"coarse": folder / "coarse.safetensors", "fine": folder / "fine", "shifted": folder / "shifted"}
    write_safetensors(paths["coarse"], coarse)
    for name, content in (("fine", fine), ("shifted", shifted)):
        paths[name].mkdir()
        write_safetensors(paths[name] / "model.safetensors", content)
    report = ask("compare", *[f"{k}={p}" for k, p in paths.items()], "--bits", "3.1", *EVALUATION, *CALIBRATION)
    by_name = {c["name"]: c for c in report["candidates"]}
    check(by_name["coarse"]["weight_error"] > 30 * by_name["fine"]["weight_error"], "three bits err more than six")
    check(by_name["fine"]["weight_error"] == by_name["shifted"]["weight_error"], "a norm is no linear layer")
    check(by_name["fine"]["eval"][0]["current"]["nll"] != by_name["shifted"]["eval"][0]["current"]["nll"],
          "a norm that differs counts")
    check(by_name["coarse"]["bytes"]["disk"] == paths["coarse"].stat().st_size, "the file's own size")
    shutil.copy(SHIPPED / "config.json", paths["fine"])
    shutil.copy(SHIPPED / "config.json", paths["shifted"])
    means = {name: window_means(folder, path, "code.evaluation", 64, 8)
             for name, path in (("baseline", SHIPPED), ("fine", paths["fine"]), ("shifted", paths["shifted"]))}
    seen = 0
    for pair in report["pairs"]:
        if pair["a"] in means and pair["b"] in means:
            d = means[pair["b"]] - means[pair["a"]]
            near(pair["delta_nll"], d.mean(), 1e-3, f"pair {pair['a']} {pair['b']}", absolute=2e-6)
            near(pair["se"], d.std(ddof=1) / np.sqrt(len(d)), 1e-3, f"se of {pair['a']} {pair['b']}", absolute=2e-6)
            seen += 1
    check(seen == 3, f"{seen} pairs")
    broken(folder, tensors)


def broken(folder, tensors):
    """What somebody's file may lack, in one line that names the tensor."""
    first = next(n for n in tensors if "_proj" in n)
    write_safetensors(folder / "less.safetensors", {n: t for n, t in tensors.items() if n != first})
    write_safetensors(folder / "other.safetensors", dict(tensors, **{first: tensors[first][:-1]}))
    for name in ("less", "other"):
        code, out, err = run("compare", folder / f"{name}.safetensors", *EVALUATION)
        lines = err.strip().splitlines()
        check(code == 1 and len(lines) == 1 and first in err and not out, f"{name}: {code} {err!r}")


def controls():
    report = ask("compare", "three=gptq,bits=3", "nf4", "--noise-for", "three", "--seeds", "2", *EVALUATION, *CALIBRATION)
    three, nf4 = report["candidates"][1:]
    near(three["noise"]["weight_error"], three["weight_error"], 1e-5, "noise of equal energy")
    check(three["noise"]["output_error"] > three["output_error"], "noise knows nothing of the inputs")
    check(nf4["noise"] is None and nf4["seeds"] is None, "only what was asked for")
    seeds = three["seeds"]
    check(len(seeds["delta_nll"]) == 2 and seeds["min"] < seeds["mean"] < seeds["max"], f"{seeds}")
    check(seeds["delta_nll"][0] == three["mean"]["delta_nll"], "the first seed is its own")
    again = ask("compare", "three=gptq,bits=3", "nf4", "--noise-for", "three", "--seeds", "2", *EVALUATION, *CALIBRATION,
                "--threads", "1")
    for candidate in (*report["candidates"], *again["candidates"]):
        candidate.pop("seconds")
    check(report["candidates"] == again["candidates"], "the same on one thread")


def outputs(folder):
    arguments = ("compare", "rtn,bits=3", "int8=int_quant,preset=w8a8", *EVALUATION, *CALIBRATION)
    code, out, err = run(*arguments, "--csv", "--plot", folder / "p.svg", "--markdown", folder / "t.md")
    check(code == 0, err)
    rows = list(csv.DictReader(io.StringIO(out.decode())))
    check([r["candidate"] for r in rows] == ["baseline", "rtn,bits=3", "int8"], f"rows {rows}")
    check(rows[1]["weights alone"] == "-" and float(rows[2]["weights alone"]) != float(rows[2]["delta nll"]), "effects")
    check((folder / "p.svg").read_text().startswith("<?xml"), "the picture")
    check((folder / "t.md").read_text().count("\n") == 5, "the table in Markdown")
    for wrong, part in ((("rtm",), "rtn"), (("rtn", "--plot", "x.gif"), ".svg"), (("rtn", "--noise-for", "x"), "x"),
                        ((), "CANDIDATE"), (("rtn", "--text", "storys.evaluation"), "stories.evaluation"),
                        (("rtn", "--plot", "nowhere/x.svg"), "folder"), (("rtn", "--markdown", "x.json"), ".md"),
                        (("@missing.list",), "missing.list"), (("nf4,bits=4",), "nf4")):
        code, out, err = run("compare", *wrong)
        check(code in (1, 2) and len(err.strip().splitlines()) == 1 and part in err and not out, f"{wrong}: {code} {err!r}")


def whole_registry(folder):
    """What docs/comparison.md is made of has every method, listed or not, in settings that fit."""
    done = subprocess.run([sys.executable, ROOT / "scripts/make-comparison", "--program", PROGRAM, "--list"],
                          capture_output=True, text=True)
    check(done.returncode == 0, done.stderr)
    (folder / "list").write_text(done.stdout)
    plan = ask("compare", f"@{folder / 'list'}", "--dry-run", *EVALUATION)
    check(len(plan["computes"]) > 40, "the list is short")
    listed = {line.split(" = ")[-1].split(",")[0].strip() for line in done.stdout.splitlines()}
    missing = {m["name"] for m in ask("methods")["methods"]} - listed
    check(not missing, f"make-comparison leaves out {sorted(missing)}")


def generator():
    """Without the second model's data scripts/make-comparison says so and leaves the page alone."""
    page = ROOT / "docs/comparison.md"
    before = page.read_bytes()
    done = subprocess.run([sys.executable, ROOT / "scripts/make-comparison", "--program", PROGRAM, "--model",
                           "tinystories-656k"], env=dict(os.environ, QSCOPE_TEST_DATA="/nonexistent"),
                          capture_output=True, text=True)
    check(done.returncode == 0 and "stays as it is" in done.stderr, f"make-comparison: {done.returncode} {done.stderr}")
    check(page.read_bytes() == before, "the page changed")


def main():
    with scratch() as folder:
        folder = pathlib.Path(folder)
        like_eval(folder)
        tasks(folder)
        stranger(folder)
        controls()
        outputs(folder)
        whole_registry(folder)
    generator()
    finish("compare")


main()
