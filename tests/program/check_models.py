#!/usr/bin/env python3
"""qscope models, and a model named by its ID wherever a MODEL is asked for, on a cache made here."""
import json
import os
import pathlib
import shutil
import subprocess
import time

import program
from program import ROOT, ask, check, finish, run, scratch

TINY = ROOT / "tests/core/fixtures/forward/one_kv_head"
LLAMA2C = ROOT.parent / "shared/data/models/stories260K/stories260K.bin"
COMMITS = ("a" * 40, "b" * 40)


def snapshot(hub, repo, commit, files, main=True):
    """As the cache's tools lay it out: links into blobs."""
    folder = hub / ("models--" + repo.replace("/", "--"))
    (folder / "blobs").mkdir(parents=True, exist_ok=True)
    (folder / "refs").mkdir(exist_ok=True)
    at = folder / "snapshots" / commit
    at.mkdir(parents=True)
    for name, data in files.items():
        blob = f"{len(list((folder / 'blobs').iterdir())):040x}"
        (folder / "blobs" / blob).write_bytes(data)
        os.symlink(f"../../blobs/{blob}", at / name)
    if main:
        (folder / "refs/main").write_text(commit)
    return at


def make_cache(hub):
    tiny = {name: (TINY / name).read_bytes() for name in ("config.json", "model.safetensors")}
    snapshot(hub, "org/tiny", COMMITS[0], tiny)
    snapshot(hub, "org/tiny", COMMITS[1], {"config.json": tiny["config.json"]}, main=False)
    snapshot(hub, "lonely", COMMITS[0], tiny)
    snapshot(hub, "google/encoder", COMMITS[0], {"config.json": b'{"model_type":"bert","dtype":"float32"}'})
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    snapshot(hub, "org/half", COMMITS[0], {"config.json": tiny["config.json"],
                                           "model.safetensors.index.json": json.dumps(index).encode(),
                                           "model-00001-of-00002.safetensors": tiny["model.safetensors"]})


def listing(hub, here):
    report = ask("models")
    models = {m["name"]: m for m in report["models"]}
    check(report["cache"] == str(hub), f"the cache is {report['cache']}")
    check([m["name"] for m in report["models"]] ==
          ["shipped", "google/encoder", "lonely", "org/half", "org/tiny", "org/tiny@" + "b" * 12, "copy"],
          f"listed: {list(models)}")
    tiny = models["org/tiny"]
    check(tiny["where"] == "cache" and tiny["why"] is None and tiny["architecture"] == "llama", f"{tiny}")
    info = ask("info", TINY)
    check(tiny["bytes"] == sum((TINY / n).stat().st_size for n in ("config.json", "model.safetensors")), f"{tiny}")
    check(tiny["dtype"] == max(info["model"]["dtypes"]), f"dtype {tiny['dtype']}, info {info['model']['dtypes']}")
    check("model-00002-of-00002.safetensors: is missing: 1 of the 2" in models["org/half"]["why"], f"{models['org/half']}")
    check(models["google/encoder"]["dtype"] == "F32" and "an encoder" in models["google/encoder"]["why"], "bert")
    check("hf download org/tiny" in models["org/tiny@" + "b" * 12]["why"], "a snapshot without weights")
    for model in report["models"]:  # What the list says holds when it is opened.
        code, _, err = run("info", model["name"])
        check((code == 0) == (model["why"] is None), f"{model['name']}: info says {code} {err}")
        check(model["why"] is None or model["why"] in err, f"{model['name']}: {err!r} against {model['why']!r}")
    names = run("models", "--names")[1].decode().split()
    check(names == list(models), f"--names: {names}")
    check(run("models", "--csv")[1].decode().splitlines()[1].split(",")[2].isdigit(), "--csv gives bytes")


def named():
    whole = ask("info", TINY)
    for name in ("org/tiny", "org/tiny@main", "org/tiny@aaaaaaa", "lonely"):
        got = ask("info", name)
        check(got["model"]["sha256"] == whole["model"]["sha256"], f"info {name}")
    got = ask("measure", "org/tiny", "--layer", "layers.0.attn.q", "--method", "rtn", "--set", "group_size=-1")
    check(got["layer"]["name"] == "layers.0.attn.q", "measure by ID")
    code, out, err = run("info", "org/other")
    check(code == 1 and "hf download org/other" in err and err.count("\n") == 1, f"not cached: {code} {err}")
    code, _, err = run("org/other")
    check(code == 1 and "hf download org/other" in err, f"the workbench on what is not cached: {code} {err}")
    code, _, err = run("info", "org/tinny")
    check("did you mean org/tiny?" in err, f"nearest: {err}")
    for hostile in ("org/../tiny", "../tiny", "org/tiny@../x", "org/\x1b[31mtiny", "a/b/c", "org/tiny\n"):
        code, _, err = run("info", hostile)
        check(code == 1 and "\x1b" not in err and err.count("\n") == 1, f"{hostile!r}: {code} {err!r}")
    code, _, err = run("modles")
    check(code == 2 and "did you mean models" in err, f"{err}")


def path_wins(here):
    (here / "org").mkdir()
    shutil.copytree(ROOT / "tests/core/fixtures/forward/tied_five_heads", here / "org/tiny")
    check(ask("info", "org/tiny")["shape"]["heads"] == 5, "a path that exists wins")
    shutil.rmtree(here / "org")


def llama2c(here):
    if LLAMA2C.exists():
        shutil.copy(LLAMA2C, here / "stories.bin")
        entry = ask("models")["models"][-1]
        check((entry["name"], entry["dtype"], entry["where"]) == ("stories.bin", "F32", "here"), f"{entry}")


def many(hub):
    """Hundreds of entries, some broken, in well under a second."""
    tiny = {name: (TINY / name).read_bytes() for name in ("config.json", "model.safetensors")}
    for i in range(400):
        snapshot(hub, f"many/model-{i}", COMMITS[0], tiny if i % 10 else {"config.json": b"{broken"})
    start = time.monotonic()
    report = ask("models")
    took = time.monotonic() - start
    listed = [m for m in report["models"] if m["name"].startswith("many/")]
    check(len(listed) == 400 and sum(m["why"] is not None for m in listed) == 40, "400 entries, 40 of them broken")
    check(took < 5, f"{took:.2f} s for 400 entries")  # 0.2 s on a quiet machine


def completed():
    script = run("completion")[1].decode()
    for words, at in ((["qscope", "info", "org/ti"], 2), (["qscope", "org/ti"], 1)):
        line = f"COMP_WORDS=({' '.join(words)}); COMP_CWORD={at}; _qscope {program.PROGRAM}; echo ${{COMPREPLY[*]}}"
        done = subprocess.run(["bash", "-c", f"source /dev/stdin; {line}"], input=script, capture_output=True, text=True)
        check(done.stdout.split() == ["org/tiny", "org/tiny@" + "b" * 12], f"completion of {words}: {done}")


def main():
    with scratch() as name:
        folder = pathlib.Path(name).resolve()
        hub, here = folder / "hub", folder / "here"
        here.mkdir()
        make_cache(hub)
        shutil.copytree(TINY, here / "copy")
        os.environ.update(HF_HUB_CACHE=str(hub), XDG_STATE_HOME=str(folder / "state"))
        program.PROGRAM = os.path.abspath(program.PROGRAM)
        os.chdir(here)
        listing(hub, here)
        named()
        path_wins(here)
        llama2c(here)
        completed()
        many(hub)
        check(not (folder / "state").exists(), "to list models leaves no state behind")
        os.chdir("/")
    finish("models")


main()
