"""Which models go into GGUF files, and how: the names, the layout and the metadata that llama.cpp's
convert_hf_to_gguf.py gives each family (its folder `conversion`), written with the package `gguf`.

    write(path, model, kind, "F16")

Facts of that converter that are not seen here: it drops what it has no key for (see LOST), and keeps norms, biases,
routers and positions in float32 whatever the type of the file."""
import dataclasses
import math

import gguf
import numpy as np
import torch

import families as f

QUANTIZATION = gguf.GGMLQuantizationType
FILE_TYPES = {"F32": gguf.LlamaFileType.ALL_F32, "F16": gguf.LlamaFileType.MOSTLY_F16,
              "BF16": gguf.LlamaFileType.MOSTLY_BF16}
LONG = 300  # tokens of the longest sequence


@dataclasses.dataclass(frozen=True)
class Kind:
    """A model to write. `arch` is GGUF's word for the family."""
    family: f.Family
    arch: str
    name: str = ""
    options: object = None  # dict, or function of the shape, over what the family's config has
    given: bool = False  # the config names head_dim
    shape: dict = dataclasses.field(default_factory=dict)
    within: int = LONG  # GGUF does not say what happens in longer sequences
    not_llama_cpp: str = ""  # why llama.cpp does not compute the same
    layout: str = ""  # "fused": as --fuse-qkv does; "apart": experts one by one, as until 2024

    @property
    def label(self):
        return "_".join(filter(None, (self.family.model_type, self.name)))

    def settings(self, shape):
        options = self.options(shape) if callable(self.options) else self.options or {}
        head_dim = {"head_dim": shape.head_dim} if self.given else {}
        return {**self.family.extents(shape), **head_dim, **options}


def kind(family, arch, name="", options=None, given=False, within=LONG, unlike="", layout="", **shape):
    return Kind(family, arch, name, options, given, shape, within, unlike, layout)


def gemma_scale(s):
    """GGUF has no key for query_pre_attn_scalar; llama.cpp takes head_dim, but for the 27B models."""
    return {"query_pre_attn_scalar": s.head_dim}


def four_wide(s):
    """GGUF's converters write 4 * hidden for these families."""
    return {"intermediate_size": 4 * s.hidden}


def sliding(s):
    return {"sliding_window": s.window}


