#!/usr/bin/env python3
"""Make tests/core/fixtures/gguf: a tiny random model of every family that GGUF files are read of, and of what their
layouts differ in, with the logits that transformers computes in float64 from the same weights.

    tests/peers/make_gguf_models.py      (pinned versions: requirements.txt)

NAME.gguf is the model, NAME.bin the logits: as expected.bin of make_family_fixtures.py."""
import copy
import pathlib
import shutil

import families
import family_models
import gguf_models
import make_family_fixtures

TO = pathlib.Path(__file__).resolve().parents[1] / "core" / "fixtures" / "gguf"
CONTEXT = 40
WANTED = {  # in which type, and of how many blocks where one has all that matters
    "llama_llama3": "F32 1", "llama_fused": "BF16 1", "mixtral": "F16 1", "mixtral_apart": "BF16 1",
    "qwen2": "BF16", "qwen2_moe": "F16 1", "qwen3": "F16 1", "qwen3_moe": "BF16 1", "gemma": "F16 1", "gemma2": "BF16",
    "gemma3_text": "F16", "phi": "F16 1", "phi3_longrope": "F16 1", "gpt2": "F16 1", "gpt_neox": "BF16 1",
    "stablelm_parallel": "BF16 1", "falcon": "F16 1", "falcon_grouped": "BF16 1", "bloom": "F16 1", "olmo2": "BF16 1",
    "smollm3": "F16", "granite_yarn": "BF16 1", "starcoder2": "BF16 1"}


def make(kind, wanted, blocks=None):
    shape = families.Shape(**{"intermediate": 11, **kind.shape, "context": CONTEXT, **({"blocks": int(blocks)} if blocks else {})})
    sequences = make_family_fixtures.sequences_of(shape, kind.label)
    sequences = [ids for ids in sequences if len(ids) <= kind.within][-2 if "longrope" in kind.label else -1:]
    model = make_family_fixtures.clear_model(kind.family, kind.settings(shape), sequences)
    gguf_models.rounded_(model, wanted)
    gguf_models.write(TO / f"{kind.label}.gguf", model, kind, wanted)
    logits = family_models.logits_of(copy.deepcopy(model).double(), sequences)
    make_family_fixtures.write_expected(TO, sequences, logits)
    (TO / "expected.bin").rename(TO / f"{kind.label}.bin")


def main():
    shutil.rmtree(TO, ignore_errors=True)
    TO.mkdir(parents=True)
    for kind in gguf_models.KINDS:
        if kind.label in WANTED:
            make(kind, *WANTED[kind.label].split())
    files = list(TO.iterdir())
    print(f"{len(files)} files, {sum(file.stat().st_size for file in files) / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
