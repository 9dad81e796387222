#!/usr/bin/env python3
"""labels: slow
The state and the session that the workbench writes, against docs/schema, early and late."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

try:
    import jsonschema
except ImportError:
    print("skipped: python3-jsonschema is not installed")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = """
:save-state {0}/early.state
:save {0}/early.session
:auto
:set bits=3
:wait
key Tab
:keep layers.0.**
:select layers.0.attn.q
:evaluate
:wait
:save-state {0}/late.state
:save {0}/late.session
"""


def main():
    program = sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="qscope-check-") as folder:
        script = pathlib.Path(folder) / "script.qs"
        script.write_text(SCRIPT.format(folder))
        env = dict(os.environ, XDG_STATE_HOME=folder, XDG_CONFIG_HOME=folder, QSCOPE_CACHE=f"{folder}/cache")
        done = subprocess.run([program, "script", script, "--size", "80x24"], env=env, capture_output=True, text=True,
                              timeout=200)
        if done.returncode:
            print(done.stderr)
            return 1
        for name in ("early.state", "late.state", "early.session", "late.session"):
            kind = name.split(".")[1]
            schema = json.loads((ROOT / f"docs/schema/{kind}.json").read_text())
            jsonschema.validate(json.loads((pathlib.Path(folder) / name).read_text()), schema)
    print("state and session files follow docs/schema")
    return 0


sys.exit(main())
