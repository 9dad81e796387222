#!/usr/bin/env python3
"""What strangers do wrong: each mistake is one clear line, none is passed over in silence."""
import json
import os
import pathlib
import signal
import subprocess
import time

from program import PROGRAM, ROOT, ask, check, finish, run, scratch

TINY = ROOT / "tests/core/fixtures/forward/one_kv_head"
MEASURE = ("measure", TINY, "--layer", "layers.0.attn.q", "--method", "rtn", "--set", "group_size=-1")


def refused(arguments, code, kind, *parts, **environment):
    got, out, err = run(*arguments, **environment)
    what = " ".join(map(str, arguments))[:80]
    lines = err.strip().splitlines()
    check(got == code, f"{what}: exit {got}, expected {code}: {err!r}")
    check(len(lines) == 1 and lines[0].startswith("qscope: "), f"{what}: stderr is {err!r}")
    check(not out, f"{what}: stdout has {out[:80]!r}")
    for part in parts:
        check(part in err, f"{what}: {err!r} lacks {part!r}")
    report = json.loads(run(*arguments, "--json", **environment)[1])
    check(report["error"]["kind"] == kind, f"{what}: kind {report['error']['kind']}, expected {kind}")


def words():
    refused(("info", ""), 1, "io", '""', "name")
    refused(("tokenize", ""), 1, "io", '""', "name")
    refused(("recipe", ""), 1, "io", '""', "name")
    refused((*MEASURE, "--codes", ""), 1, "io", '""', "name")
    refused(("quantize", TINY, "--method", "rtn", "--set", "group_size=-1", "-o", ""), 1, "io", '""', "name")
    refused(("eval", TINY, "--text", "storys.evaluation"), 1, "io", "stories.evaluation")
    refused(("eval", TINY, "--set", "bits=3"), 2, "usage", "--set", "--method")
    for threads in ("0", "-1", "many", "100000"):
        refused(MEASURE, 2, "usage", "QSCOPE_THREADS", threads, QSCOPE_THREADS=threads)
    # Said before the work, not after it.
    refused(("plot", "histogram", TINY, "--layer", "layers.0.attn.nothing", "--method", "rtn", "-o", "x.gif"), 2, "usage", "x.gif", ".svg")


def recipes(folder):
    path = folder / "recipe.json"
    recipe = {"schema": "qscope.recipe/1", "model": {"architecture": "llama", "identity": None, "sha256": "0" * 64},
              "default": {"method": "rtn", "params": {"group_size": -1}},
              "rules": [{"match": "layers.*.attn.query", "keep": True}, {"match": "layers.0.attn.q", "keep": True}]}
    path.write_text(json.dumps(recipe))
    code, _, err = run("quantize", TINY, "--recipe", path, "-o", folder / "out")
    check(code == 0, f"a recipe of another model runs: {code} {err}")
    check("another model" in err, f"the other model is said: {err!r}")
    check('rules[0]: "layers.*.attn.query" matches no layer' in err, f"the idle rule is said: {err!r}")
    check("rules[1]" not in err, f"the other rule is not: {err!r}")
    refused(("quantize", TINY, "--recipe", path, "--set", "bits=3", "-o", folder / "out2"), 2, "usage", "--set")


def streams(folder):
    """A closed standard stream gives its number to no file of ours."""
    path = folder / "logits.npy"
    whole = subprocess.run([PROGRAM, "logits", TINY, "--ids", "1,2", "-o", path, "--no-cache"], capture_output=True)
    expected = path.read_bytes()
    for closed, code in (("0<&-", 0), ("2>&-", 0), ("1>&-", 1), ("0<&- 1>&- 2>&-", 1)):
        path.unlink()
        got = subprocess.run(["sh", "-c", f'"$0" "$@" {closed}', PROGRAM, "logits", TINY, "--ids", "1,2", "-o", path,
                              "--no-cache"], capture_output=True)
        check(got.returncode == code, f"{closed}: exit {got.returncode}, expected {code}: {got.stderr!r}")
        check(path.read_bytes() == expected, f"{closed}: the file differs")
    check(whole.returncode == 0 and whole.stdout, "the open streams work")


def interrupted(folder):
    """^C while a command waits for its text, and while it works."""
    read, write = os.pipe()
    for arguments, stdin in ((("tokenize",), read), (("quantize", "--method", "gptq", "-o", folder / "cut"), subprocess.DEVNULL)):
        process = subprocess.Popen([PROGRAM, *map(str, arguments)], stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=dict(os.environ, QSCOPE_CACHE="off"))
        time.sleep(0.7)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        check(process.returncode == 130, f"{arguments[0]}: exit {process.returncode} after ^C: {err[-200:]!r}")
        check(not out, f"{arguments[0]}: stdout has {out[:80]!r}")
    os.close(read)
    os.close(write)
    check(not list(folder.glob("cut*")), f"left behind: {list(folder.glob('cut*'))}")


def main():
    words()
    with scratch() as name:
        folder = pathlib.Path(name)
        recipes(folder)
        streams(folder)
        interrupted(folder)
    check(ask("info", TINY)["shape"]["kv_heads"] == 1, "and the model is as it was")
    finish("misuse")


main()