HEADLESS, BIASES = "it wants a head", "it knows no such biases"
KINDS = (
    kind(f.LLAMA, "llama", "", f.rope(500000.0)),
    kind(f.LLAMA, "llama", "linear", f.rope(kind="linear", factor=4.0), given=True, width=18, head_dim=12),
    kind(f.LLAMA, "llama", "llama3", f.llama3, heads=2, kv=2, head_dim=16, window=16),
    kind(f.LLAMA, "llama", "yarn", f.yarn, heads=2, head_dim=16),
    kind(f.LLAMA, "llama", "yarn_explicit",
         lambda s: f.yarn(s, 40.0, 16, attention_factor=1.3, beta_fast=1.5, beta_slow=0.25), heads=2, head_dim=16,
         unlike="keys of YaRN that it does not read"),
    kind(f.LLAMA, "llama", "biases", {"attention_bias": True, "mlp_bias": True, "tie_word_embeddings": True},
         heads=5, kv=5, head_dim=4),
    kind(f.LLAMA, "llama", "fused", {"attention_bias": True}, heads=4, kv=2, layout="fused"),
    kind(f.MISTRAL, "llama", "", sliding, within=6),
    kind(f.MISTRAL, "llama", "full", {"sliding_window": None, **f.rope(1000000.0)}, given=True, width=18, head_dim=12),
    kind(f.MIXTRAL, "llama", "", {}, intermediate=12),
    kind(f.MIXTRAL, "llama", "tied", {"tie_word_embeddings": True}, heads=5, kv=5, head_dim=4, experts=4, top=3,
         intermediate=12),
    kind(f.MIXTRAL, "llama", "apart", f.rope(500.0), heads=4, kv=2, intermediate=12, layout="apart",
         unlike="it reads no such files any more"),
    kind(f.QWEN2, "qwen2", "", {"tie_word_embeddings": True, **f.rope(1000000.0)}),
    kind(f.QWEN2, "qwen2", "yarn", f.yarn, heads=2, head_dim=16),
    kind(f.QWEN2, "qwen2", "fused", {}, heads=4, kv=2, layout="fused"),
    kind(f.QWEN2_MOE, "qwen2moe", "", {}, intermediate=18),
    kind(f.QWEN2_MOE, "qwen2moe", "fused", {}, heads=2, kv=2, intermediate=18, experts=4, layout="fused"),
    kind(f.QWEN3, "qwen3", "", {"tie_word_embeddings": True, **f.rope(1000000.0)}, given=True, width=18, head_dim=12),
    kind(f.QWEN3, "qwen3", "biases", {"attention_bias": True}, given=True, heads=5, kv=5, head_dim=4, unlike=BIASES),
    kind(f.QWEN3, "qwen3", "fused", {}, heads=4, kv=2, layout="fused"),
    kind(f.QWEN3, "qwen3", "yarn", f.yarn, given=True, heads=2, head_dim=16),
    kind(f.QWEN3_MOE, "qwen3moe", "", {"norm_topk_prob": True, **f.rope(1000000.0)}, given=True, width=18, head_dim=12,
         intermediate=18),
    kind(f.GEMMA, "gemma", "", {}, given=True, width=18, head_dim=12),
    kind(f.GEMMA, "gemma", "grouped", {"attention_bias": True}, given=True, heads=4, kv=2, head_dim=8,
         unlike=BIASES),
    kind(f.GEMMA2, "gemma2", "", gemma_scale, given=True, width=18, head_dim=12),
    kind(f.GEMMA2, "gemma2", "biases", lambda s: {**gemma_scale(s), "attention_bias": True}, given=True, blocks=3,
         heads=4, kv=2, head_dim=8, unlike=BIASES),
    kind(f.GEMMA3, "gemma3", "", lambda s: {**f.dual_rope(local=10000.0), **gemma_scale(s)}, given=True, blocks=6,
         heads=2, width=16, head_dim=12),
    kind(f.GEMMA3, "gemma3", "linear", lambda s: {
        **f.dual_rope({"rope_type": "linear", "factor": 8.0}, local=37.0), **gemma_scale(s),
        "final_logit_softcapping": 4.0}, given=True, blocks=7),
    kind(f.PHI, "phi2", "", lambda s: {**f.partial(0.5), **four_wide(s)}, kv=3, head_dim=8),
    kind(f.PHI, "phi2", "fused", lambda s: {**f.partial(0.25), **four_wide(s)}, heads=2, kv=2, head_dim=16, layout="fused"),
    kind(f.PHI3, "phi3", "", {}, kv=3),
    kind(f.PHI3, "phi3", "sliding", sliding, heads=4, kv=2, unlike="it drops the window"),
    kind(f.PHI3, "phi3", "longrope", f.longrope_phi3, heads=4, kv=2, window=12),
    kind(f.PHI3, "phi3", "partial", lambda s: {**f.longrope_phi3(s, 0.75), "tie_word_embeddings": True}, heads=3, kv=1,
         head_dim=16, window=12),
    kind(f.GPT2, "gpt2", "", {}, head_dim=6, context=LONG),
    kind(f.GPT2, "gpt2", "untied", {"tie_word_embeddings": False}, heads=1, head_dim=24, context=LONG),
    kind(f.GPT_NEOX, "gptneox", "", f.partial(0.25), heads=2, head_dim=16),
    kind(f.GPT_NEOX, "gptneox", "sequential", {"use_parallel_residual": False, "tie_word_embeddings": True,
                                               **f.partial(1.0)}, heads=5, head_dim=4, unlike=HEADLESS),
    kind(f.STABLELM, "stablelm", "", f.partial(0.25), heads=2, kv=2, head_dim=16),
    kind(f.STABLELM, "stablelm", "parallel", {"use_qkv_bias": True, "use_parallel_residual": True,
                                              "qk_layernorm": True, **f.partial(0.5)}, heads=4, kv=2, head_dim=8),
    kind(f.STABLELM, "stablelm", "norms", {"use_qkv_bias": True, "tie_word_embeddings": True, "qk_layernorm": True,
                                           **f.partial(1.0)}, heads=3, kv=1, unlike=HEADLESS),
    kind(f.FALCON, "falcon", "", {"num_kv_heads": 1}),
    kind(f.FALCON, "falcon", "grouped", lambda s: {"new_decoder_architecture": True, "num_kv_heads": s.kv}, heads=6,
         kv=2, head_dim=4),
    kind(f.FALCON, "falcon", "one_norm", lambda s: {
        "new_decoder_architecture": True, "num_kv_heads": s.kv, "num_ln_in_parallel_attn": 1,
        "tie_word_embeddings": False}, heads=4, kv=2),
    kind(f.FALCON, "falcon", "mha", {"multi_query": False}, heads=3),
    kind(f.BLOOM, "bloom", "", {}),
    kind(f.BLOOM, "bloom", "untied", {"tie_word_embeddings": False}, heads=8, head_dim=2),
    kind(f.OLMO2, "olmo2", "", f.rope(500000.0)),
    kind(f.OLMO2, "olmo2", "linear", {"tie_word_embeddings": True, **f.rope(kind="linear", factor=2.0)}, heads=4, kv=2,
         unlike=HEADLESS),
    kind(f.SMOLLM3, "smollm3", "", {}, blocks=4),
    kind(f.SMOLLM3, "smollm3", "biases", {"attention_bias": True, "mlp_bias": True, "tie_word_embeddings": False},
         blocks=5, heads=5, kv=5, head_dim=6, unlike=BIASES),
    kind(f.SMOLLM3, "smollm3", "yarn", f.yarn, blocks=4, heads=2, head_dim=16),
    kind(f.GRANITE, "granite", "", {**f.MULTIPLIERS, "tie_word_embeddings": True}),
    kind(f.GRANITE, "granite", "biases", {**f.MULTIPLIERS, "attention_bias": True, "mlp_bias": True}, heads=5, kv=5,
         head_dim=4),
    kind(f.GRANITE, "granite", "yarn", lambda s: {**f.yarn(s), **f.MULTIPLIERS}, heads=2, head_dim=16),
    kind(f.STARCODER2, "starcoder2", "", sliding, within=6),
    kind(f.STARCODER2, "starcoder2", "grouped", {"sliding_window": None, **f.rope(500.0)}, heads=4, kv=2),
    kind(f.STARCODER2, "starcoder2", "plain", {"sliding_window": None, "use_bias": False, "tie_word_embeddings": False},
         heads=5, kv=5, head_dim=6, unlike=BIASES),
)
# Options of these families for which GGUF has no place, so that the converter passes them over in silence or fails.
LOST = {
    "all": "the activation; dynamic RoPE, mscale and truncate of YaRN",
    "mistral, mixtral, qwen2, qwen3, starcoder2": "the sliding window",
    "llama": "LongRoPE", "qwen2_moe, qwen3_moe": "dense blocks, norm_topk_prob",
    "gemma": "an untied head, rope_theta", "gemma2": "query_pre_attn_scalar, layer_types, rope_theta",
    "gemma3": "query_pre_attn_scalar, layer_types", "phi": "qk_layernorm, rope_theta", "gpt2": "factors of the scores",
    "gpt_neox, stablelm": "rope_theta", "falcon": "ALiBi, biases, sequential halves, another width of the MLP",
    "bloom": "apply_residual_connection_post_layernorm", "smollm3": "which blocks have no RoPE"}


