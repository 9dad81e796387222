"""config.json as other years wrote it. transformers 5 writes `dtype`, `rope_parameters` and every key; its
predecessors `torch_dtype`, `rope_theta`, `rope_scaling` and what differs from the class's defaults, each in its
time. make_family_fixtures.py proves by loading that a spelling means what the first one does."""
import copy

from transformers import AutoConfig

# What names no arithmetic, and is in nearly every config.
IDLE = ("architectures", "transformers_version", "use_cache", "bos_token_id", "eos_token_id",
        "initializer_range", "attention_dropout")


def older(config):
    """As transformers 4 wrote it."""
    config = copy.deepcopy(config)
    if "text_config" in config:
        text = older(config["text_config"])
        text.pop("torch_dtype", None)
        return {**config, "text_config": text}
    if "dtype" in config:
        config["torch_dtype"] = config.pop("dtype")
    config["transformers_version"] = "4.40.0"
    kind = config["model_type"]
    if kind == "gemma3_text":
        return older_gemma3(config)
    if kind in ("qwen2", "qwen2_moe", "qwen3", "gemma2", "smollm3") and is_derived(config, "layer_types"):
        del config["layer_types"]
    if kind == "qwen3_moe":
        config["num_experts"] = config.pop("num_local_experts")
    parameters = config.pop("rope_parameters", None)
    if parameters is not None:
        part = parameters.pop("partial_rotary_factor", None)
        theta = parameters.pop("rope_theta")
        config["rope_theta"] = theta
        if kind == "gpt_neox":
            config |= {"rotary_pct": part, "rotary_emb_base": theta}
            del config["rope_theta"]
        elif part is not None and not (kind == "phi3" and part == 1.0):
            config["partial_rotary_factor"] = part
        if parameters["rope_type"] == "longrope":
            # transformers 4 looks for it beside the rope's settings, for every family.
            config["original_max_position_embeddings"] = parameters.pop("original_max_position_embeddings")
        if kind in ("phi3", "olmo2"):
            parameters["type"] = parameters.pop("rope_type")
        default = parameters.get("rope_type", parameters.get("type")) == "default"
        config["rope_scaling"] = None if default else parameters
    return config


def older_gemma3(config):
    parameters = config.pop("rope_parameters")
    full, sliding = parameters["full_attention"], parameters["sliding_attention"]
    config["rope_theta"] = full.pop("rope_theta")
    config["rope_local_base_freq"] = sliding["rope_theta"]
    config["rope_scaling"] = None if full["rope_type"] == "default" else full
    if "_sliding_window_pattern" in config:
        config["sliding_window_pattern"] = config.pop("_sliding_window_pattern")
        if is_derived(config, "layer_types"):
            del config["layer_types"]
    return config


def is_derived(config, key):
    """Whether the class comes to the same value from the rest."""
    rest = {name: value for name, value in config.items() if name not in (key, "model_type", "rope_parameters")}
    rest.pop("rope_scaling", None)
    return getattr(AutoConfig.for_model(config["model_type"], **rest), key) == config[key]


def rope_type_as_type(config, name=None):
    """`type`, as the first rope scalings were spelled; Phi-3's longrope was first called su."""
    config = older(config)
    scaling = config["rope_scaling"]
    scaling["type"] = name or scaling.pop("rope_type", None) or scaling["type"]
    scaling.pop("rope_type", None)
    return config


def absent(config):
    """Nothing that the class would say by itself."""
    default = AutoConfig.for_model(config["model_type"]).to_dict()
    kept = {key: value for key, value in config.items()
            if key == "model_type" or (key not in IDLE and value != default.get(key))}
    for key in ("head_dim", "num_kv_heads", "ffn_hidden_size", "layer_types", "word_embed_proj_dim",
                "num_key_value_heads", "attention_layers", "rope_parameters"):
        if key in kept and is_derived({**kept}, key):
            del kept[key]
    kept.pop("dtype", None)
    if config["model_type"] == "qwen3_moe":
        kept["num_experts"] = kept.pop("num_local_experts")
    return kept
