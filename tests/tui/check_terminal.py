#!/usr/bin/env python3
"""The workbench on real pseudo-terminals: every TERM and locale starts, shows and leaves the terminal as it
was; signals, resizes, pastes and a lone Escape do what they should."""
import json
import os
import pathlib
import random
import re
import shutil
import signal
import sys
import tempfile
import time

try:
    import pexpect
except ImportError:
    print("skipped: python3-pexpect is not installed")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.path.abspath(sys.argv[1])
MODEL = str(ROOT / "tests/core/fixtures/forward/one_kv_head")
PATIENCE = 30
state = tempfile.TemporaryDirectory()
failures = []


def start(rows=24, columns=80, arguments="", model=MODEL, **changes):
    """Under a shell that notes the terminal's settings before and after, and how the program ended."""
    environment = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "LINES", "COLUMNS", "COLORTERM")}
    environment.update(TERM="xterm-256color", LC_ALL="C.UTF-8", XDG_STATE_HOME=state.name, QSCOPE_CACHE="off", PS1="")
    environment.update(changes)
    line = (f"stty -a; echo BEGIN; {PROGRAM} {arguments} {model} 2>{state.name}/err; "
            "code=$?; echo; echo END $code; stty -a; echo DONE")
    child = pexpect.spawn("/bin/sh", ["-c", line], env=environment, dimensions=(rows, columns), timeout=PATIENCE)
    child.delaybeforesend = None
    child.expect("BEGIN")
    child.before_settings = settings(child.before)
    return child


def settings(text):
    """Without the size, which tests change."""
    return re.sub(rb"rows \d+; columns \d+;", b"", text).replace(b"\r", b"").split(b"speed", 1)[-1].split()


def finish(child, code, name):
    child.expect(rb"END (\d+)")
    ended = int(child.match.group(1))
    if ended != code:
        failures.append(f"{name}: ended with {ended}, not {code}: {open(state.name + '/err').read()[-300:]}")
    child.expect("DONE")
    if settings(child.before) != child.before_settings:
        failures.append(f"{name}: the terminal is not as before")
    child.close()


def ready(child):
    child.expect("layers")
    child.expect("step|idle|no calibration")


def matrix():
    for term in ("xterm-256color", "tmux-256color", "screen", "linux", "vt100", "no-such-terminal"):
        for locale in ("C.UTF-8", "C", "xx_YY.bogus"):
            for no_color in ({}, {"NO_COLOR": "1"}):
                name = f"TERM={term} LC_ALL={locale} {no_color}"
                child = start(TERM=term, LC_ALL=locale, **no_color)
                try:
                    ready(child)
                    shown = child.before
                    child.send("q")
                    i = child.expect(["END", "leave anyway"])
                    if i == 1:
                        child.send("y")
                        finish(child, 0, name)
                    else:
                        child.expect(rb" (\d+)")
                        child.expect("DONE")
                        if settings(child.before) != child.before_settings:
                            failures.append(f"{name}: the terminal is not as before")
                        child.close()
                    if locale == "C" and b"\xe2" in shown:
                        failures.append(f"{name}: bytes that are not ASCII")
                    if no_color and re.search(rb"\x1b\[[0-9;]*[34]8;5", shown):
                        failures.append(f"{name}: colours in spite of NO_COLOR")
                except (pexpect.TIMEOUT, pexpect.EOF):
                    failures.append(f"{name}: does not start or leave: {child.before[-200:]!r}")


def program_pid(child):
    """The shell's one child."""
    for _ in range(200):
        pids = open(f"/proc/{child.pid}/task/{child.pid}/children").read().split()
        for pid in pids:
            if os.path.basename(os.readlink(f"/proc/{pid}/exe")) == os.path.basename(PROGRAM):
                return int(pid)
        time.sleep(0.01)
    raise SystemExit("the program does not run")


