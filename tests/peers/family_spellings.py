"""Checkpoints that name the same tensors or the same config in other ways than transformers saves them today, as
caches hold them. Each is proven by what transformers computes after opening it, save where a comment says why not."""
import dataclasses
import json

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForImageTextToText

import config_spellings
import families
import family_fixtures as fixtures
import family_models
from families import Shape

TINY = Shape(blocks=1, heads=3, kv=1, head_dim=4, intermediate=9, window=5, context=34)


def configs(name, config):
    """Further spellings of this fixture's config, by name."""
    table = {
        "llama_linear": [("type", config_spellings.rope_type_as_type)],
        "llama_dynamic": [("type", config_spellings.rope_type_as_type), ("null", null_where_derived)],
        "qwen2_yarn": [("type", config_spellings.rope_type_as_type)],
        # Most Qwen configs name a window and say that it is not used.
        "qwen2": [("unused_window", unused_window)], "qwen3": [("unused_window", unused_window)],
        "qwen2_moe": [("unused_window", unused_window)], "qwen3_moe": [("unused_window", unused_window)],
        # Google's first configs say gelu and mean its tanh form; the next ones say so in another key.
        "gemma": [("legacy", lambda c: {**config_spellings.older(c), "hidden_act": "gelu",
                                        "hidden_activation": "gelu_pytorch_tanh"}),
                  ("gelu", lambda c: {**config_spellings.older(c), "hidden_act": "gelu"})],
        "bloom": [("hub", bloom_hub)], "seed_oss_tied": [("null", null_where_derived)]}
    return [(spelling, change(config)) for spelling, change in table.get(name, [])]


def unproven_configs(name, config):
    """Spellings that this transformers refuses. Phi-3's first configs called longrope su; transformers 4.40 to 4.57
    read them so, and gave these logits."""
    return [("su", config_spellings.rope_type_as_type(config, "su"))] if name == "phi3_longrope" else []


def null_where_derived(config):
    return {**config_spellings.older(config), "head_dim": None, "num_key_value_heads": None}


def unused_window(config):
    return {**config_spellings.older(config), "use_sliding_window": False, "sliding_window": 4}


def bloom_hub(config):
    """As BigScience's first: n_embed, the heads twice, and switches of its training."""
    config = config_spellings.older(config)
    return {**{key: value for key, value in config.items() if key != "hidden_size"}, "n_embed": config["hidden_size"],
            "num_attention_heads": config["n_head"], "attention_softmax_in_fp32": True, "seq_length": 2048,
            "masked_softmax_fusion": True, "bias_dropout_fusion": True, "offset_alibi": 100, "skip_bias_add": True}


# Tensors under other names. A change takes the tensors as saved and the model, and returns them as they shall be.

def without_prefix(prefix):
    """As saved from the base model, without its head."""
    return lambda tensors, model: {name.removeprefix(prefix): tensor for name, tensor in tensors.items()
                                   if name != "lm_head.weight"}


def with_head(tensors, model):
    """Tied, and stored once more."""
    return {**tensors, "lm_head.weight": model.get_output_embeddings().weight.detach().clone()}


def with_buffers(prefix, **places):
    """What older versions saved beside the weights of the first block: causal masks, the value under them, rotary
    frequencies. Each is told by the name it has behind the prefix."""
    values = {"mask": torch.ones(TINY.context, TINY.context).tril().bool()[None, None],
              "under": torch.tensor(-1e9), "frequencies": torch.tensor([1.0, 0.1])}
    return lambda tensors, model: {**tensors, **{prefix + place: values[kind] for kind, place in places.items()}}


def renamed(old, new):
    return lambda tensors, model: {new if name == old else name: tensor for name, tensor in tensors.items()}


def as_in_memory(_tensors, model):
    """The names of transformers 5's own modules, where they differ from what save_pretrained writes: the experts
    of a block in two tensors of rank 3, gate above up."""
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def all_of(*changes):
    def change(tensors, model):
        for one in changes:
            tensors = one(tensors, model)
        return tensors
    return change


