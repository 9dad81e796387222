#!/usr/bin/env python3
"""labels: slow
The program from outside: exit codes, streams, equal bytes, interruption, pages made from the table."""
import hashlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.path.abspath(sys.argv[1])
SMALL = ["--calibration", "code.calibration", "--sequences", "6", "--length", "64"]
LAYER = ["measure", "--layer", "layers.1.mlp.down"]
failures = []


def check(truth, message):
    if not truth:
        failures.append(message)


def run(*arguments, stdin=b"", **environment):
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, timeout=120, input=stdin,
                          env=dict(os.environ, **environment))
    return done.returncode, done.stdout, done.stderr.decode()


def without_run(out):
    obj = json.loads(out)
    obj.pop("run")
    return json.dumps(obj)


def equal_bytes(folder):
    """On one thread or two, with a cache cold, warm or off."""
    cache = str(folder / "equal")
    ways = [(["--threads", "1"], {}), (["--threads", "2"], {}), (["--no-cache"], {}),
            (["--threads", "2"], {"QSCOPE_CACHE": cache}), (["--threads", "1"], {"QSCOPE_CACHE": cache})]
    commands = [[*LAYER, "--method", "gptq", *SMALL], [*LAYER, "--method", "awq", *SMALL],
                ["eval", "--method", "gptq", "--set", "bits=3", *SMALL, "--text", "code.evaluation", "--tokens", "1024"]]
    for command in commands:
        seen = set()
        for extra, environment in ways:
            code, out, err = run(*command, "--json", *extra, **dict({"QSCOPE_CACHE": "off"}, **environment))
            check(code == 0, f"{command[:4]}: exit {code} {err}")
            seen.add(without_run(out) if code == 0 else err)
        check(len(seen) == 1, f"{command}: {len(seen)} different results")