# Tensors

def pairs(weight, heads):
    """Rows of each head so that RoPE turns neighbours instead of halves."""
    return weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:]).swapaxes(1, 2).reshape(
        weight.shape)


def ungroup(weight, kv, head_dim):
    """Rows of fused queries, keys and values that stand by key head, one after the other."""
    groups = weight.reshape(kv, -1, head_dim, *weight.shape[1:])
    parts = (groups[:, :-2], groups[:, -2:-1], groups[:, -1:])
    return torch.cat([part.reshape(-1, *weight.shape[1:]) for part in parts])


def key_heads(config):
    for name in ("num_kv_heads", "num_key_value_heads"):
        if getattr(config, name, None):
            return getattr(config, name)
    return config.num_attention_heads


def falcon_key_heads(config):
    """As many as there are, whatever the attribute says beside multi_query."""
    if config.new_decoder_architecture:
        return config.num_kv_heads
    return 1 if config.multi_query else config.num_attention_heads


def changed(arch, name, weight, config):
    """One tensor of transformers' model as the converter changes it: pairs of a name and a tensor."""
    heads = config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // heads
    if arch in ("llama", "smollm3", "granite") and ".q_proj." in name:
        weight = pairs(weight, heads)
    if arch in ("llama", "smollm3", "granite") and ".k_proj." in name:
        weight = pairs(weight, key_heads(config))
    if arch.startswith("gemma") and name.endswith("norm.weight"):
        weight = weight + 1
    if arch == "gpt2" and name.endswith((".c_attn.weight", ".c_proj.weight", ".c_fc.weight")):
        weight = weight.T
    if arch in ("bloom", "gptneox", "falcon") and "query_key_value" in name:
        weight = ungroup(weight, falcon_key_heads(config) if arch == "falcon" else heads, head_dim)
    if name.endswith("experts.gate_up_proj"):
        half = weight.shape[1] // 2
        base = name.removesuffix("gate_up_proj")
        return [(base + "gate_proj.weight", weight[:, :half]), (base + "up_proj.weight", weight[:, half:])]
    if name.endswith("experts.down_proj"):
        name += ".weight"
    return [(name, weight)]