def signals():
    for number in (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        for typing in (False, True):
            child = start()
            ready(child)
            if typing:
                child.send(":set b")
                child.expect("set b")
            os.kill(program_pid(child), number)
            child.expect("END")
            if b"\x1b[?2004l" not in child.before or b"\x1b[?1049l" not in child.before:
                failures.append(f"{number}: full-screen or paste mode stays on")
            child.expect(rb" (\d+)")
            if int(child.match.group(1)) not in (128 + number, 1, 134, 135, 139):
                failures.append(f"{number}: status {child.match.group(1)}")
            child.expect("DONE")
            if settings(child.before) != child.before_settings:
                failures.append(f"{number}: the terminal is not as before")
            child.close()


def leave(child, name):
    child.send("\x03")
    time.sleep(0.1)
    child.send(":quit --force\r")
    finish(child, 0, name)


def resizes():
    child = start(LINES="10", COLUMNS="20")  # frozen sizes from a parent are not believed
    ready(child)
    child.send(":set bits=")
    seed = random.Random(1)
    for _ in range(100):
        child.setwinsize(seed.randint(1, 100), seed.randint(1, 200))
        time.sleep(0.01)
        try:
            child.read_nonblocking(1 << 16, 0)
        except pexpect.TIMEOUT:
            pass
    child.setwinsize(10, 50)  # after readline was started, sizes still arrive
    child.expect("50x10")
    child.setwinsize(24, 80)
    child.expect("layers")
    child.send("\x1b")
    time.sleep(0.3)
    leave(child, "resizes")


def pastes():
    child = start()
    ready(child)
    child.send("\x1b[200~set bits=3\nset bits=2\n\x1b[201~")  # a paste is text, never keys
    child.expect("run 2 pasted lines")
    child.send("n")
    time.sleep(0.2)
    child.send("\x1b")
    time.sleep(0.3)
    child.send(":\x1b[200~history\x1b[201~")
    child.expect("history")
    child.send("\r")
    child.expect("1 start")
    leave(child, "pastes")
    child = start()
    ready(child)
    child.send(":\x1b[200~set bits=3\nset bits=2\n\x1b[201~")
    child.expect("run 2 pasted lines")
    child.send("y")
    child.expect("bits=2")
    leave(child, "pastes agreed to")


def escapes():
    child = start()
    ready(child)
    child.send(":undo")
    child.expect("undo")
    child.send("\x1b")  # alone: closes the line
    time.sleep(0.5)
    child.send("b")  # was it Meta-b?
    child.expect("b does nothing here")
    child.send(":set x\x1bb")  # at once: Alt-b moves by a word
    time.sleep(0.3)
    child.send("bits=5 \x0b\r")
    child.expect("set bits=5")
    leave(child, "escapes")


def wide():
    child = start()
    ready(child)
    child.send(":select h\u00e9llo\u6f22\u5b57\u0301")
    child.expect("select h\u00e9llo".encode())
    child.send("\x7f\x7f\x7f\x7f\x7f\x7f\r")
    child.expect("no such layer")
    leave(child, "wide characters")


def history():
    child = start()
    ready(child)
    child.send(":metric bits\r")
    child.expect("bits per weight")
    leave(child, "history")
    kept = pathlib.Path(state.name) / "qscope/history"
    if "metric bits" not in kept.read_text():
        failures.append("the history is not kept")
    if kept.stat().st_mode & 0o077:
        failures.append("others may read the history")
    child = start()
    ready(child)
    child.send(":\x12metric b")  # ^R searches what was typed in another run
    child.expect("metric bits")
    child.send("\x1b")
    time.sleep(0.3)
    leave(child, "search in the history")


def suspends():
    child = start()
    ready(child)
    pid = program_pid(child)
    os.kill(pid, signal.SIGTSTP)
    time.sleep(0.5)
    os.kill(pid, signal.SIGCONT)
    child.setwinsize(25, 81)
    child.expect("layers")
    leave(child, "suspend")


def shrinks():
    """The model's file is cut short under the open workbench: it says so and stays."""
    model = os.path.join(state.name, "cut")
    shutil.copytree(MODEL, model)
    child = start(model=model)
    ready(child)
    os.truncate(os.path.join(model, "model.safetensors"), 5000)
    for key in "r]mrmr":
        child.send(key)
        time.sleep(0.2)
    screen = os.path.join(state.name, "cut.txt")
    child.send(f":save-display {screen}\r")
    for _ in range(100):
        if os.path.exists(screen):
            break
        time.sleep(0.05)
    if not os.path.exists(screen):
        failures.append("a file that shrinks: the workbench is gone")
    else:
        leave(child, "a file that shrinks")


def drain(child):
    """What nobody reads would fill the terminal's buffer and stop the program."""
    try:
        while True:
            child.read_nonblocking(1 << 16, 0)
    except pexpect.TIMEOUT:
        pass


def shows(child, text):
    """Until the screen, written as text, holds this."""
    path = pathlib.Path(state.name) / "shown.txt"
    for _ in range(100):
        child.send(f":save-display {path}\r")
        time.sleep(0.1)
        drain(child)
        if path.exists() and text in path.read_text():
            path.unlink()
            return
    failures.append(f"the screen never shows {text!r}: {path.read_text() if path.exists() else ''}")


def opens():
    """A list to choose from; the open model is saved before it gives way, and stays when that fails."""
    other = os.path.join(state.name, "other")
    own = pathlib.Path(state.name) / "qscope"
    shutil.copytree(MODEL, other)
    shutil.rmtree(own, ignore_errors=True)
    child = start(columns=200, HF_HUB_CACHE=os.path.join(state.name, "hub"))
    ready(child)
    child.send("O")
    child.expect("type to filter")
    child.expect("shipped")
    child.send("\x1b")
    time.sleep(0.3)
    child.send(":focus log\r:zoom\r:set bits=3\r")
    child.send(f":open {other}\r")
    shows(child, "qscope  other")
    if not list(own.glob("sessions/one_kv_head-*.json")):
        failures.append("open: the model before was not saved")
    recent = json.loads((own / "recent.json").read_text())
    if recent["models"] != [other, MODEL]:
        failures.append(f"open: recent models are {recent}")
    time.sleep(1)
    shutil.rmtree(own / "sessions")
    (own / "sessions").write_text("no folder")
    child.send(f":set bits=2\r:open {MODEL}\r")
    shows(child, "the open model stays, since its session cannot be saved")
    shows(child, "qscope  other")
    child.send(f":open --unsaved {MODEL}\r")
    shows(child, "qscope  one_kv_head")
    (own / "sessions").unlink()
    leave(child, "opens")


def main():
    for test in (matrix, signals, resizes, pastes, escapes, wide, history, suspends, shrinks, opens):
        try:
            test()
        except (pexpect.TIMEOUT, pexpect.EOF) as gone:
            failures.append(f"{test.__name__}: {str(gone).splitlines()[0]} {str(gone)[-1500:]}")
    print("\n".join(failures) or "terminals: all as they should be")
    return 1 if failures else 0


sys.exit(main())
