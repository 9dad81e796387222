"""What live comparisons of schemes found, for the README's table of them: scheme_live.py hands it over row by row, and
here it becomes a file named after the script in the folder that QSCOPE_PEERS_JSON names, if any."""
import importlib.metadata
import json
import os
import pathlib
import re
import sys

rows = []


def first_pin(script):
    """What the script needs beside requirements.txt, by the first package of that list; without one it is transformers."""
    needs = re.search(r"^# needs: (\S+)", script.read_text(encoding="utf-8"), re.M)
    if not needs:
        return "transformers"
    return re.search(r"^([\w.-]+)==", script.with_name(needs[1]).read_text(encoding="utf-8"), re.M)[1]


def package(peer, method, settings):
    """The package that answered, and what of it, if that needs a word: the module of the peer's function may have a
    function `package` that returns the one or both."""
    owner = sys.modules[peer.__module__]
    said = owner.package(method, settings) if hasattr(owner, "package") else first_pin(pathlib.Path(sys.argv[0]))
    return (said, "") if isinstance(said, str) else said


def version(name):
    """Of an installed package; what is no package has none."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def add(method, setting, peer, compared, result, equal):
    name, part = package(peer, method, setting)
    rows.append({"entry": method, "setting": setting, "peer": name, "version": version(name), "part": part,
                 "compared": compared, "result": result, "equal": equal})


def write(program):
    folder = os.environ.get("QSCOPE_PEERS_JSON")
    if folder:
        script = pathlib.Path(sys.argv[0]).stem
        text = json.dumps({"script": script, "qscope": program, "rows": rows}, indent=1)
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
        (pathlib.Path(folder) / f"{script}.json").write_text(text + "\n", encoding="utf-8")