def gguf_name(table, name):
    for spelling in (name, name.removeprefix("transformer.")):
        if found := table.get_name(key=spelling, try_suffixes=(".weight", ".bias")):
            return found
    raise ValueError(f"gguf has no name for {name}")


def stack_norms(tensors):
    """StableLM's norm of each head: one tensor."""
    stacks = {}
    for name, weight in tensors:
        base, mark, rest = name.partition(".norms.")
        stacks.setdefault(base + ".weight" if mark else name, []).append((int(rest.split(".")[0]) if mark else 0, weight))
    for name, parts in stacks.items():
        if len(parts) > 1 or "layernorm.weight" in name and ".self_attn." in name:
            yield name, torch.stack([weight for _, weight in sorted(parts, key=lambda part: part[0])])
        else:
            yield name, parts[0][1]


def laid_out(tensors, layout):
    """Queries, keys and values in one, or experts one by one."""
    tensors = dict(tensors)
    for name in list(tensors):
        block, dot, rest = name.rpartition(".attn_q.")
        if dot and layout == "fused":
            parts = [tensors.pop(f"{block}.attn_{part}.{rest}") for part in "qkv"]
            tensors[f"{block}.attn_qkv.{rest}"] = torch.cat(parts)
        if "_exps." in name and layout == "apart":
            for i, weight in enumerate(tensors.pop(name)):
                tensors[name.replace("_exps.", f".{i}.")] = weight
    return list(tensors.items())


def tensors_of(model, kind_):
    config = model.config
    table = gguf.get_tensor_name_map({v: k for k, v in gguf.MODEL_ARCH_NAMES.items()}[kind_.arch],
                                     config.num_hidden_layers)
    tied = model.get_output_embeddings().weight is model.get_input_embeddings().weight
    state = [(name, weight) for name, weight in model.state_dict().items()
             if not (tied and weight.data_ptr() == model.get_input_embeddings().weight.data_ptr()
                     and name not in embedding_names(model))
             and not name.endswith((".attn.bias", ".masked_bias", ".inv_freq"))]
    changed_ = [pair for name, weight in state for pair in changed(kind_.arch, name, weight, config)]
    named = [(gguf_name(table, name), weight) for name, weight in stack_norms(changed_)]
    return laid_out(named, kind_.layout) + list(rope_tensors(config, kind_.arch))