def checkpoint(family, change, options=None, config=None, shape=TINY, proof=True):
    """A function that makes the fixture: the family's tiny model, its tensors and config changed."""
    def make(folder):
        sequences = fixtures.sequences_of(shape, folder.name)
        settings = {**family.extents(shape), **(options or {})}
        model = fixtures.clear_model(family, settings, sequences).to(torch.bfloat16)
        fixtures.save(model, folder, torch.bfloat16, False)
        if not proof:
            fixtures.expect(folder, family, sequences)
        tensors = load_file(folder / "model.safetensors")
        save_file(change(tensors, model), folder / "model.safetensors", metadata={"format": "pt"})
        if config:
            spelled = config(json.loads((folder / "config.json").read_text()))
            fixtures.write_json(folder / "config.json", spelled)
        if proof:
            fixtures.expect(folder, family, sequences)
    return make


def gpt2_hub(config):
    """As OpenAI's own on the hub."""
    config = config_spellings.older(config)
    return {**config, "n_ctx": config["n_positions"], "summary_use_proj": True,
            "task_specific_params": {"text-generation": {"do_sample": True, "max_length": 50}}}


def refined_web(config):
    """Falcon before transformers had it: RefinedWeb's own code. transformers 5 opens it with that code alone, so its
    logits are those of the config before this change; what each key became says
    models/falcon/convert_custom_code_checkpoint.py of transformers (read at 15ea02a)."""
    second = config["new_decoder_architecture"]
    heads = {"n_head_kv": config["num_kv_heads"]} if second else {"multi_query": True}
    return {"model_type": "RefinedWeb" if second else "RefinedWebModel", "architectures": ["RWForCausalLM"],
            "alibi": False, "bias": False, "apply_residual_connection_post_layernorm": False,
            "attention_dropout": 0.0, "hidden_dropout": 0.0, "hidden_size": config["hidden_size"],
            "layer_norm_epsilon": config["layer_norm_epsilon"], "n_head": config["num_attention_heads"],
            "n_layer": config["num_hidden_layers"], "parallel_attn": True, "torch_dtype": "bfloat16",
            "vocab_size": config["vocab_size"], **heads}


TINY_EXPERTS = dataclasses.replace(TINY, experts=4, intermediate=15)

TENSORS = {
    # Hugging Face's first conversions of GPT-2, BLOOM and OPT were saved without the head around the model.
    "gpt2_hub": checkpoint(families.GPT2, all_of(
        without_prefix("transformer."), with_buffers("h.0.attn.", mask="bias")), config=gpt2_hub),
    "gpt2_buffers": checkpoint(families.GPT2, all_of(
        with_head, with_buffers("transformer.h.0.attn.", mask="bias", under="masked_bias"))),
    "bloom_hub": checkpoint(families.BLOOM, without_prefix("transformer.")),
    "opt_hub": checkpoint(families.OPT, without_prefix("model.")),
    "opt_head": checkpoint(families.OPT, with_head),
    "gpt_neo_buffers": checkpoint(
        families.GPT_NEO, all_of(with_head, with_buffers("transformer.h.0.attn.attention.", mask="bias",
                                                         under="masked_bias")),
        {"attention_types": [[["local"], 1]]}),
    "gpt_neox_buffers": checkpoint(
        families.GPT_NEOX, with_buffers("gpt_neox.layers.0.attention.", mask="bias", under="masked_bias",
                                        frequencies="rotary_emb.inv_freq"), families.partial(1.0)),
    # embed_out.weight on disk, lm_head.weight in memory.
    "gpt_neox_memory": checkpoint(families.GPT_NEOX, as_in_memory, families.partial(1.0)),
    "llama_buffers": checkpoint(families.LLAMA, all_of(with_head, with_buffers(
        "model.layers.0.self_attn.", frequencies="rotary_emb.inv_freq")), {"tie_word_embeddings": True}),
    # The one matrix of a tied model under the head's name.
    "llama_head_only": checkpoint(families.LLAMA, renamed("model.embed_tokens.weight", "lm_head.weight"),
                                  {"tie_word_embeddings": True}),
    # Qwen3-Embedding and others are saved from the base model.
    "qwen3_base": checkpoint(families.QWEN3, without_prefix("model."), {"tie_word_embeddings": True, "head_dim": 8}),
    "falcon_head": checkpoint(families.FALCON, with_head),
    "falcon_refinedweb": checkpoint(families.FALCON, with_head, config=refined_web, proof=False),
    "falcon_refinedweb_grouped": checkpoint(
        families.FALCON, with_head, {"new_decoder_architecture": True, "num_kv_heads": 2}, config=refined_web,
        shape=dataclasses.replace(TINY, heads=4, kv=2), proof=False),
    "mixtral_memory": checkpoint(families.MIXTRAL, as_in_memory, shape=TINY_EXPERTS),
    "qwen2_moe_memory": checkpoint(families.QWEN2_MOE, as_in_memory, shape=TINY_EXPERTS),
    "qwen3_moe_memory": checkpoint(families.QWEN3_MOE, as_in_memory, {"head_dim": 8}, shape=TINY_EXPERTS),
}


