"""Peers with a folder of their own: what tests/peers/run installs from the file that a script names in a line
"# also: FILE". A script asks here for that folder's Python and does without where there is none."""
import hashlib
import os
import pathlib

HERE = pathlib.Path(__file__).resolve().parent


def folder(requirements):
    """Where run puts it: a change of the file is another folder."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    base = pathlib.Path(os.environ.get("QSCOPE_PEERS") or cache / "qscope-peers")
    name = pathlib.Path(requirements).stem
    return base / f"{name}-{hashlib.sha256((HERE / requirements).read_bytes()).hexdigest()[:12]}"


def python(requirements):
    """The path of its Python, or None."""
    home = folder(requirements)
    return str(home / "bin" / "python") if (home / "ready").exists() else None
