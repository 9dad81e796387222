"""One layer of a 7B on the machine's cores: opening, time and the largest memory

A synthetic Llama of 32 blocks, 4096 wide and 11008 inside, in bfloat16 (scripts/make-large-model; QSCOPE_LARGE names
another folder for it). Each layer is quantized by a fresh process with nothing kept on disk: the statistics of 2,048
tokens come through all blocks before it. Memory is the largest resident size of the process (VmHWM), pages of mapped
files included."""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

from _figures import at_most, plain

ROOT = pathlib.Path(__file__).resolve().parents[2]
GIB = 1 << 30
LAYERS = ("layers.16.attn.q", "layers.1.mlp.down")
METHODS = ("rtn", "nf4", "gptq")
DRAW = ("--sequences", "8", "--length", "256")


def model():
    """The checkpoint's folder; made unless it is there."""
    named = [os.environ["QSCOPE_LARGE"]] if "QSCOPE_LARGE" in os.environ else []
    done = subprocess.run([sys.executable, ROOT / "scripts/make-large-model", *named], stdout=subprocess.PIPE, text=True, check=True)
    return pathlib.Path(done.stdout.strip())


def run(build, *arguments):
    """One process with an empty cache: its object, and its largest resident size in bytes."""
    with tempfile.TemporaryDirectory() as cache:
        reading, writing = os.pipe()
        program = str(build / "qscope")
        pid = os.posix_spawn(program, [program, *map(str, arguments), "--json"], dict(os.environ, QSCOPE_CACHE=cache),
                             file_actions=[(os.POSIX_SPAWN_DUP2, writing, 1), (os.POSIX_SPAWN_CLOSE, reading)])
        os.close(writing)
        with os.fdopen(reading) as f:
            said = f.read()
        _, status, usage = os.wait4(pid, 0)
    if status:
        raise RuntimeError(f"{arguments}: status {status}")
    return json.loads(said), usage.ru_maxrss * 1024


def measure(build):
    folder = model()
    text = folder / "ids.npy"
    opened = [run(build, "info", folder) for _ in range(5)]
    size = opened[0][0]["model"]["bytes"]
    figures = [
        plain("weights on disk", size / GIB, "GiB"),
        at_most("open it and list its layers, median of 5", statistics.median(o[0]["run"]["seconds"] for o in opened), "s", 1),
        plain("open: memory", max(o[1] for o in opened) / GIB, "GiB"),
    ]
    for layer in LAYERS:
        for method in METHODS:
            report, peak = run(build, "measure", folder, "--layer", layer, "--method", method, "--calibration", text, *DRAW)
            tokens = report["calibration"]["tokens"]
            figures += [plain(f"{layer}, {method}, statistics of {tokens:,} tokens", report["run"]["seconds"], "s"),
                        at_most(f"{layer}, {method}: memory", peak / GIB, "GiB", 3)]
    report, peak = run(build, "measure", folder, "--layer", LAYERS[1], "--method", "gptq", "--calibration", text, *DRAW,
                       "--memory", "2G")
    figures += [plain(f"{LAYERS[1]}, gptq, within --memory 2G", report["run"]["seconds"], "s"),
                at_most(f"{LAYERS[1]}, gptq, within --memory 2G: memory", peak / GIB, "GiB", 2)]
    report, peak = run(build, "eval", folder, "--text", text, "--context", "512", "--tokens", "512")
    figures += [plain("perplexity of 512 tokens, one window", report["run"]["seconds"], "s"),
                at_most("perplexity: memory", peak / GIB, "GiB", 3)]
    gram = json.loads(subprocess.run([build / "bench/gram", "11008", "512"], capture_output=True, text=True, check=True).stdout)
    figures += [plain("Gram matrix of 11,008 columns", gram["matrix_bytes"] / GIB, "GiB"),
                at_most("memory from its first sum to the matrix, over the matrix", (gram["peak_bytes"] - gram["rows_bytes"]) / gram["matrix_bytes"], "x", 1.2),
                plain("from its sums to the matrix, in place", gram["finishing"], "s")]
    return {"figures": figures}
