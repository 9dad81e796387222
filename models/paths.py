"""Where the programs of this folder keep their files."""

import os
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
TEXTS = HERE / "texts"
SHIPPED = HERE / "shipped"
TASKS = HERE / "tasks"
# Training text, checkpoints and logs: large, remade by the programs, never committed.
WORK = pathlib.Path(os.environ.get("QSCOPE_MODELS_WORK", HERE.parent / "build" / "models"))
TRAINING = WORK / "training"

TRAINED = ["stories", "dialogue", "code", "arithmetic", "records", "second_language"]
DOMAINS = TRAINED + ["held_out"]


def text_path(domain, split):
    """The file of a domain's `training`, `calibration` or `evaluation` text."""
    return TRAINING / f"{domain}.txt" if split == "training" else TEXTS / f"{domain}.{split}.txt"


def task_path(domain):
    return TASKS / f"{domain}.jsonl"
