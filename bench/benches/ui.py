"""The workbench: keys, cancel, start and idling

On a pseudo-terminal of 120 columns and 40 rows, from outside, the time of the reader included. Keys and cancel
while gptq solves a generated layer of 4096 by 4096; start on the shipped model, to the first full screen."""
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

from _figures import at_most, plain

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEYS = 50  # for each change of a knob: as long as the job it starts


def spawn(program, folder, *arguments):
    import pexpect

    environment = dict(os.environ, TERM="xterm-256color", LC_ALL="C.UTF-8", XDG_STATE_HOME=str(folder), QSCOPE_CACHE="off")
    child = pexpect.spawn(str(program), [str(a) for a in arguments], env=environment, dimensions=(40, 120), timeout=300)
    child.delaybeforesend = None
    return child


def drain(child):
    import pexpect

    try:
        while True:
            child.read_nonblocking(1 << 16, 0.02)
    except pexpect.TIMEOUT:
        pass


def line(child, text):
    child.send(f":{text}\r")
    time.sleep(0.3)
    drain(child)


def wait_idle(child):
    """:save-state says what is still to do."""
    import json

    with tempfile.TemporaryDirectory() as folder:
        for _ in range(600):
            path = pathlib.Path(folder) / "s.json"
            line(child, f"save-state {path}")
            if path.exists() and not json.loads(path.read_text()).get("jobs", [1]):
                return
    raise RuntimeError("it never becomes idle")


def key_times(child):
    """From a key to the last byte of the frame that answers it; keys that change something visible."""
    times = []
    for i in range(KEYS):
        drain(child)
        start = time.perf_counter()
        child.send("\t" if i % 2 else "n")
        child.read_nonblocking(1 << 16, 5)
        times.append(time.perf_counter() - start)
    return sorted(times)


def start_time(program, folder):
    start = time.perf_counter()
    child = spawn(program, folder)
    child.expect("stories")  # the perplexity pane: drawn once the model is open
    child.expect("applies|sequences|text")
    seconds = time.perf_counter() - start
    child.send("q")
    child.send("y")
    child.expect_exact(__import__("pexpect").EOF)
    return seconds


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cancels(child, folder):
    found = []
    for bits in (2, 3, 8, 2, 3):
        line(child, f"set bits={bits} damp=0.0{bits}")
        time.sleep(0.1)
        child.send("\x03")
        wait_idle(child)
    line(child, "focus log")
    line(child, f"save-display {folder}/log.txt")
    found = [int(n) for n in re.findall(r"stopped after (\d+) ms", (folder / "log.txt").read_text())]
    return sorted(found)


def measure(build):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        starts = [start_time(build / "qscope", folder) for _ in range(5)]
        subprocess.run([sys.executable, ROOT / "tests/support/make_layer.py", folder / "model", "4096"], check=True)
        child = spawn(build / "qscope", folder, folder / "model")
        child.expect("layers")
        for text in ("auto off", "keep layers.0.**", f"calibrate {folder}/model/tokens.npy --sequences 8 --length 128"):
            line(child, text)
        for text in ("select layers.0.attn.q", "scope layer"):
            line(child, text)
        wait_idle(child)
        before, began = cpu_seconds(child.pid), time.perf_counter()
        time.sleep(5)
        idle = (cpu_seconds(child.pid) - before) / (time.perf_counter() - began)
        line(child, "method gptq bits=4")
        times = []
        for bits in (3, 4, 5, 6, 7, 8):
            line(child, f"set bits={bits}")
            times += key_times(child)[:]
            wait_idle(child)
        times.sort()
        stops = cancels(child, folder)
        child.send(":quit --force\r")
        child.close()
    figures = [at_most("key to redraw while a job runs, 99th percentile", times[int(0.99 * len(times))], "s", 0.05),
               plain("key to redraw, median", statistics.median(times), "s"),
               at_most("cancel to the job's end, slowest", max(stops) / 1000, "s", 0.1) if stops else
               plain("cancel to the job's end: no job lasted until then", None, "s"),
               at_most("start to the first full screen, median", statistics.median(starts), "s", 1),
               plain("processor time while idle", idle, "share of a core")]
    return {"figures": figures}
