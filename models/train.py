"""Train the small model on the texts of make_texts.py. Resumes from its last checkpoint.

AdamW, bfloat16 autocast over float32 weights, a flat learning rate after warm-up and then a linear fall.
The log (one JSON object a line) holds the loss curve and the time spent.
"""

import argparse
import json
import random
import time

import numpy
import torch
from tokenizers import Tokenizer

import model as architecture
import paths
from make_texts import END

LOG_EVERY = 20


def token_groups(tokenizer):
    """All documents groups of the training texts as arrays of ids, each with its end token."""
    groups = []
    for domain in paths.TRAINED + ["fragments"]:
        text = paths.text_path(domain, "training").read_bytes().decode()
        parts = [part + END for part in text.split(END) if part]
        groups += [numpy.array(e.ids, dtype=numpy.int16) for e in tokenizer.encode_batch(parts)]
    return groups


def epoch(groups, seed, number):
    """One pass over the text in random order, as one long array."""
    order = list(range(len(groups)))
    random.Random(f"{seed} {number}").shuffle(order)
    return numpy.concatenate([groups[index] for index in order])


class Batches:
    """Batch number `step` is a function of the seed, so that a resumed run sees what it would have seen."""

    def __init__(self, options):
        self.groups = token_groups(Tokenizer.from_file(str(paths.SHIPPED / "tokenizer.json")))
        self.shape = (options.batch, options.window)
        self.seed = options.seed
        self.per_epoch = sum(len(group) for group in self.groups) // (options.batch * options.window)
        self.number = None

    def batch(self, step):
        number, index = divmod(step, self.per_epoch)
        if number != self.number:
            self.number, self.stream = number, epoch(self.groups, self.seed, number)
        count = self.shape[0] * self.shape[1]
        part = self.stream[index * count:(index + 1) * count].astype(numpy.int64)
        return torch.from_numpy(part.reshape(self.shape))


def rate(step, options):
    """Warm-up over 60 steps, flat, then linear to 2 % over the last part."""
    start = options.steps * (1 - options.decline)
    if step < 60:
        return options.rate * (step + 1) / 60
    if step < start:
        return options.rate
    return options.rate * (0.02 + 0.98 * (options.steps - step) / (options.steps - start))


def optimizer_for(model, options):
    matrices = [p for p in model.parameters() if p.ndim == 2]
    gains = [p for p in model.parameters() if p.ndim == 1]
    return torch.optim.AdamW([{"params": matrices, "weight_decay": options.decay},
                              {"params": gains, "weight_decay": 0.0}],
                             lr=options.rate, betas=(0.9, 0.95), fused=True)


class Run:
    """The state of a training run and its checkpoint."""

    def __init__(self, options):
        self.options = options
        self.folder = paths.WORK / options.name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.model = architecture.fresh(options.seed, options.spread)
        self.optimizer = optimizer_for(self.model, options)
        self.step, self.seconds = 0, 0.0
        self.resume()

    def resume(self):
        path = self.folder / "checkpoint.pt"
        if path.exists():
            state = torch.load(path)
            self.model.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.step, self.seconds = state["step"], state["seconds"]

    def checkpoint(self):
        """Write the state to resume from, and the model as it is now for measuring."""
        state = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(),
                 "step": self.step, "seconds": self.seconds}
        torch.save(state, self.folder / "checkpoint.tmp")
        (self.folder / "checkpoint.tmp").replace(self.folder / "checkpoint.pt")
        architecture.save(self.model, self.folder / f"step-{self.step:06d}")

    def log(self, loss):
        tokens = self.step * self.options.batch * self.options.window
        line = {"step": self.step, "tokens": tokens, "loss": round(loss, 4), "seconds": round(self.seconds, 1)}
        with open(self.folder / "log.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        print(line, flush=True)


def train_step(run, forward, batch):
    for group in run.optimizer.param_groups:
        group["lr"] = rate(run.step, run.options)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = forward(input_ids=batch, labels=batch, use_cache=False).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(run.model.parameters(), 1.0)
    run.optimizer.step()
    run.optimizer.zero_grad(set_to_none=True)
    run.step += 1
    return loss.item()


def train(run, batches):
    forward = torch.compile(run.model) if run.options.compile else run.model
    losses, last, saved = [], time.monotonic(), run.seconds
    while run.step < run.options.steps:
        losses.append(train_step(run, forward, batches.batch(run.step)))
        now = time.monotonic()
        run.seconds, last = run.seconds + now - last, now
        if run.step % LOG_EVERY == 0 or run.step == run.options.steps:
            run.log(sum(losses) / len(losses))
            losses = []
        if run.seconds - saved > 60 * run.options.checkpoint_minutes or run.step == run.options.steps:
            run.checkpoint()
            saved = run.seconds


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--name", default="run", help="folder of the run below the work folder")
    parser.add_argument("--steps", type=int, default=3500)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--window", type=int, default=512)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--decay", type=float, default=0.1, help="weight decay of matrices")
    parser.add_argument("--decline", type=float, default=0.4, help="part of the steps with falling rate")
    parser.add_argument("--spread", type=float, default=0.75, help="standard deviation of ln(gain) at the start")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--checkpoint-minutes", type=float, default=10)
    parser.add_argument("--compile", action=argparse.BooleanOptionalAction, default=True)
    return parser.parse_args()


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    run = Run(options)
    (run.folder / "options.json").write_text(json.dumps(vars(options), indent=2) + "\n")
    train(run, Batches(options))


if __name__ == "__main__":
    main()
