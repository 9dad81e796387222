#!/usr/bin/env python3
"""Make tests/core/fixtures/families: for each family and variant of families.py a tiny random checkpoint as
transformers saves it, with the logits that transformers computes from it in float64.

    tests/peers/make_family_fixtures.py [FAMILY|FOLDER ...]      (pinned versions: requirements.txt)

A folder holds config.json, the weights, further spellings of the same config as config.SPELLING.json, and
expected.bin, little-endian:

    int32 sequences, int32 vocabulary; for each sequence: int32 count, int32 ids[count],
    float32 logits[count * vocabulary]

and, where something is left out of the model on purpose, warnings.txt with a part of each warning wanted.
Before a fixture is kept: float32 agrees with float64, eager attention with sdpa, every spelling with the first,
experts are chosen clearly and all of them used, and every option changes the logits (else it would test nothing)."""
import copy
import json
import pathlib
import shutil
import sys

import numpy as np
import torch

import config_spellings
import families
import family_models
import family_spellings
from family_fixtures import clear_model, expect, save, sequences_of, spell, write_json
from family_models import distance, logits_of

TO = pathlib.Path(__file__).resolve().parents[1] / "core" / "fixtures" / "families"
SINGLE = ("llama", "gpt_neox", "falcon_one_norm", "opt_projected", "gemma2")  # in float32; the others in 16 bits
SHARDED = ("llama_linear", "mistral_tied", "gpt2_inverse", "qwen2_moe_sparse", "opt_plain")

# Without effect on these models by their nature.
IDLE_OPTIONS = {
    "pad_token_id",  # which token
    "tie_word_embeddings",  # the tensors say it
    "n_positions", "max_position_embeddings",  # bounds; where they count, the rope's window is checked
    "original_max_position_embeddings",  # for Phi-3 told again by the ratio of the two
    "num_ln_in_parallel_attn", "new_decoder_architecture", "multi_query", "num_kv_heads",  # other tensors
}
# In some: no dense block, windows in all blocks whatever this says, two slices or three.
IDLE_IN = {("qwen2_moe", "intermediate_size"), ("qwen2_moe_sliding", "intermediate_size"),
           ("qwen3_moe", "intermediate_size"), ("qwen3_moe_sliding", "intermediate_size"),
           ("qwen3_moe_sliding", "max_window_layers"), ("bloom_slices", "pretraining_tp")}

# Tensors that the peer has and does not use.
WARNINGS = {"bloom_slices": "self_attention.dense.bias\nmlp.dense_4h_to_h.bias\n"}


def check_options(name, family, variant, shape, model, sequences):
    """Every number, switch and list of the config is seen in the logits: another value changes them, or the
    tensors, or makes no model at all."""
    settings = variant.settings(family, shape)
    before = logits_of(model, sequences)
    for path, value in leaves(settings):
        if path[-1] in IDLE_OPTIONS or (name, path[-1]) in IDLE_IN or value in (None, "default"):
            continue
        try:
            other = family_models.build(family, replaced(settings, path, perturbed(value)), 0)
            other.load_state_dict(model.state_dict())
            after = logits_of(other, sequences)
        except Exception:  # pylint: disable=broad-except  # whatever a class says to a config it refuses
            continue
        if distance(after, before) < 5e-4:
            raise SystemExit(f"{name}: {'.'.join(path)} = {value} changes nothing")


def leaves(settings, path=()):
    for key, value in settings.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key), value


def perturbed(value):
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return value * 1.25
    if isinstance(value, list) and value and isinstance(value[0], float):
        return [x * 1.25 for x in value]
    return None  # the class's own


def replaced(settings, path, value):
    settings = copy.deepcopy(settings)
    inner = settings
    for key in path[:-1]:
        inner = inner[key]
    if value is None:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return settings


def make_variant(family, variant, index):
    name = "_".join(filter(None, (family.model_type, variant.name)))
    shape = families.Shape(**variant.tiny)
    sequences = sequences_of(shape, name)
    model = clear_model(family, variant.settings(family, shape), sequences)
    check_options(name, family, variant, shape, model, sequences)
    folder = TO / name
    dtype = torch.float32 if name in SINGLE else (torch.bfloat16, torch.float16)[index % 2]
    save(model, folder, dtype, name in SHARDED)
    exact = expect(folder, family, sequences)
    config = json.loads((folder / "config.json").read_text())
    spell(folder, family, "older", config_spellings.older(config), sequences, exact)
    for spelling, other in family_spellings.configs(name, config):
        spell(folder, family, spelling, other, sequences, exact)
    if name in WARNINGS:
        (folder / "warnings.txt").write_text(WARNINGS[name])
    for spelling, other in family_spellings.unproven_configs(name, config):
        write_json(folder / f"config.{spelling}.json", other)
    return exact


def make_defaults(family):
    """What the class says where the config is silent. The embedding is so small that the norms' epsilon shows."""
    name = f"{family.model_type}_defaults"
    shape = families.Shape(**family.silent)
    sequences = sequences_of(shape, name)
    settings = {key: value for key, value in family.extents(shape).items()
                if not key.endswith(("eps", "epsilon", "softcapping", "window", "scalar", "window_size"))}
    model = clear_model(family, settings, sequences, 0.003)
    folder = TO / name
    save(model, folder, torch.bfloat16, False)
    exact = expect(folder, family, sequences)
    config = json.loads((folder / "config.json").read_text())
    spell(folder, family, "absent", config_spellings.absent(config), sequences, exact)
    return exact


def main():
    wanted = sys.argv[1:]
    if not wanted:
        shutil.rmtree(TO, ignore_errors=True)
    index = 0
    for family in families.FAMILIES:
        for variant in family.variants:
            index += 1
            name = "_".join(filter(None, (family.model_type, variant.name)))
            if not wanted or name in wanted or family.model_type in wanted:
                exact = make_variant(family, variant, index)
                print(f"{name}: logits from {min(map(np.min, exact)):.1f} to {max(map(np.max, exact)):.1f}")
        if not wanted or family.model_type in wanted or f"{family.model_type}_defaults" in wanted:
            make_defaults(family)
    for name, make in family_spellings.TENSORS.items():
        if not wanted or name in wanted:
            make(TO / name)
    files = [file for file in TO.rglob("*") if file.is_file()]
    print(f"{len(list(TO.iterdir()))} folders, {sum(file.stat().st_size for file in files) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
