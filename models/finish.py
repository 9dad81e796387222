"""Make shipped/ from a finished run: spread the gains once more, write bfloat16.

Training evens out much of the spread it started with (Adam moves every column at the same rate), so what is
missing is put back here: some channels are made quieter and the columns that read them larger. The function
of the model stays as it was; the program measures by how much a logit moves in float32.
"""

import argparse
import copy
import json

import torch

import model as architecture
import paths


@torch.no_grad()
def largest_logit_change(before, after):
    ids = torch.randint(0, architecture.VOCABULARY, (4, 128), generator=torch.Generator().manual_seed(0))
    return (before(input_ids=ids).logits - after(input_ids=ids).logits).abs().max().item()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--name", default="run")
    parser.add_argument("--spread", type=float, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", default=str(paths.SHIPPED))
    options = parser.parse_args()
    torch.set_num_threads(1)
    folder = paths.WORK / options.name
    trained = architecture.fresh(0, 0.0)
    trained.load_state_dict(torch.load(folder / "checkpoint.pt")["model"])
    finished = copy.deepcopy(trained)
    architecture.spread_gains(finished, options.spread, torch.Generator().manual_seed(options.seed), quiet_only=True)
    facts = {"spread": options.spread, "seed": options.seed,
             "largest_logit_change": largest_logit_change(trained.eval(), finished.eval())}
    architecture.save(finished, options.output)
    (folder / "finish.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    print(facts)


if __name__ == "__main__":
    main()