# Text parts of models that also see.

VISION = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,
          "image_size": 8, "patch_size": 4}
WRAPPERS = {
    "gemma3": {"vision_config": {"model_type": "siglip_vision_model", "vision_use_head": False, **VISION},
               "image_token_index": 20, "boi_token_index": 21, "eoi_token_index": 22, "mm_tokens_per_image": 1},
    "llava": {"vision_config": {"model_type": "clip_vision_model", **VISION}, "image_token_index": 20},
    "mistral3": {"vision_config": {"model_type": "pixtral", "head_dim": 4, **VISION}, "image_token_index": 20}}


def text_part(wrapper, family, variant, in_memory=False, config=None, **more):
    """The wrapped model; sequences have no image in them (ids below 20), and the rest of it is to be named."""
    def make(folder):
        shape = dataclasses.replace(TINY, blocks=variant.tiny.get("blocks", 2), vocab=20)
        sequences = fixtures.sequences_of(shape, folder.name)
        settings = variant.settings(family, dataclasses.replace(shape, vocab=23))
        model = AutoModelForImageTextToText.from_config(AutoConfig.for_model(
            wrapper, text_config={"model_type": family.model_type, **settings}, **WRAPPERS[wrapper], **more))
        family_models.randomize(model, len(folder.name))
        model = model.to(torch.bfloat16)
        fixtures.save(model, folder, torch.bfloat16, False)
        if in_memory:
            save_file(drop_twins(model.state_dict()), folder / "model.safetensors", metadata={"format": "pt"})
        exact = fixtures.expect(folder, family, sequences)
        spelled = json.loads((folder / "config.json").read_text())
        for spelling, change in {"older": config_spellings.older, **(config or {})}.items():
            fixtures.spell(folder, family, spelling, change(spelled), sequences, exact)
        (folder / "warnings.txt").write_text("vision_tower\n")
    return make


def drop_twins(tensors):
    kept = {}
    for name, tensor in tensors.items():
        if tensor.data_ptr() not in {other.data_ptr() for other in kept.values()}:
            kept[name] = tensor
    return {name: tensor.detach().clone() for name, tensor in kept.items()}


def sparse_text(config):
    """As LLaVA's: in the text's config only what differs from its class."""
    config = config_spellings.older(config)
    text = config_spellings.absent(config["text_config"])
    return {**config, "text_config": text}


def without_tie(config):
    return {key: value for key, value in config.items() if key != "tie_word_embeddings"}


TENSORS |= {
    # No cap on its logits: around a text model, transformers caps none, and none is published with a cap.
    "gemma3_wrapped": text_part("gemma3", families.GEMMA3, families.variant(
        "", lambda s: {**families.dual_rope({"rope_type": "linear", "factor": 8.0}), "sliding_window_pattern": 2},
        given=True)),
    "gemma3_memory": text_part("gemma3", families.GEMMA3, families.GEMMA3.variants[2], in_memory=True,
                               tie_word_embeddings=False),
    "llava_llama": text_part("llava", families.LLAMA, families.LLAMA.variants[0], config={"sparse": sparse_text}),
    "llava_mistral": text_part("llava", families.MISTRAL, families.MISTRAL.variants[0], in_memory=True),
    # Whether the head is tied is the wrapper's to say, and its class says yes. A head that is stored and differs is
    # used all the same (transformers 5; 4 looked at the text's config and the flag alone).
    "mistral3_tied": text_part("mistral3", families.MISTRAL, families.MISTRAL.variants[1]),
    "mistral3_untied": text_part("mistral3", families.MISTRAL, families.MISTRAL.variants[1],
                                 config={"silent": without_tie}, tie_word_embeddings=False)}
