#!/usr/bin/env python3
"""Screens made by scripts, compared with the text files beside this one; --update rewrites them: review the
diff. Digits of what depends on the numeric profile are masked."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PROGRAM = os.path.abspath(sys.argv[1])
UPDATE = "--update" in sys.argv[2:]
SMALL = str(ROOT / "tests/core/fixtures/forward/one_kv_head")
TINY = ROOT / "tests/core/fixtures/forward/tied_five_heads"
COMMIT = "a" * 40
SIZES = ("60x16", "80x24", "120x40")
failures = []


def cached(hub, repo, files):
    at = hub / ("models--" + repo.replace("/", "--")) / "snapshots" / COMMIT
    at.mkdir(parents=True)
    for name, data in files.items():
        (at / name).write_bytes(data)


def at_hand(folder):
    """A folder with models of its own and a cache, all of them named by relative paths."""
    tiny = {name: (TINY / name).read_bytes() for name in ("config.json", "model.safetensors")}
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    cached(folder / "hub", "org/tiny", tiny)
    cached(folder / "hub", "org/encoder", {"config.json": b'{"model_type":"bert","dtype":"float32"}'})
    cached(folder / "hub", "org/half", {"config.json": tiny["config.json"],
                                        "model.safetensors.index.json": json.dumps(index).encode(),
                                        "model-00001-of-00002.safetensors": b"x" * 5000})
    shutil.copytree(TINY, folder / "copy")
    os.symlink(ROOT / "models", folder / "models")
    return {"HF_HUB_CACHE": "hub", "QSCOPE_MODELS": "models", "XDG_STATE_HOME": str(folder / "state")}


def screens(script, size, ascii_only, folder):
    """Run one script; the files that it saved, by name."""
    lines = script.read_text().replace("OUT/", f"{folder}/")
    (folder / "script").write_text(lines)
    changes = {"cwd": folder, "env": dict(os.environ, QSCOPE_CACHE="off", LC_ALL="C")}
    if script.stem == "open":
        (folder / "here").mkdir()
        changes["cwd"] = folder / "here"
        changes["env"].update(at_hand(folder / "here"))
    model = [] if script.stem == "perplexity" else [SMALL]
    done = subprocess.run([PROGRAM, "script", folder / "script", *model, "--size", size, *(["--ascii"] if ascii_only else [])],
                          capture_output=True, timeout=120, **changes)
    if done.returncode:
        failures.append(f"{script.name} {size}: exit {done.returncode}: {done.stderr.decode()[-300:]}")
    return {f.name: f.read_text() for f in sorted(folder.iterdir()) if f.is_file() and f.name != "script"}


def masked(text):
    """What a figure may change: its digits, its sign, and so how many blanks stand before it."""
    return re.sub(r" +[#+-]", " #", re.sub(r"\d+", "#", text))


def compare(name, text):
    golden = HERE / name
    if UPDATE:
        golden.write_text(text)
    elif not golden.exists():
        failures.append(f"{name}: not there; run with --update and review it")
    elif golden.read_text() != text:
        old, new = golden.read_text().splitlines(), text.splitlines()
        differs = [f"-{a}\n+{b}" for a, b in zip(old, new) if a != b]
        failures.append(f"{name}: {len(differs)} rows differ:\n" + "\n".join(differs[:6]))


def shape(name, text, size, ascii_only):
    columns, rows = map(int, size.split("x"))
    lines = text.split("\n")
    if len(lines) != rows + 1 or any(len(line) > columns for line in lines):
        failures.append(f"{name}: not {size}")
    if ascii_only and not text.isascii():
        failures.append(f"{name}: not ASCII")


def main():
    for script in sorted(HERE.glob("*.qs")):
        sizes = SIZES[1:2] if script.stem == "perplexity" else SIZES
        for size, ascii_only in ((size, ascii_only) for size in sizes for ascii_only in (False, True)):
            with tempfile.TemporaryDirectory() as folder:
                saved = screens(script, size, ascii_only, pathlib.Path(folder))
            for stem, text in saved.items():
                name = f"{script.stem}.{stem}.{size}.{'ascii' if ascii_only else 'utf8'}.txt"
                shape(name, text, size, ascii_only)
                compare(name, masked(text) if stem == "masked" else text)
    print("\n".join(failures) or "screens: all as kept")
    return 1 if failures else 0


sys.exit(main())