def embedding_names(model):
    return {name for name, module in ((f"{path}.weight", module) for path, module in model.named_modules())
            if module is model.get_input_embeddings()}


# RoPE

def rope_of(config):
    parameters = getattr(config, "rope_parameters", None) or {}
    return parameters.get("full_attention", parameters)


def rope_tensors(config, arch):
    rope = rope_of(config)
    if arch in ("llama", "smollm3", "granite") and rope.get("rope_type") == "llama3":
        yield "rope_freqs.weight", torch.tensor(list(llama3_divisors(config, rope)), dtype=torch.float32)
    if arch == "phi3" and rope.get("long_factor"):
        yield "rope_factors_long.weight", torch.tensor(rope["long_factor"], dtype=torch.float32)
        yield "rope_factors_short.weight", torch.tensor(rope["short_factor"], dtype=torch.float32)


def llama3_divisors(config, rope):
    dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    context = rope["original_max_position_embeddings"]
    low, high = rope["low_freq_factor"], rope["high_freq_factor"]
    for i in range(0, dim, 2):
        turns = context / (2 * math.pi * rope["rope_theta"] ** (i / dim))
        smooth = min(max((turns - low) / (high - low), 0.0), 1.0)
        yield 1.0 / ((1 - smooth) / rope["factor"] + smooth)


def add_scaling(writer, rope):
    if rope.get("rope_type") in ("linear", "yarn"):
        writer.add_rope_scaling_type(gguf.RopeScalingType(rope["rope_type"]))
        writer.add_rope_scaling_factor(rope["factor"])
    if rope.get("rope_type") == "yarn":
        writer.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
        for key, add in (("attention_factor", writer.add_rope_scaling_yarn_attn_factor),
                         ("beta_fast", writer.add_rope_scaling_yarn_beta_fast),
                         ("beta_slow", writer.add_rope_scaling_yarn_beta_slow)):
            if rope.get(key) is not None:
                add(rope[key])


# Metadata

def width_of(config):
    return getattr(config, "intermediate_size", None) or 4 * config.hidden_size


