#!/usr/bin/env python3
"""Make tests/core/fixtures/generation.json: what transformers' generate(do_sample=False) writes.

    tests/peers/make_generation_fixtures.py          (pinned versions: requirements.txt)

[{"model": folder below the checkout, "prompt": [ids], "made": [ids]}], for the shipped model and one checkpoint of
each way to look back: RoPE of several kinds, learned positions, ALiBi, sliding windows, soft caps, experts, shared
keys. Computed in float64, with its own cache of keys and values, without an end of
text."""
import json
import pathlib
import random

import torch
import transformers

ROOT = pathlib.Path(__file__).resolve().parents[2]
FAMILIES = ["llama", "llama_llama3", "llama_longrope", "gpt2", "gpt_neo", "gpt_neox", "bloom", "falcon",
            "falcon_alibi", "falcon_mha", "gemma", "gemma2", "gemma3_text", "mistral", "mixtral", "olmo2", "opt", "phi",
            "phi3", "phi3_longrope", "qwen2", "qwen2_sliding", "qwen2_moe", "qwen3", "qwen3_moe", "granite", "smollm3",
            "stablelm", "starcoder2"]
TOKENS = 20
transformers.logging.set_verbosity_error()


def made_by(model, prompt, tokens):
    """With its cache; but where a RoPE turns with the length of the text, transformers (other than in Phi-3) leaves
    the keys that it keeps as they were turned before, so there without."""
    scaling = (getattr(model.config, "rope_parameters", None) or {}).get("rope_type", "default")
    stale = scaling in ("longrope", "dynamic") and model.config.model_type != "phi3"
    ids = torch.tensor([prompt])
    with torch.no_grad():
        out = model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=tokens,
                             min_new_tokens=tokens, eos_token_id=None, pad_token_id=0, repetition_penalty=1.0,
                             use_cache=not stale)
    return out[0, len(prompt):].tolist()


def entries(folder, lengths):
    model = transformers.AutoModelForCausalLM.from_pretrained(ROOT / folder, dtype=torch.float64,
                                                              attn_implementation="eager",
                                                              experts_implementation="eager").eval()
    model.generation_config = transformers.GenerationConfig()
    rng = random.Random(str(folder))
    context = getattr(model.config, "max_position_embeddings", None) or 1 << 20
    for length in lengths:
        prompt = [rng.randrange(3, model.config.vocab_size) for _ in range(length)]
        tokens = min(TOKENS, context - length)
        yield {"model": str(folder), "prompt": prompt, "made": made_by(model, prompt, tokens)}


def main():
    found = list(entries("models/shipped", (1, 12, 40)))
    for family in FAMILIES:
        found += entries(f"tests/core/fixtures/families/{family}", (2, 11))
    lines = ",\n".join(json.dumps(entry) for entry in found)
    (ROOT / "tests/core/fixtures/generation.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
