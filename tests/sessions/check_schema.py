#!/usr/bin/env python3
"""labels: slow
Every command's object against its JSON Schema in docs/schema."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

try:
    import jsonschema
except ImportError:
    print("skipped: no python3-jsonschema here")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMAS = {f.stem: json.loads(f.read_text()) for f in (ROOT / "docs/schema").glob("*.json")}
PROGRAM = os.path.abspath(sys.argv[1])
SMALL = ["--sequences", "4", "--length", "64"]
seen, failures = set(), []


def run(*arguments, **environment):
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, timeout=120,
                          env=dict(os.environ, **environment), stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def validate(obj, name, what):
    seen.add(name)
    validator = jsonschema.Draft202012Validator(SCHEMAS[name])
    for error in validator.iter_errors(obj):
        failures.append(f"{what}: {error.json_path}: {error.message[:200]}")


def expect(name, *arguments, code=0):
    got, out, err = run(*arguments, "--json")
    what = " ".join(map(str, arguments))
    if got != code or out.count("\n") != 1:
        failures.append(f"{what}: exit {got}, {out.count(chr(10))} lines: {err.strip()[-200:]}")
        return None
    obj = json.loads(out)
    if next(iter(obj)) != "schema" or obj["schema"] != f"qscope.{name}/1":
        failures.append(f"{what}: schema is not the first key, or {obj.get('schema')}")
    validate(obj, name, what)
    return obj


def objects(folder):
    expect("models", "models")
    expect("info", "info")
    expect("methods", "methods")
    expect("methods", "methods", "gptq")
    expect("texts", "texts")
    expect("version", "version")
    expect("help", "help", "measure")
    expect("tokenize", "tokenize", "--string", "Once upon a time")
    expect("tokenize", "tokenize", "--decode", "--ids", "5,6,7")
    expect("logits", "logits", "--ids", "1,2,3", "-o", folder / "l.npy")
    for method in ("rtn", "nf4", "llm_int8", "gptq", "awq"):
        expect("measure", "measure", "--layer", "layers.0.attn.v", "--method", method, *SMALL)
    expect("measure", "measure", "--layer", "layers.0.attn.v", "--method", "rtn", "--calibration",
           "code.calibration", *SMALL)
    text = ["--text", "code.evaluation", "--tokens", "1024"]
    expect("eval", "eval", *text)
    expect("eval", "eval", "--method", "rtn", "--set", "bits=3", *text)
    expect("eval", "eval", "--method", "llm_int8", *text)
    tasks = ["--task", "second_language.task", "--task", "records.task"]
    expect("eval", "eval", *tasks)
    expect("eval", "eval", "--method", "rtn", "--set", "bits=3", *tasks, *text, "--detail")
    expect("plan", "eval", *tasks, "--dry-run")
    long_form = [*text, "--long-form", "2", "--generate", "8"]
    expect("eval", "eval", *long_form)
    expect("eval", "eval", "--method", "rtn", "--set", "bits=3", *long_form)
    expect("error", "eval", "--method", "rtn", "--set", "bits=2", *text, "--max-kl", "1e-9", code=4)
    expect("plot", "plot", "histogram", "--layer", "layers.1.mlp.up", "--method", "rtn", *SMALL)
    expect("plot", "plot", "bars", "--layer", "layers.1.mlp.up", "--method", "rtn", *SMALL)
    expect("plot", "plot", "heatmap", "--method", "rtn", *SMALL)


def quantized(folder):
    expect("plan", "quantize", "--method", "awq", *SMALL, "-o", folder / "out", "--dry-run")
    if (folder / "out").exists():
        failures.append("quantize --dry-run wrote a folder")
    expect("quantize", "quantize", "--method", "gptq", *SMALL, "-o", folder / "out")
    recipe = folder / "out/qscope-recipe.json"
    validate(json.loads(recipe.read_text()), "recipe", "the written recipe")
    validate(json.loads((folder / "out/qscope-report.json").read_text()), "quantize", "the report")
    expect("recipe_check", "recipe", recipe)
    expect("plan", "eval", "--recipe", recipe, "--dry-run")
    expect("compare", "compare", "rtn,bits=3", "gptq,bits=4", "int8=int_quant,preset=w8a8", "--noise-for", "rtn,bits=3",
           "--seeds", "2", "--text", "code.evaluation", "--tokens", "1024", *SMALL)
    expect("plan", "compare", "rtn,bits=3", "--dry-run", "--text", "code.evaluation")
    expect("plan", "run", "--dry-run")
    expect("run", "run", "--tokens", "512", *SMALL)


def main():
    with tempfile.TemporaryDirectory(prefix="qscope-check-") as name:
        folder = pathlib.Path(name)
        os.environ["QSCOPE_CACHE"] = str(folder / "cache")
        for schema in SCHEMAS.values():
            jsonschema.Draft202012Validator.check_schema(schema)
        objects(folder)
        quantized(folder)
        expect("error", "measure", "--layer", "nothing", "--method", "rtn", code=2)
        expect("error", "info", folder / "nothing", code=1)
    missing = set(SCHEMAS) - seen - {"session", "state", "script"}
    if missing:
        failures.append(f"no command was checked against {sorted(missing)}")
    print("\n".join(failures) or f"schema: {len(seen)} schemas hold")
    return 1 if failures else 0


sys.exit(main())
