"""Drives the qscope binary as a stranger would: the pinned command line, JSON and files, nothing else."""
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "models" / "shipped"
TEXTS = ROOT / "models" / "texts"
PROGRAM = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / "build/release/qscope")
FAILURES = []


def run(*arguments, **environment):
    env = dict(os.environ, **{"QSCOPE_CACHE": "off", **{k: str(v) for k, v in environment.items()}})
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, env=env, timeout=240)
    return done.returncode, done.stdout, done.stderr.decode(errors="replace")


def ask(*arguments, expect=0, **environment):
    """Run with --json; the object. Fails the check when the exit code is another."""
    code, out, err = run(*arguments, "--json", **environment)
    check(code == expect, f"{' '.join(map(str, arguments))}: exit {code}, expected {expect}: {err.strip()[-300:]}")
    return json.loads(out)


def check(truth, message):
    if not truth:
        FAILURES.append(message)
        print("FAIL:", message)


def near(a, b, relative, message, absolute=0.0):
    check(abs(a - b) <= relative * max(abs(a), abs(b)) + absolute, f"{message}: {a!r} against {b!r}")


def finish(name):
    print(f"{name}: {len(FAILURES)} failed" if FAILURES else f"{name}: all as pinned")
    sys.exit(1 if FAILURES else 0)


def scratch():
    return tempfile.TemporaryDirectory(prefix="qscope-check-")


def tensor(folder, name):
    """One tensor of model.safetensors as float32."""
    data = (pathlib.Path(folder) / "model.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    entry = json.loads(data[8:8 + length])[name]
    begin, end = entry["data_offsets"]
    raw = data[8 + length + begin:8 + length + end]
    if entry["dtype"] == "BF16":
        values = (np.frombuffer(raw, "<u2").astype(np.uint32) << 16).view(np.float32)
    else:
        values = np.frombuffer(raw, {"F32": "<f4", "F16": "<f2"}[entry["dtype"]]).astype(np.float32)
    return values.reshape(entry["shape"])