def folders(folder):
    """Two folders quantized alike hold the same bytes; the recipe of one makes the third."""
    arguments = ["--method", "gptq", "--set", "bits=3", *SMALL]
    first, second, third = (folder / name for name in ("one", "two", "three"))
    reports = [run("quantize", *arguments, "-o", first, "--json", "--threads", "1"),
               run("quantize", *arguments, "-o", second, "--json", "--threads", "2"),
               run("quantize", "--recipe", first / "qscope-recipe.json", "-o", third, "--json")]
    check([r[0] for r in reports] == [0, 0, 0], f"quantize: {reports}")
    names = sorted(f.name for f in first.iterdir())
    for other in (second, third):
        check(sorted(f.name for f in other.iterdir()) == names, f"{other.name}: other files")
        for name in names:
            check((first / name).read_bytes() == (other / name).read_bytes(), f"{other.name}/{name} differs")
    recipe = json.loads((first / "qscope-recipe.json").read_text())
    recipe.pop("provenance")
    text = json.dumps(recipe, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    check(hashlib.sha256(text.encode()).hexdigest() == json.loads(reports[0][1])["recipe_sha256"], "the recipe's hash")
    listed = {f["name"] for f in json.loads(reports[0][1])["files"]}
    check(listed | {"qscope-report.json"} == set(names), f"listed {listed}, there are {names}")
    check(not list(folder.glob("*.part-*")), "a temporary folder was left")
    equal_nll(folder, first)
    code, _, err = run("quantize", *arguments, "-o", first)
    check(code == 1 and "not empty" in err, f"a full folder: {code} {err}")
    (folder / "empty").mkdir()
    code, _, err = run("quantize", *arguments, "-o", folder / "empty")
    check(code == 0, f"an empty folder: {code} {err}")


def equal_nll(folder, quantized):
    text = ["--text", "code.evaluation", "--tokens", "1024", "--json"]
    recipe = json.loads(run("eval", "--recipe", quantized / "qscope-recipe.json", *text)[1])["texts"][0]
    written = json.loads(run("eval", quantized, *text)[1])["texts"][0]
    check(abs(recipe["current"]["nll"] - written["baseline"]["nll"]) < 1e-6, f"{recipe} against {written}")


def gates():
    text = ["eval", "--method", "rtn", "--set", "bits=2", "--text", "code.evaluation", "--tokens", "1024"]
    code, out, err = run(*text, "--max-kl", "1e-9")
    check(code == 4 and err.startswith("qscope: code.evaluation: mean KL"), f"gate: {code} {err}")
    check(b"code.evaluation" in out, "the table is printed before the gate says no")
    code, out, _ = run(*text, "--max-kl", "1e-9", "--json")
    obj = json.loads(out)
    check(code == 4 and obj["error"]["kind"] == "gate", f"gate in JSON: {code} {obj}")
    check(obj["result"]["texts"][0]["kl"]["mean"] > 1e-9, "the gate's object holds what was found")
    check(run(*text, "--max-kl", "100", "--max-delta-nll", "100")[0] == 0, "an open gate")
    check(run("eval", "--max-kl", "1")[0] == 2, "a gate without anything to compare with")


def errors(folder):
    text = folder / "empty.txt"
    text.write_text("")
    tiny = folder / "tiny.txt"
    tiny.write_text("a few words")
    recipe = folder / "recipe.json"
    recipe.write_text('{"schema":"qscope.recipe/1","ruels":[]}')
    cases = [
        (["evla"], 2, "did you mean eval"), (["info", "--jsn"], 2, "did you mean --json"),
        (["info", "/nothing"], 1, "/nothing"), (["measure", "--method", "rtn"], 2, "--layer is missing"),
        ([*LAYER, "--method", "rtn", "--set", "group_size=100"], 1, "100"),
        ([*LAYER, "--method", "gptq", "--calibration", text], 1, "empty.txt"),
        ([*LAYER, "--method", "gptq", "--calibration", tiny, "--length", "64"], 1, "tiny.txt"),
        ([*LAYER, "--method", "gptq", "--calibration", "storeis.calibration"], 1, "storeis"),
        (["eval", "--text", tiny], 1, "tiny.txt"), (["eval", "--recipe", recipe], 1, "rules"),
        (["recipe", recipe], 1, "did you mean"), (["recipe", folder / "none.json"], 1, "none.json"),
        (["measure", "--layer", "embed", "--method", "nf4", "--set", "block_size=63"], 1, "block_size"),
        (["logits", "--ids", "1,x"], 2, "x"), (["logits", "--ids", "99999"], 1, "99999"),
        (["--threads", "0", "info"], 2, "--threads"), (["--kernels", "sse9", "info"], 2, "sse9"),
        (["plot", "pie"], 2, "pie"), (["quantize", "--method", "rtn", "-o", text], 1, "no folder"),
        (["info", "/tmp/\x1b[31m"], 1, "^[[31m"),
    ]
    for arguments, code, part in cases:
        got, out, err = run(*arguments)
        what = " ".join(map(str, arguments))
        check(got == code, f"{what}: exit {got}: {err}")
        check(err.count("\n") == 1 and err.startswith("qscope: ") and part in err, f"{what}: {err!r}")
        check(not out, f"{what}: data {out[:80]!r}")
        check("\x1b" not in err, f"{what}: an escape reached the terminal")


def interrupted(folder):
    """SIGINT stops within a tenth of a second (a machine under load gets half) and exits 130."""
    out = folder / "never"
    process = subprocess.Popen([PROGRAM, "quantize", "--method", "awq", "--propagated", "-o", out, "--json", "--no-cache"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(0.7)
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    data, err = process.communicate(timeout=30)
    passed = time.monotonic() - start
    check(process.returncode == 130, f"interrupted: exit {process.returncode} {err}")
    check(json.loads(data)["error"]["kind"] == "cancelled", f"interrupted: {data[:100]}")
    check(passed < 0.5, f"interrupted: took {passed:.3f} s")
    check(not out.exists() and not list(folder.glob("never*")), "an interrupted quantize left files")


def pages():
    page = run("man")[1].decode()
    check(page == (ROOT / "docs/qscope.1").read_text(), "docs/qscope.1 is old; run: qscope man > docs/qscope.1")
    script = run("completion")[1]
    done = subprocess.run(["bash", "-c", "source /dev/stdin; COMP_WORDS=(qscope measure --method g); COMP_CWORD=3; "
                           "_qscope; echo ${COMPREPLY[*]}"], input=script, capture_output=True)
    methods = [m["name"] for m in json.loads(run("methods", "--json")[1])["methods"] if m["name"].startswith("g")]
    check("gptq" in methods and done.stdout.decode().split() == methods, f"completion: {done.stdout} {done.stderr}")
    for command in ("info", "eval", "quantize"):
        check(run("help", command)[1] == run(command, "--help")[1], f"{command} --help")
    check(b"Commands:" in run("--help")[1] and run("--version")[0] == 0, "--help and --version")


def streams():
    check(run("tokenize", "--string", "Once upon a time") == run("tokenize", "-", stdin=b"Once upon a time"),
          "tokenize reads standard input")
    code, out, err = run("methods", "--csv")
    check(code == 0 and out.startswith(b"method,parameter") and not err, f"--csv: {out[:40]} {err}")
    code, out, err = run("tokenize", "--decode", "--ids", "5,6,7")
    check(code == 0 and not err, f"decode: {err}")
    with open("/dev/full", "w") as full:
        done = subprocess.run([PROGRAM, "info"], stdout=full, stderr=subprocess.PIPE)
    check(done.returncode == 1 and b"standard output" in done.stderr, f"a full disk: {done}")


def reproducible():
    obj = json.loads(run("version", "--reproducible", "--json")[1])
    check("Haswell; avx2" in obj["numeric_profile"], f"--reproducible: {obj['numeric_profile']}")


def main():
    with tempfile.TemporaryDirectory(prefix="qscope-check-") as name:
        folder = pathlib.Path(name)
        os.environ["QSCOPE_CACHE"] = "off"
        equal_bytes(folder)
        folders(folder)
        gates()
        errors(folder)
        interrupted(folder)
    pages()
    streams()
    if "avx2" in pathlib.Path("/proc/cpuinfo").read_text():
        reproducible()
    print("\n".join(failures) or "program: all as pinned")
    return 1 if failures else 0


sys.exit(main())
