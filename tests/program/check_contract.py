#!/usr/bin/env python3
"""Keys, exit codes, streams and errors as pinned from outside."""
import json

from program import SHIPPED, TEXTS, ask, check, finish, run, scratch

MODEL_KEYS = "path format architecture identity sha256 parameters bytes dtypes tied_head quantization".split()
SHAPE_KEYS = "blocks hidden intermediate heads kv_heads head_dim vocab context".split()
TOKENIZER_KEYS = "kind vocab bos eos adds_bos".split()
LAYER_KEYS = "name block module tensor rows columns dtype bytes input".split()
METHOD_KEYS = "name family scope needs activations summary source facts params".split()
PARAM_KEYS = "name type min max values default help".split()
PINNED_PARAMS = {
    "rtn": {"bits", "group_size", "symmetric", "mse", "activations"},
    "nf4": {"block_size", "double_quant"},
    "fp4": {"block_size", "double_quant"},
    "llm_int8": {"threshold"},
    "fp8": {"variant", "granularity"},
    "mxfp4": {"exponent"},
    "mxfp8": {"exponent"},
    "nvfp4": {"fouroversix"},
    "int_quant": {"bits", "granularity", "group_size", "symmetric", "observer", "preset"},
    "gptq": {"bits", "group_size", "symmetric", "act_order", "static_groups", "damp", "mse"},
    "awq": {"bits", "group_size", "symmetric", "clip", "duo_scaling", "grid"},
}


def has(obj, keys, what):
    missing = [k for k in keys if k not in obj]
    check(not missing, f"{what}: lacks {missing}")


def info():
    report = ask("info", SHIPPED)
    check(next(iter(report)) == "schema" and report["schema"] == "qscope.info/1", "schema comes first")
    has(report["model"], MODEL_KEYS, "info.model")
    has(report["shape"], SHAPE_KEYS, "info.shape")
    has(report["tokenizer"], TOKENIZER_KEYS, "info.tokenizer")
    for layer in report["layers"]:
        has(layer, LAYER_KEYS, f"info.layers {layer.get('name')}")
    by_name = {layer["name"]: layer for layer in report["layers"]}
    check(by_name["layers.0.attn.q"]["input"] == by_name["layers.0.attn.v"]["input"], "q and v share their input")
    check(by_name["layers.0.attn.q"]["input"] != by_name["layers.0.attn.o"]["input"], "q and o do not")
    check(by_name["layers.2.mlp.down"]["tensor"] == "model.layers.2.mlp.down_proj.weight", "the tensor's own name")
    check(report["model"]["architecture"] == "llama" and report["model"]["format"] == "safetensors", "llama in safetensors")
    default = ask("info")
    check(default["model"]["identity"] == report["model"]["identity"], "no MODEL means the shipped one")
    has(report["run"], "version commit kernel_set blas threads cpu date seconds".split(), "run")


def methods():
    found = {m["name"]: m for m in ask("methods")["methods"]}
    for name, params in PINNED_PARAMS.items():
        has(found[name], METHOD_KEYS, f"methods {name}")
        names = {p["name"] for p in found[name]["params"]}
        check(params <= names, f"methods {name}: lacks {params - names}")
        for p in found[name]["params"]:
            has(p, PARAM_KEYS, f"methods {name}.{p['name']}")
        has(found[name]["source"], ["paper", "repository", "version"], f"methods {name} source")


def tokens():
    report = ask("tokenize", TEXTS / "records.evaluation.txt")
    check(report["count"] == len(report["ids"]) > 1000, f"tokenize: {report['count']}")
    code, out, _ = run("tokenize", "--decode", "--ids", ",".join(map(str, report["ids"][:200])))
    text = (TEXTS / "records.evaluation.txt").read_bytes()
    check(code == 0 and text.startswith(out.rstrip(b"\n")[:150]), f"decode gives the text back: {out[:80]!r}")


def stable():
    """Equal runs give equal bytes once `run` is gone, on one thread or two."""
    arguments = ("measure", "--layer", "layers.0.mlp.up", "--method", "gptq", "--calibration",
                 "records.calibration", "--sequences", "8", "--length", "128")
    seen = set()
    for threads in (1, 2, 3):
        report = ask(*arguments, "--threads", str(threads))
        report.pop("run")
        seen.add(json.dumps(report))
    check(len(seen) == 1, f"measure differs between thread counts: {len(seen)} versions")


def errors(folder):
    cases = [
        (("info", "/nonexistent/model"), 1, "io", "/nonexistent/model"),
        (("measure", "--layer", "layers.99.attn.q", "--method", "rtn"), None, None, "layers.99.attn.q"),
        (("measure", "--layer", "layers.0.attn.q", "--method", "rtm"), 2, "usage", "rtn"),
        (("measure", "--layer", "layers.0.attn.q", "--method", "rtn", "--set", "bitz=4"), 2, "usage", "bits"),
        (("measure", "--layer", "layers.0.attn.q", "--method", "rtn", "--set", "bits=99"), None, None, "bits"),
        (("measure", "--layer", "layers.0.attn.q", "--method", "rtn", "--set", "group_size=100"), None, None, "100"),
        (("frobnicate",), 2, "usage", "frobnicate"),
        (("eval", "--protocol", "nonsense"), 2, "usage", "nonsense"),
        (("logits", "--ids", "1,2,99999", "-o", f"{folder}/x.npy"), None, "range", "99999"),
    ]
    for arguments, code, kind, part in cases:
        got, out, err = run(*arguments)
        what = " ".join(map(str, arguments))
        check(got == code if code is not None else got in (1, 2), f"{what}: exit {got}")
        lines = err.strip().splitlines()
        check(len(lines) == 1 and lines[0].startswith("qscope: "), f"{what}: stderr is {err!r}")
        check(part in err, f"{what}: {err!r} does not name {part}")
        check(not out, f"{what}: stdout has {out[:100]!r}")
        report = json.loads(run(*arguments, "--json")[1])
        check(report["schema"] == "qscope.error/1", f"{what}: {report}")
        has(report["error"], ["kind", "message", "file", "item"], what)
        check(kind is None or report["error"]["kind"] == kind, f"{what}: kind {report['error']['kind']}")


def recipe_errors(folder):
    path = f"{folder}/r.json"
    base = {"schema": "qscope.recipe/1", "default": {"method": "rtn", "params": {"bits": 4}}, "rules": []}
    with open(path, "w") as f:
        json.dump(dict(base, ruels=[]), f)
    code, _, err = run("eval", "--recipe", path, "--tokens", "1024")
    check(code in (1, 2) and "rules" in err, f"an unknown key is refused with the nearest: {code} {err}")
    with open(path, "w") as f:
        f.write('{"schema":"qscope.recipe/1",' * 100)
    code, _, err = run("eval", "--recipe", path)
    check(code == 1 and len(err.strip().splitlines()) == 1, f"broken JSON: {code} {err}")


def main():
    info()
    methods()
    tokens()
    stable()
    with scratch() as folder:
        errors(folder)
        recipe_errors(folder)
    finish("contract")


main()
