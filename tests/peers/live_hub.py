#!/usr/bin/env python3
"""Where the Hugging Face cache is, what an ID is and which snapshot it stands for, against huggingface_hub.
usage: live_hub.py PROGRAM"""
# covers: core/hub core/formats/huggingface sessions/locate sessions/catalog
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

from huggingface_hub import scan_cache_dir, snapshot_download
from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError
from huggingface_hub.file_download import _create_symlink, repo_folder_name
from huggingface_hub.utils import validate_repo_id

ROOT = pathlib.Path(__file__).resolve().parents[2]
TINY = ROOT / "tests/core/fixtures/forward/one_kv_head"
PROGRAM = os.path.abspath(sys.argv[1])
PLACES = ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME")
failures = []


def run(*arguments, **changes):
    environment = {k: v for k, v in os.environ.items() if k not in PLACES}
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=60,
                          env=dict(environment, **changes))
    return done.returncode, done.stdout, done.stderr


def same(what, ours, theirs):
    if ours != theirs:
        failures.append(f"{what}: {ours!r} against {theirs!r}")


def places(home):
    settings = [{}, {"XDG_CACHE_HOME": "/x"}, {"HF_HOME": "/h"}, {"HF_HOME": "~/h"}, {"HUGGINGFACE_HUB_CACHE": "/old"},
                {"HF_HUB_CACHE": "/hub", "HF_HOME": "/h"}, {"HF_HUB_CACHE": "~/hub"}, {"HF_HOME": "/h", "XDG_CACHE_HOME": "/x"}]
    for setting in settings:
        setting = dict(setting, HOME=str(home))
        environment = {k: v for k, v in os.environ.items() if k not in PLACES}
        theirs = subprocess.run([sys.executable, "-c", "from huggingface_hub.constants import HF_HUB_CACHE as c; print(c)"],
                                capture_output=True, text=True, env=dict(environment, **setting), check=True).stdout.strip()
        same(f"place {setting}", json.loads(run("models", "--json", **setting)[1])["cache"], theirs)


def is_id(text):
    try:
        validate_repo_id(text)
        return True
    except HFValidationError:
        return False


def ids(hub):
    """Only names with a slash and without '@', where the program's own spelling of revisions begins."""
    rng = random.Random(1)
    for _ in range(400):
        text = "".join(rng.choice("ab1-._") for _ in range(rng.randint(1, 4))) + "/" + \
            "".join(rng.choice("ab1-._é ") for _ in range(rng.randint(1, 5)))
        if text.startswith("-"):
            continue
        err = run("info", text, HF_HUB_CACHE=str(hub))[2]
        same(f"ID {text!r}", "hf download" in err, is_id(text))


def add_snapshot(hub, repo, commit, refs):
    folder = hub / repo_folder_name(repo_id=repo, repo_type="model")
    at = folder / "snapshots" / commit
    at.mkdir(parents=True)
    (folder / "blobs").mkdir(exist_ok=True)
    for name in ("config.json", "model.safetensors"):
        blob = folder / "blobs" / f"{commit[:8]}{name}"
        shutil.copy(TINY / name, blob)
        _create_symlink(str(blob), str(at / name))
    for ref in refs:
        (folder / "refs" / ref).parent.mkdir(parents=True, exist_ok=True)
        (folder / "refs" / ref).write_text(commit)


def theirs_of(hub, repo, revision):
    try:
        return snapshot_download(repo, revision=revision, cache_dir=hub, local_files_only=True)
    except LocalEntryNotFoundError:
        return None


def snapshots(hub):
    commits = [f"{i}" * 40 for i in range(1, 5)]
    add_snapshot(hub, "org/name", commits[0], ["main", "v1"])
    add_snapshot(hub, "org/name", commits[1], ["refs/pr/3", "v2.0"])
    add_snapshot(hub, "legacy", commits[2], ["main"])
    add_snapshot(hub, "A-b/C.d_e", commits[3], ["main"])
    for repo, revision in (("org/name", None), ("org/name", "main"), ("org/name", "v1"), ("org/name", "v2.0"),
                           ("org/name", "refs/pr/3"), ("org/name", commits[1]), ("org/name", "v9"), ("legacy", None),
                           ("A-b/C.d_e", None), ("A-b/none", None)):
        code, out, _ = run("info", repo + (f"@{revision}" if revision else ""), "--json", HF_HUB_CACHE=str(hub))
        same(f"{repo} {revision}", json.loads(out)["model"]["path"] if code == 0 else None, theirs_of(hub, repo, revision))
    scanned = scan_cache_dir(hub)
    theirs = sorted((r.repo_id, str(v.snapshot_path)) for r in scanned.repos for v in r.revisions)
    listed = json.loads(run("models", "--json", HF_HUB_CACHE=str(hub))[1])["models"]
    ours = sorted((m["name"].split("@")[0], m["path"]) for m in listed if m["where"] == "cache")
    same("scan", ours, theirs)
    sizes = {str(v.snapshot_path): v.size_on_disk for r in scanned.repos for v in r.revisions}
    same("sizes", {m["path"]: m["bytes"] for m in listed if m["where"] == "cache"}, sizes)


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name).resolve()
        (folder / "hub").mkdir()
        os.chdir(folder)
        os.environ["XDG_STATE_HOME"] = str(folder / "state")
        places(folder)
        ids(folder / "hub")
        snapshots(folder / "hub")
        os.chdir("/")
    print("\n".join(failures[:20]) or "hub: equal")
    return 1 if failures else 0


sys.exit(main())
