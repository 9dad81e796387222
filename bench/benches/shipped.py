"""The shipped model, in one process without a cache on disk

Time from a knob to its new figures: calibration of the whole model, one layer requantized and measured,
the change in loss after a change in block 0."""
import json
import subprocess

from _figures import at_most, plain

GOALS = {"calibrate": 5, "rtn": 0.3, "nf4": 0.3, "gptq": 1, "awq": 1, "evaluate": 2}
NAMES = {"calibrate": "calibrate the whole model on 16,384 tokens",
         "evaluate": "change in block 0 to its delta NLL with error bar"}


def measure(build):
    done = subprocess.run([build / "bench/shipped"], capture_output=True, text=True, check=True)
    seen = json.loads(done.stdout)
    figures = [plain("tokens scored in the evaluation", seen.pop("scored"), "tokens")]
    for key, times in seen.items():
        name = NAMES.get(key, f"{key}: knob to histogram and channels, slowest layer's median")
        figures.append(at_most(name, times["median"], "s", GOALS[key]))
        figures.append(plain(f"{key}: slowest of all", times["max"], "s"))
    return {"figures": figures}
