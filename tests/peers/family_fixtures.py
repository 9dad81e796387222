"""One folder of tests/core/fixtures/families: weights, config and its spellings, and the logits expected of them."""
import copy
import json
import pathlib
import shutil
import tempfile

import numpy as np
import torch

import family_models
from family_models import distance, logits_of

LENGTH = 33
CLEAR = 1e-4  # least gap between the probability of the last expert taken and the first one left


def sequences_of(shape, name):
    rng = np.random.default_rng(sum(map(ord, name)))
    return [rng.integers(0, shape.vocab, count).tolist() for count in sorted({shape.window, shape.window + 1, LENGTH})]


def write_expected(folder, sequences, logits):
    parts = [np.array([len(sequences), logits[0].shape[1]], "<i4")]
    for ids, rows in zip(sequences, logits, strict=True):
        parts += [np.array([len(ids), *ids], "<i4"), rows.astype("<f4").ravel()]
    (folder / "expected.bin").write_bytes(b"".join(part.tobytes() for part in parts))


def write_json(path, config):
    path.write_text(json.dumps(config, indent=1) + "\n")


def clear_model(family, settings, sequences, embedding=1.0):
    """With a seed under which every expert is used and none is taken by a hair's breadth."""
    for seed in range(200):
        model = family_models.build(family, settings, seed, embedding)
        gap, idle = family_models.router_margin(model, sequences)
        if gap > CLEAR and idle == 0:
            return model
    raise SystemExit(f"{family.model_type} {settings}: no seed chooses experts clearly")


def save(model, folder, dtype, sharded):
    model = copy.deepcopy(model).to(dtype)
    model.save_pretrained(folder, max_shard_size="12KB" if sharded else "1GB")
    (folder / "generation_config.json").unlink(missing_ok=True)
    write_json(folder / "config.json", json.loads((folder / "config.json").read_text()))


def expect(folder, family, sequences):
    """The logits in float64, held against the peer's own other ways."""
    exact = logits_of(family_models.load(folder, family.attention, torch.float64), sequences)
    limit = family_models.allowed(exact, 3e-5)
    for attention in family.alike:
        got = logits_of(family_models.load(folder, attention), sequences)
        if distance(got, exact) > limit:
            raise SystemExit(f"{folder.name}: {attention} in float32 is {distance(got, exact):.2g} from float64")
    write_expected(folder, sequences, exact)
    return exact


def expect_same(folder, config, family, sequences, exact):
    """The same weights under another spelling of the config."""
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        for file in folder.glob("model*"):
            shutil.copy(file, scratch)
        write_json(scratch / "config.json", config)
        got = logits_of(family_models.load(scratch, family.attention, torch.float64), sequences)
    if distance(got, exact) > 1e-9:
        raise SystemExit(f"{folder.name}: another spelling is {distance(got, exact):.2g} away: {config}")


def spell(folder, family, spelling, config, sequences, exact):
    expect_same(folder, config, family, sequences, exact)
    write_json(folder / f"config.{spelling}.json", config)
