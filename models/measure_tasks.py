"""Answer the tasks with qscope, as the model is and rounded to fewer bits; writes tasks.json for report.py.

    python measure_tasks.py PROGRAM
"""

import json
import subprocess
import sys

import paths

OUT = paths.HERE / "tasks.json"
METHODS = [("rtn", 4), ("rtn", 3), ("rtn", 2), ("gptq", 2)]


def ask(program, *options):
    tasks = [word for domain in paths.DOMAINS for word in ("--task", f"{domain}.task")]
    done = subprocess.run([program, "eval", *tasks, *options, "--json"], capture_output=True, check=True, text=True)
    return json.loads(done.stdout)["tasks"]


def main():
    program = sys.argv[1]
    found = {"baseline": ask(program), "quantized": []}
    for method, bits in METHODS:
        settings = ["--method", method, "--set", f"bits={bits}", "--set", "group_size=128"]
        found["quantized"].append({"method": method, "bits": bits, "tasks": ask(program, *settings)})
    OUT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
