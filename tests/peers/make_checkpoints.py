#!/usr/bin/env python3
"""Writes tests/core/fixtures/checkpoints: small Llama checkpoints as transformers and safetensors save them,
in the spellings of several years. Each folder has expected.json with the sum of every layer as float64, so that
the reader is held to what the peers hold in memory. Run it with the versions of requirements.txt."""
import json
import pathlib
import shutil
import sys

import torch
from safetensors.torch import load_file, save_file
from transformers import LlamaConfig, LlamaForCausalLM

OUT = pathlib.Path(__file__).resolve().parents[1] / "core" / "fixtures" / "checkpoints"


def model(**changes):
    settings = dict(vocab_size=12, hidden_size=8, intermediate_size=6, num_hidden_layers=2, num_attention_heads=2,
                    num_key_value_heads=1, head_dim=4, max_position_embeddings=16, rms_norm_eps=1e-5,
                    tie_word_embeddings=False)
    torch.manual_seed(7)
    return LlamaForCausalLM(LlamaConfig(**{**settings, **changes}))


def expect(folder, weights):
    sums = {name: float(t.to(torch.float64).sum()) for name, t in sorted(weights.items())}
    (folder / "expected.json").write_text(json.dumps(sums, indent=1) + "\n")


def save(name, dtype=torch.float32, shard="1GB", **changes):
    folder = OUT / name
    made = model(**changes).to(dtype)
    made.save_pretrained(folder, max_shard_size=shard)
    (folder / "generation_config.json").unlink(missing_ok=True)
    weights = {}
    for file in sorted(folder.glob("*.safetensors")):
        weights.update(load_file(file))
    expect(folder, weights)
    return folder


def older_spelling(folder, **changes):
    """config.json as transformers 4 wrote it."""
    path = folder / "config.json"
    config = json.loads(path.read_text())
    rope = config.pop("rope_parameters")
    config["rope_theta"] = rope["rope_theta"]
    config["rope_scaling"] = None
    config["torch_dtype"] = config.pop("dtype")
    config.update(changes)
    path.write_text(json.dumps(config, indent=2) + "\n")


def leftovers(folder):
    """A file of 2023: rotary buffers stored, and one tensor that nothing knows."""
    path = folder / "model.safetensors"
    tensors = load_file(path)
    tensors["model.layers.0.self_attn.rotary_emb.inv_freq"] = torch.ones(2)
    tensors["model.layers.0.surplus"] = torch.ones(3)
    save_file(tensors, path, metadata={"format": "pt"})


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    save("untied_f32")
    save("tied_bf16", torch.bfloat16, tie_word_embeddings=True)
    save("sharded_f16", torch.float16, shard="1KB", rope_parameters={"rope_type": "default", "rope_theta": 5e5})
    older_spelling(save("older_spelling", tie_word_embeddings=True))
    folder = save("leftovers")
    leftovers(folder)
    older_spelling(folder, head_dim=None)


sys.exit(main())
