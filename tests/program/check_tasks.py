#!/usr/bin/env python3
"""labels: slow
`eval --task`, `--long-form` and the bands of losses: figures counted here from the answers themselves, losses of
choices and greedy texts from `logits` alone, the shipped tasks' bytes from their generators, and what is refused."""
import csv
import io
import json
import math
import pathlib
import sys

import numpy as np

from program import ROOT, ask, check, finish, near, run, scratch

sys.path.insert(0, str(ROOT / "models"))
import make_tasks  # noqa: E402  (standard library alone)

TASKS = ROOT / "models" / "tasks"
ROUGH = ("--method", "rtn", "--set", "bits=2", "--set", "group_size=128")


def items(name):
    return [json.loads(line) for line in (TASKS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def log_p(folder, ids, *options):
    path = f"{folder}/logits.npy"
    code, _, err = run("logits", "--ids", ",".join(map(str, ids)), "-o", path, *options)
    check(code == 0, f"logits: {err}")
    z = np.load(path).astype(np.float64)
    z -= z.max(1, keepdims=True)
    return z - np.log(np.exp(z).sum(1, keepdims=True))


def encode(text):
    return ask("tokenize", "--string", text)["ids"]


def choices(folder):
    """Losses of a few choices, and every figure of the task from the answers."""
    task = ask("eval", "--task", "code.task", "--detail", *ROUGH)["tasks"][0]
    listed = items("code")
    check(task["items"] == len(listed) == len(task["answers"]), f"{task['items']} items")
    for item, answer in list(zip(listed, task["answers"]))[:2]:
        before, whole = encode(item["prompt"]), [encode(item["prompt"] + choice) for choice in item["choices"]]
        for ids, now, then in zip(whole, answer["nll"], answer["baseline"]["nll"]):
            check(len(ids) > len(before), "prompt and choice merge")
            ids = before + ids[len(before):]
            for options, nll in ((ROUGH, now), ((), then)):
                p = log_p(folder, ids, *options)
                mine = -sum(p[at - 1, ids[at]] for at in range(len(before), len(ids)))
                near(nll, mine, 1e-4, f"loss of {item['prompt'][-20:]!r}")
    for key, who in (("accuracy", task["answers"]), ("before", [a["baseline"] for a in task["answers"]])):
        right = [a["chosen"] == item["answer"] for a, item in zip(who, listed)]
        check(right == [a["right"] for a in who], "right is not what was chosen")
        check(all(a["chosen"] == int(np.argmin(a["nll"])) for a in who), "the likeliest was not chosen")
        told = task["accuracy"] if key == "accuracy" else task["baseline"]["accuracy"]
        near(told, sum(right) / len(right), 1e-12, key)
    gained = sum(a["right"] and not a["baseline"]["right"] for a in task["answers"])
    lost = sum(a["baseline"]["right"] and not a["right"] for a in task["answers"])
    check((task["gained"], task["lost"]) == (gained, lost), f"{task['gained']} gained, {task['lost']} lost")
    n = gained + lost
    p = min(1, 2 * sum(math.comb(n, i) for i in range(min(gained, lost) + 1)) / 2 ** n)
    near(task["mcnemar_p"], p, 1e-9, "McNemar's p")
    check(task["accuracy"] < task["baseline"]["accuracy"], "2 bits answer as well as the original")
    check(task["accuracy_low"] < task["accuracy"] < task["accuracy_high"], "the interval is not around the share")


def generated(folder):
    """The first tokens of an answer, one after the other."""
    task = ask("eval", "--task", "records.task", "--detail", "--max-tokens", "3", "--stop", "\\n")["tasks"][0]
    check(task["stops"] == ["\n"] and task["max_tokens"] == 3, f"{task['stops']}, {task['max_tokens']}")
    for item, answer in list(zip(items("records"), task["answers"]))[:2]:
        ids = encode(item["prompt"])
        start = len(ids)
        for _ in range(3):
            ids.append(int(log_p(folder, ids)[-1].argmax()))
        text = ask("tokenize", "--decode", "--ids", ",".join(map(str, ids[start:])))["text"]
        check(answer["text"] == text.split("\n")[0], f"{answer['text']!r}, and step by step {text!r}")
    same = [" ".join(a["text"].lower().split()) == " ".join(i["answer"].lower().split())
            for a, i in zip(task["answers"], items("records"))]
    near(task["exact_match"], sum(same) / len(same), 1e-12, "exact matches")


def bands():
    text = ask("eval", "--text", "code.evaluation", "--tokens", "4096", *ROUGH)["texts"][0]
    for key in ("bands", "positions"):
        rows = text[key]
        check(sum(row["scored"] for row in rows) == text["scored"], f"{key} do not hold every token")
        for name, whole in (("baseline", text["baseline"]["nll"]), ("current", text["current"]["nll"]),
                            ("delta", text["delta"]["nll"])):
            near(sum(row["scored"] * row[name] for row in rows) / text["scored"], whole, 1e-9, f"{key}: {name}")
        check(all(a["high"] < b["low"] for a, b in zip(rows, rows[1:])), f"{key} overlap")


def same_again(folder):
    """Equal bytes on any threads and from the cache; the table's figures are those of the object."""
    options = ("eval", "--task", "second_language.task", "--text", "code.evaluation", "--tokens", "1024", "--long-form",
               "2", "--generate", "12", *ROUGH)
    objects = []
    for threads, cache in ((1, "off"), (3, f"{folder}/cache"), (2, f"{folder}/cache")):
        report = ask(*options, "--threads", threads, QSCOPE_CACHE=cache)
        objects.append({key: value for key, value in report.items() if key != "run"})
    check(objects[0] == objects[1] == objects[2], "threads or the cache change what is answered")
    form = objects[0]["long_form"][0]
    check(0 <= form["parted"]["mean"] <= 12 and form["prompts"] == 2, f"{form}")
    code, out, _ = run(*options, "--csv")
    tables = [list(csv.DictReader(io.StringIO(part))) for part in out.decode().split("\n\n")]
    check(code == 0 and len(tables) == 3, f"{len(tables)} tables")
    near(float(tables[1][0]["right %"]), 100 * objects[0]["tasks"][0]["accuracy"], 0, "the table's share", 0.06)


def shipped():
    for domain in make_tasks.TASKS:
        made = "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in make_tasks.make(domain))
        check((TASKS / f"{domain}.jsonl").read_bytes() == made.encode(), f"{domain}.task is not what is generated")
    names = [task["name"] for task in ask("texts")["tasks"]]
    check(names == [f"{domain}.task" for domain in make_tasks.TASKS], f"texts lists {names}")


def refused(folder):
    path = pathlib.Path(folder) / "bad.jsonl"
    path.write_text('{"prompt": "a", "choices": ["b", "c"], "answer": 2}\n')
    for words, part in (((path,), "bad.jsonl: line 1: \"answer\" is 2"), (("aritmetic.task",), "arithmetic.task"),
                        (("code.task", "--max-kl", "1", *ROUGH), "--max-kl: is about a text"),
                        (("records.task", "--stop", "\""), "could never be matched")):
        code, _, err = run("eval", "--task", *words)
        check(code in (1, 2) and part in err and err.count("\n") == 1, f"{words}: {code}, {err!r}")


def main():
    with scratch() as folder:
        choices(folder)
        generated(folder)
        bands()
        same_again(folder)
        shipped()
        refused(folder)
    finish("tasks")


main()