def add_extents(writer, config, arch):
    context = {"falcon": 2048, "bloom": getattr(config, "seq_length", config.hidden_size)}.get(arch)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(context or config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(width_of(config))
    writer.add_head_count(config.num_attention_heads)
    if arch not in ("gpt2", "gptneox"):
        writer.add_head_count_kv(falcon_key_heads(config) if arch == "falcon" else
                                 config.num_attention_heads if arch in ("phi2", "bloom") else key_heads(config))
    if getattr(config, "rms_norm_eps", None) is not None:
        writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    for name in ("layer_norm_eps", "layer_norm_epsilon", "norm_epsilon"):
        if getattr(config, name, None) is not None:
            writer.add_layer_norm_eps(getattr(config, name))
            break


def add_rope(writer, config, arch):
    rope = rope_of(config)
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    if arch in ("phi2", "phi3", "gptneox", "stablelm"):
        writer.add_rope_dimension_count(int(head_dim * rope.get("partial_rotary_factor", 1.0)))
    elif arch in ("llama", "smollm3", "granite"):
        writer.add_rope_dimension_count(head_dim)
    if arch not in ("phi2", "gptneox", "stablelm", "falcon", "bloom", "gpt2", "gemma", "gemma2"):
        writer.add_rope_freq_base(rope["rope_theta"])
    if arch == "phi3":
        writer.add_rope_scaling_orig_ctx_len(rope.get("original_max_position_embeddings",
                                                      config.original_max_position_embeddings))
        if rope.get("long_factor"):
            scale = config.max_position_embeddings / config.original_max_position_embeddings
            writer.add_rope_scaling_attn_factors(
                math.sqrt(1 + math.log(scale) / math.log(config.original_max_position_embeddings)))
    elif rope:
        add_scaling(writer, rope)
    if arch == "gemma3":
        writer.add_rope_freq_base_swa(config.rope_parameters["sliding_attention"]["rope_theta"])


def add_experts(writer, config, arch):
    count = getattr(config, "num_local_experts", None) or getattr(config, "num_experts", None)
    if not count:
        return
    writer.add_expert_count(count)
    writer.add_expert_used_count(config.num_experts_per_tok)
    if arch in ("qwen2moe", "qwen3moe"):
        writer.add_expert_feed_forward_length(config.moe_intermediate_size)
    if arch == "qwen2moe":
        writer.add_expert_shared_feed_forward_length(config.shared_expert_intermediate_size)


def add_own(writer, config, arch):
    """What single families have."""
    if arch in ("llama", "smollm3", "granite"):
        writer.add_vocab_size(config.vocab_size)
    if getattr(config, "head_dim", None) and arch not in ("granite", "phi2", "phi3", "stablelm", "gptneox", "falcon"):
        writer.add_key_length(config.head_dim)
        writer.add_value_length(config.head_dim)
    if arch in ("gptneox", "stablelm"):
        writer.add_parallel_residual(config.use_parallel_residual)
    if arch == "gemma2":
        writer.add_attn_logit_softcapping(config.attn_logit_softcapping)
    if arch in ("gemma2", "gemma3") and config.final_logit_softcapping:
        writer.add_final_logit_softcapping(config.final_logit_softcapping)
    if arch in ("gemma2", "gemma3", "phi3"):
        writer.add_sliding_window(config.sliding_window or 0)
    if arch == "falcon":
        writer.add_tensor_data_layout("jploski")
    if arch == "granite":
        writer.add_attention_scale(config.attention_multiplier)
        writer.add_embedding_scale(config.embedding_multiplier)
        writer.add_residual_scale(config.residual_multiplier)
        writer.add_logit_scale(config.logits_scaling)


def add_vocabulary(writer, count):
    """Of SentencePiece's kind. Models that are only computed need no better one."""
    names = ["<unk>", "<s>", "</s>", "<|endoftext|>"] + [f"\u2581{i}" for i in range(4, count)]
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(names)
    writer.add_token_scores([0.0] * 4 + [-float(i) for i in range(4, count)])
    writer.add_token_types([gguf.TokenType.UNKNOWN] + 3 * [gguf.TokenType.CONTROL] +
                           (count - 4) * [gguf.TokenType.NORMAL])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)


# Files

def element_type(name, weight, wanted):
    """Vectors, norms, biases, routers and positions stay float32, as ggml's operators want them."""
    kept = weight.ndim <= 1 or name.endswith("_norm.weight") or not name.endswith(".weight") or name.split(".")[-2] in (
        "ffn_gate_inp", "ffn_gate_inp_shexp", "position_embd")
    return QUANTIZATION.F32 if kept else QUANTIZATION[wanted]


def encoded(weight, element):
    return gguf.quants.quantize(weight.detach().float().contiguous().numpy(), element)


def rounded_(model, wanted):
    """The model with the weights that a file of this type holds."""
    dtype = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}[wanted]
    with torch.no_grad():
        for name, weight in model.named_parameters():
            kept = weight.ndim <= 1 or name.endswith(("norm.weight", ".bias", "mlp.gate.weight", "wpe.weight",
                                                      "shared_expert_gate.weight"))
            if not kept:
                weight.copy_(weight.to(dtype).float())
    return model


def write(path, model, kind_, wanted="F32"):
    writer = gguf.GGUFWriter(path, kind_.arch)
    writer.add_type("model")
    writer.add_name(kind_.label)
    for add in (add_extents, add_rope, add_experts, add_own):
        add(writer, model.config, kind_.arch)
    writer.add_file_type(FILE_TYPES[wanted])
    writer.add_quantization_version(2)
    add_vocabulary(writer, model.config.vocab_size)
    for name, weight in tensors_of(model, kind_):
        element = element_type(name, weight, wanted)
        data = encoded(weight, element)
        writer.add_tensor(name, data, raw_dtype=element if element != QUANTIZATION.F32 else None)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
