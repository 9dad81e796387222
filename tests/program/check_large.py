#!/usr/bin/env python3
"""labels: slow
Models larger than the memory they may use: the same bits under any limit, a plan before the start, refusal in one
line, no litter, and a peak that does not grow with the model."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

from program import PROGRAM, ROOT, ask, check, finish, run, scratch

SHAPE = "--blocks 4 --hidden 256 --intermediate 640 --heads 8 --vocab 1000 --context 512 --shard 0.002".split()
DRAW = ["--sequences", "8", "--length", "128"]
TIGHT = ["--memory", "20M"]


def make(folder, *options):
    done = subprocess.run([sys.executable, ROOT / "scripts/make-large-model", folder, *options], capture_output=True, text=True)
    check(done.returncode == 0, f"make-large-model: {done.stderr}")
    return folder


def bare(report):
    return {k: v for k, v in report.items() if k != "run"}


def made(folder):
    """The script leaves a whole folder alone and makes another shape anew."""
    before = {f.name: f.stat().st_mtime_ns for f in folder.iterdir()}
    make(folder, *SHAPE)
    check(before == {f.name: f.stat().st_mtime_ns for f in folder.iterdir()}, "made again though it was whole")
    check(len(list(folder.glob("*.safetensors"))) > 2, "is not sharded")


def same_bits(folder, cache):
    text = folder / "ids.npy"
    for method in ("rtn", "nf4", "gptq", "awq"):
        arguments = ["measure", folder, "--layer", "layers.2.mlp.down", "--method", method, "--calibration", text, *DRAW]
        check(bare(ask(*arguments)) == bare(ask(*arguments, *TIGHT, QSCOPE_CACHE=cache)), f"{method}: a limit changes figures")
    arguments = ["eval", folder, "--method", "rtn", "--set", "bits=3", "--text", text, "--context", "64", "--tokens", "1024"]
    check(bare(ask(*arguments)) == bare(ask(*arguments, *TIGHT)), "eval: a limit changes figures")


def same_files(folder, out):
    arguments = ["quantize", folder, "--method", "gptq", "--calibration", folder / "ids.npy", *DRAW, "--propagated"]
    reports = [ask(*arguments, "-o", out / name, *limit)["files"] for name, limit in (("roomy", []), ("tight", TIGHT))]
    check(reports[0] == reports[1], "quantize --propagated: a limit changes the files")


def plans(folder):
    arguments = ["eval", folder, "--method", "rtn", "--text", folder / "ids.npy", "--tokens", "1024"]
    _, _, roomy = run(*arguments)
    check("plan:" not in roomy, f"a plan for a small model: {roomy}")
    code, _, tight = run(*arguments, *TIGHT)
    check(code == 0 and tight.count("plan: ") == 3 and "of 20.0 MiB allowed" in tight, f"no plan: {tight}")
    plan = ask(*arguments, *TIGHT, "--dry-run")
    estimate = plan["estimate"]
    check(estimate["memory_limit"] == 20 << 20 and 0 < estimate["memory_bytes"] <= 20 << 20, f"memory: {estimate}")
    check(estimate["operations"] > 0 and estimate["read_bytes"] > 0 and estimate["spilled_bytes"] > 0, f"{estimate}")
    check(plan["run"]["estimated_seconds"] > 0 and plan["run"]["operations_per_second"] > 0, "no rate")


def refusals(folder, out):
    for arguments in (["measure", folder, "--layer", "layers.0.mlp.down", "--method", "gptq", "--calibration",
                       folder / "ids.npy"], ["quantize", folder, "--method", "rtn", "-o", out / "refused"]):
        code, stdout, stderr = run(*arguments, "--memory", "1M")
        check(code == 1 and not stdout and stderr.count("\n") == 1 and "allow more with --memory" in stderr,
              f"exit {code}: {stderr}")
    check(not (out / "refused").exists(), "a refused quantize leaves a folder")
    code, _, stderr = run("info", folder, "--memory", "lots")
    check(code == 2 and '"lots" is no size' in stderr, stderr)
    code, _, stderr = run("info", folder, QSCOPE_MEMORY="lots")
    check(code == 2 and "QSCOPE_MEMORY" in stderr, stderr)


def litter(cache):
    return [p.name for p in cache.glob("*") if not (len(p.name) == 2 and p.is_dir())] if cache.exists() else []


def interrupted(folder, cache):
    """^C at several moments: nothing but whole entries is left, and nothing is lost."""
    arguments = ["quantize", folder, "--method", "gptq", "--calibration", folder / "ids.npy", *DRAW, "--propagated"]
    for i, delay in enumerate((0.02, 0.1, 0.2, 0.4)):
        out = cache.parent / f"interrupted-{i}"
        env = dict(os.environ, QSCOPE_CACHE=str(cache), QSCOPE_MEMORY="20M")
        child = subprocess.Popen([PROGRAM, *map(str, arguments), "-o", out], env=env, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE)
        time.sleep(delay)
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=60)
        check(child.returncode in (0, 130, -signal.SIGINT), f"exit {child.returncode} after ^C")
        check(not litter(cache), f"litter after ^C: {litter(cache)}")
        check(child.returncode == 0 or not out.exists(), "a folder after ^C")


def peak(*arguments):
    """Largest memory of one run in bytes, pages of mapped files included."""
    pid = os.posix_spawn(PROGRAM, [PROGRAM, *map(str, arguments)], dict(os.environ, QSCOPE_CACHE="off"),
                         file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
    _, status, usage = os.wait4(pid, 0)
    check(status == 0, f"{arguments}: status {status}")
    return usage.ru_maxrss * 1024


def peaks(folder):
    """300 MB of weights pass through; a block of 12 is 50 MB in float32."""
    if b"__asan_init" in pathlib.Path(PROGRAM).read_bytes() or b"__tsan_init" in pathlib.Path(PROGRAM).read_bytes():
        return
    make(folder, *"--blocks 12 --hidden 1024 --intermediate 2816 --heads 8 --vocab 1000 --context 512 --tokens 2048".split())
    size = sum(f.stat().st_size for f in folder.glob("*.safetensors"))
    measured = peak("measure", folder, "--layer", "layers.11.mlp.down", "--method", "gptq", "--set", "group_size=-1",
                    "--calibration", folder / "ids.npy", "--sequences", "2", "--length", "128", "--threads", "2")
    check(measured < 0.8 * size, f"a pass through {size} bytes takes {measured}")
    check(measured < 240 << 20, f"peak of {measured} bytes")


def main():
    with scratch() as name:
        folder = pathlib.Path(name)
        model, cache = make(folder / "model", *SHAPE), folder / "cache"
        made(model)
        same_bits(model, cache)
        same_files(model, folder)
        plans(model)
        refusals(model, folder)
        interrupted(model, cache)
        peaks(folder / "larger")
    finish("large models")


main()
