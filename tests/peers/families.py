"""The families of models and every option of theirs that changes the arithmetic: what make_family_fixtures.py and
live_families.py build with transformers, in tiny and in larger shapes.

A family says how its config names a shape (`extents`), which variants it is checked in, and the shape of one more
fixture, whose config is silent about all else, so that the class's defaults count (`silent`). A variant is a name,
a set of options, as a dict or as a function of the shape where they depend on it (factors for each rotary pair,
kinds for each block), and what the fixture's shape has else than Shape(). Add a family at the end of FAMILIES.
Read beside it, in transformers: models/FAMILY/configuration_FAMILY.py and modeling_FAMILY.py, modeling_rope_utils.py.
Where transformers 5 computes otherwise than 4.57 did with the same config, a comment at the variant says so."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Shape:
    """Extents. `window` is what a variant slides over, or where its rope scaling sets in: sequences are longer."""
    blocks: int = 2
    heads: int = 3
    kv: int = 1
    head_dim: int = 6
    width: int = 0  # hidden size where it isn't heads * head_dim
    intermediate: int = 21
    vocab: int = 23
    context: int = 40
    window: int = 6
    experts: int = 5
    top: int = 2

    @property
    def hidden(self):
        return self.width or self.heads * self.head_dim


@dataclasses.dataclass(frozen=True)
class Variant:
    name: str
    options: object  # dict, or function of the shape
    tiny: dict  # what the fixture's shape has else than Shape()
    given_head_dim: bool = False  # the config names head_dim, which then isn't hidden / heads
    many_heads: bool = False  # as many keys as queries

    def settings(self, family, shape):
        options = self.options(shape) if callable(self.options) else self.options
        settings = {**family.extents(shape), **options}
        if self.given_head_dim:
            settings["head_dim"] = shape.head_dim
        return settings


@dataclasses.dataclass(frozen=True)
class Family:
    model_type: str
    examples: str
    special: str
    extents: object
    variants: tuple
    silent: dict = dataclasses.field(default_factory=dict)  # the fixture's shape whose config says only extents
    attention: str = "eager"
    alike: tuple = ("eager", "sdpa")  # ways of attention in transformers that must agree


def variant(name, options=None, given=False, mha=False, **tiny):
    return Variant(name, options or {}, tiny, given, mha)


# What a config calls its extents. Where the norms' epsilon is a common small one, nobody would see it missing.

def decoder(s, eps="rms_norm_eps"):
    return {"vocab_size": s.vocab, "hidden_size": s.hidden, "intermediate_size": s.intermediate,
            "num_hidden_layers": s.blocks, "num_attention_heads": s.heads, "num_key_value_heads": s.kv,
            "max_position_embeddings": s.context, eps: 1e-2}


def without_kv(s, eps="layer_norm_eps"):
    return {key: value for key, value in decoder(s, eps).items() if key != "num_key_value_heads"}


def experts(s):
    return {**decoder(s), "num_experts": s.experts, "num_experts_per_tok": s.top,
            "moe_intermediate_size": s.intermediate - 9}


def gpt2(s):
    return {"vocab_size": s.vocab, "n_embd": s.hidden, "n_layer": s.blocks, "n_head": s.heads,
            "n_positions": s.context, "layer_norm_epsilon": 1e-2}


def gpt_neo(s):
    return {"vocab_size": s.vocab, "hidden_size": s.hidden, "num_layers": s.blocks, "num_heads": s.heads,
            "max_position_embeddings": s.context, "layer_norm_epsilon": 1e-2, "window_size": s.window,
            "attention_types": [[["global", "local"], s.blocks // 2]]}


def opt(s):
    return {"vocab_size": s.vocab, "hidden_size": s.hidden, "ffn_dim": s.intermediate,
            "num_hidden_layers": s.blocks, "num_attention_heads": s.heads, "max_position_embeddings": s.context}


def falcon(s):
    return {"vocab_size": s.vocab, "hidden_size": s.hidden, "num_hidden_layers": s.blocks,
            "num_attention_heads": s.heads, "max_position_embeddings": s.context, "layer_norm_epsilon": 1e-2}


def bloom(s):
    return {"vocab_size": s.vocab, "hidden_size": s.hidden, "n_layer": s.blocks, "n_head": s.heads,
            "layer_norm_epsilon": 1e-2}


# Rope.

def rope(theta=10000.0, kind="default", **more):
    return {"rope_parameters": {"rope_type": kind, "rope_theta": theta, **more}}


def dynamic(s):
    """Sets in where a sequence is longer than the context."""
    return {**rope(kind="dynamic", factor=2.5), "max_position_embeddings": s.window}


def llama3(s):
    """Wavelengths on both sides of both limits, and one between."""
    return rope(500.0, "llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                original_max_position_embeddings=2 * s.window)


def yarn(s, theta=10000.0, original=2048, **more):
    """Some pairs interpolated, some not, some between. Its frequencies don't look at the length."""
    return {**rope(theta, "yarn", factor=4.0, original_max_position_embeddings=original, **more),
            "max_position_embeddings": max(4 * original, s.context)}


def longrope(s, part=1.0, **more):
    pairs = int(s.head_dim * part) // 2
    return {**rope(kind="longrope", short_factor=[round(1.0 + 0.13 * i, 2) for i in range(pairs)],
                   long_factor=[round(1.5 + 1.7 * i, 2) for i in range(pairs)], **more),
            "max_position_embeddings": max(4 * s.window, s.context)}


def longrope_llama(s, **more):
    options = longrope(s, **more)
    options["rope_parameters"]["original_max_position_embeddings"] = s.window
    return options


def longrope_phi3(s, part=1.0):
    """Phi keeps the original context outside of the rope's settings."""
    options = longrope(s, part, partial_rotary_factor=part)
    return {**options, "original_max_position_embeddings": s.window}


def dual_rope(full=None, local=100.0, theta=1e6):
    return {"rope_parameters": {"full_attention": {"rope_type": "default", "rope_theta": theta, **(full or {})},
                                "sliding_attention": {"rope_type": "default", "rope_theta": local}}}


def partial(part, theta=10000.0, **more):
    return rope(theta, partial_rotary_factor=part, **more)


def alternating(s, first="sliding_attention", second="full_attention"):
    return [first if i % 2 == 0 else second for i in range(s.blocks)]


def sliding_qwen(s, first):
    return {"use_sliding_window": True, "sliding_window": s.window, "max_window_layers": first}


LLAMA = Family(
    "llama", "Llama 1 to 3.3, TinyLlama, SmolLM2, Vicuna, Yi, DeepSeek LLM",
    "every rope scaling: linear, dynamic, llama3, yarn, longrope", decoder, (
        variant("", rope(500000.0)),
        variant("linear", rope(kind="linear", factor=4.0), given=True, width=18, head_dim=12),
        variant("dynamic", dynamic, mha=True, kv=3, window=12),
        variant("llama3", llama3, heads=2, kv=2, head_dim=16, window=16),
        variant("yarn", yarn, heads=2, head_dim=8),
        variant("yarn_explicit", lambda s: yarn(s, 40.0, 16, attention_factor=1.3, beta_fast=1.5, beta_slow=0.25),
                heads=2, head_dim=16),
        variant("yarn_mscale", lambda s: yarn(s, mscale=0.7, mscale_all_dim=1.9, truncate=False), heads=2,
                head_dim=16),
        variant("longrope", longrope_llama, window=12),
        # 4.57 took the ratio of the contexts whatever the factor says.
        variant("longrope_factor", lambda s: longrope_llama(s, factor=3.0), window=12),
        variant("longrope_attention", lambda s: longrope_llama(s, attention_factor=0.8), window=12),
        variant("biases", {"attention_bias": True, "mlp_bias": True, "tie_word_embeddings": True,
                           "hidden_act": "relu", **rope()}, heads=5, kv=5, mha=True, head_dim=4)),
    silent=dict(head_dim=4))

MISTRAL = Family(
    "mistral", "Mistral 7B, Mistral Nemo, Zephyr", "sliding window; head_dim given", decoder, (
        variant("", lambda s: {"sliding_window": s.window}),
        variant("full", {"sliding_window": None, **rope(1000000.0)}, given=True, width=18, head_dim=12),
        variant("tied", lambda s: {"sliding_window": 2 * s.window, "tie_word_embeddings": True}, heads=5, kv=5,
                mha=True, head_dim=6)),
    silent=dict(heads=8, kv=8, head_dim=2))

MIXTRAL = Family(
    "mixtral", "Mixtral 8x7B and 8x22B", "experts, two for each token",
    lambda s: {**decoder(s), "num_local_experts": s.experts, "num_experts_per_tok": s.top}, (
        variant("", {}, intermediate=12),
        variant("sliding", lambda s: {"sliding_window": s.window, **rope(10000.0)}, given=True, width=18, head_dim=4,
                intermediate=12),
        variant("tied", {"tie_word_embeddings": True}, heads=5, kv=5, mha=True, head_dim=4, experts=4, top=3,
                intermediate=12)),
    silent=dict(heads=8, kv=8, head_dim=2, experts=8, intermediate=8))

QWEN2 = Family(
    "qwen2", "Qwen1.5, Qwen2, Qwen2.5, DeepSeek-R1-Distill-Qwen", "biases on queries, keys and values; yarn",
    decoder, (
        variant("", {"tie_word_embeddings": True, **rope(1000000.0)}),
        variant("sliding", lambda s: sliding_qwen(s, 1), blocks=3, heads=5, kv=5, mha=True, head_dim=4),
        variant("layer_types", lambda s: {"use_sliding_window": True, "sliding_window": s.window,
                                          "layer_types": alternating(s)}, blocks=3),
        variant("yarn", yarn, heads=2, head_dim=8)),
    silent=dict(heads=32, kv=32, head_dim=2, intermediate=9, blocks=1))

QWEN2_MOE = Family(
    "qwen2_moe", "Qwen1.5-MoE, Qwen2-57B-A14B", "experts and a shared one behind a gate; sparse and dense blocks",
    lambda s: {**experts(s), "shared_expert_intermediate_size": s.intermediate + 5}, (
        variant("", {}, intermediate=18),
        variant("sparse", {"norm_topk_prob": True, "decoder_sparse_step": 2, "mlp_only_layers": [1],
                           "tie_word_embeddings": True}, blocks=4, heads=5, kv=5, mha=True, head_dim=4, experts=4,
                intermediate=18),
        # The windows are of every other block before the one named; 4.57 had them elsewhere. No published model has.
        variant("sliding", lambda s: {**sliding_qwen(s, 2), "qkv_bias": False, "norm_topk_prob": True}, blocks=4,
                top=3, heads=2, experts=4, intermediate=18)),
    silent=dict(heads=2, kv=2, experts=6, top=4, intermediate=15, blocks=1))

QWEN3 = Family(
    "qwen3", "Qwen3 0.6B to 32B", "norms on queries and keys; head_dim given; yarn", decoder, (
        variant("", {"tie_word_embeddings": True, **rope(1000000.0)}, given=True, width=18, head_dim=12),
        variant("biases", {"attention_bias": True}, given=True, heads=5, kv=5, mha=True, head_dim=4),
        variant("sliding", lambda s: sliding_qwen(s, 1), given=True, blocks=3),
        variant("yarn", yarn, given=True, heads=2, head_dim=8)),
    silent=dict(heads=1, kv=1, head_dim=128, width=8, blocks=1, intermediate=9))

QWEN3_MOE = Family(
    "qwen3_moe", "Qwen3-30B-A3B, Qwen3-Coder", "experts; norms on queries and keys", experts, (
        variant("", {"norm_topk_prob": True, **rope(1000000.0)}, given=True, width=18, head_dim=12,
                intermediate=18),
        variant("sparse", {"decoder_sparse_step": 2, "mlp_only_layers": [3], "attention_bias": True,
                           "tie_word_embeddings": True}, blocks=4, heads=5, kv=5, mha=True, head_dim=4, experts=4,
                top=3, intermediate=18),
        variant("sliding", lambda s: {**sliding_qwen(s, 1), "norm_topk_prob": True}, given=True, intermediate=18)),
    silent=dict(heads=4, kv=4, head_dim=4, experts=10, top=8, intermediate=15, blocks=1))

GEMMA = Family(
    "gemma", "Gemma 2B and 7B", "scaled embedding; norms around one; head_dim given",
    lambda s: {**decoder(s), "rms_norm_eps": 0.1}, (
        variant("", {}, given=True, width=18, head_dim=12),
        variant("untied", {"tie_word_embeddings": False, "attention_bias": True, **rope(500.0)}, given=True, heads=5,
                kv=5, mha=True, head_dim=4),
        variant("grouped", rope(1000.0), given=True, heads=4, kv=2, head_dim=8)),
    silent=dict(heads=1, kv=1, head_dim=256, width=4, blocks=1, intermediate=9))

GEMMA2 = Family(
    "gemma2", "Gemma 2 2B to 27B", "soft caps; windows in every other block; norms behind attention and MLP",
    lambda s: {**decoder(s), "rms_norm_eps": 0.1, "query_pre_attn_scalar": 20, "attn_logit_softcapping": 2.0,
               "final_logit_softcapping": 4.0, "sliding_window": s.window}, (
        variant("", {}, given=True, width=18, head_dim=12),
        variant("uncapped", {"attn_logit_softcapping": None, "final_logit_softcapping": None,
                             "attention_bias": True, "tie_word_embeddings": False}, given=True, blocks=3, heads=5,
                kv=5, mha=True, head_dim=4),
        variant("layer_types", lambda s: {"layer_types": alternating(s, "full_attention", "sliding_attention"),
                                          "hidden_activation": "gelu"}, given=True, blocks=3)),
    silent=dict(heads=1, kv=1, head_dim=256, width=4, blocks=1, intermediate=9), alike=("eager",))

GEMMA3 = Family(
    "gemma3_text", "Gemma 3 270M and 1B; the text part of 4B to 27B",
    "two ropes; norms on queries and keys; full attention in every sixth block",
    lambda s: {**decoder(s), "rms_norm_eps": 0.1, "query_pre_attn_scalar": 20, "sliding_window": s.window}, (
        variant("", dual_rope(), given=True, blocks=6, heads=2, width=16, head_dim=12),
        variant("linear", lambda s: {**dual_rope({"rope_type": "linear", "factor": 8.0}),
                                     "layer_types": alternating(s, "full_attention", "sliding_attention"),
                                     "final_logit_softcapping": 4.0}, given=True, blocks=3),
        variant("untied", lambda s: {**dual_rope(local=37.0, theta=5e3), "tie_word_embeddings": False,
                                     "attention_bias": True, "sliding_window_pattern": 2}, given=True, blocks=3,
                heads=5, kv=5, mha=True, head_dim=4)),
    silent=dict(heads=1, kv=1, head_dim=256, width=4, intermediate=9))

PHI = Family(
    "phi", "Phi-1, Phi-1.5, Phi-2", "partial rotary; attention and MLP in parallel; biases, also on the head",
    lambda s: decoder(s, "layer_norm_eps"), (
        variant("", partial(0.5), mha=True, kv=3, head_dim=8),
        variant("norms", {"qk_layernorm": True, **partial(0.4)}, heads=3, kv=1, head_dim=10),
        variant("linear", {"tie_word_embeddings": True, "hidden_act": "gelu",
                           **partial(1.0, kind="linear", factor=3.0)}, heads=4, kv=2, head_dim=6)),
    silent=dict(kv=3, head_dim=8))

PHI3 = Family(
    "phi3", "Phi-3, Phi-3.5, Phi-4, Phi-4-mini", "fused qkv and gate_up; longrope; partial rotary; sliding window",
    lambda s: {**decoder(s), "pad_token_id": 0}, (
        variant("", lambda s: {"sliding_window": s.window}, mha=True, kv=3),
        variant("longrope", longrope_phi3, heads=4, kv=2, window=12),
        variant("partial", lambda s: {**longrope_phi3(s, 0.75), "tie_word_embeddings": True, "sliding_window": 30},
                heads=3, kv=1, head_dim=8, window=12)),
    silent=dict(kv=3, head_dim=4))

GPT2 = Family(
    "gpt2", "GPT-2, DistilGPT2", "matrices stored transposed; fused qkv; learned positions", gpt2, (
        variant("", {}, head_dim=6),
        variant("inverse", lambda s: {"scale_attn_by_inverse_layer_idx": True, "n_inner": s.intermediate,
                                      "activation_function": "gelu"}, blocks=3, heads=5, head_dim=4),
        variant("unscaled", lambda s: {"scale_attn_weights": False, "activation_function": "relu",
                                       "n_inner": s.intermediate, "tie_word_embeddings": False}, heads=1,
                head_dim=24)),
    silent=dict(head_dim=4))

GPT_NEO = Family(
    "gpt_neo", "GPT-Neo 125M to 2.7B, TinyStories", "windows in every other block; attention not scaled", gpt_neo, (
        variant("", {}, head_dim=6),
        variant("local", lambda s: {"attention_types": [[["local"], s.blocks]], "intermediate_size": s.intermediate,
                                    "tie_word_embeddings": False}, heads=5, head_dim=4),
        variant("lists", lambda s: {"attention_types": [[["global"], 1], [["local"], s.blocks - 1]],
                                    "activation_function": "quick_gelu", "intermediate_size": s.intermediate},
                blocks=3, heads=2, head_dim=10)),
    silent=dict(head_dim=4), alike=("eager",))

GPT_NEOX = Family(
    "gpt_neox", "Pythia 14M to 12B, GPT-NeoX-20B, Dolly v2", "parallel residual; fused qkv by heads; partial rotary",
    without_kv, (
        variant("", partial(0.25), heads=2, head_dim=16),
        variant("sequential", {"use_parallel_residual": False, "attention_bias": False, "tie_word_embeddings": True,
                               **partial(1.0, 500.0)}, heads=5, head_dim=4),
        variant("gelu_fast", {"hidden_act": "gelu_fast", **partial(0.5)}, heads=1, head_dim=20)),
    silent=dict(head_dim=16))

OPT = Family(
    "opt", "OPT 125M to 66B, Galactica", "learned positions from two on; norms before or behind; projected embedding",
    opt, (
        variant("", {}),
        variant("projected", lambda s: {"do_layer_norm_before": False, "word_embed_proj_dim": s.hidden - 6}, heads=5,
                head_dim=4),
        variant("plain", {"enable_bias": False, "layer_norm_elementwise_affine": False,
                          "activation_function": "gelu", "tie_word_embeddings": False}, heads=2, head_dim=10),
        variant("no_final_norm", {"_remove_final_layer_norm": True}, heads=1, head_dim=20)),
    silent=dict(head_dim=4))

STABLELM = Family(
    "stablelm", "StableLM 3B, StableLM 2 1.6B and 12B", "partial rotary; layer norms; norms for each head",
    lambda s: decoder(s, "layer_norm_eps"), (
        variant("", partial(0.25), mha=True, heads=2, kv=2, head_dim=16),
        variant("parallel", {"use_qkv_bias": True, "use_parallel_residual": True, "qk_layernorm": True,
                             **partial(0.5)}, heads=4, kv=2, head_dim=8),
        variant("biases", {"use_qkv_bias": True, "tie_word_embeddings": True, **partial(1.0, 500.0)}, heads=3, kv=1)),
    silent=dict(kv=3, head_dim=16))

# Falcon's ALiBi is added twice in eager attention by transformers 4.49 to 5.23 (FalconModel.forward puts it into the
# mask for every kind of attention, FalconAttention.forward adds it again). sdpa, their default, adds it once, as the
# models were trained; so sdpa is the reference here.
FALCON = Family(
    "falcon", "Falcon 7B, 40B, 11B, Falcon-RW", "multi-query or grouped fused qkv; parallel; ALiBi or rope", falcon, (
        variant("", {}),
        variant("grouped", lambda s: {"new_decoder_architecture": True, "num_kv_heads": s.kv}, heads=6, kv=2,
                head_dim=4),
        variant("one_norm", lambda s: {"new_decoder_architecture": True, "num_kv_heads": s.kv,
                                       "num_ln_in_parallel_attn": 1, "ffn_hidden_size": s.intermediate,
                                       "tie_word_embeddings": False, **rope(500.0)}, heads=3, kv=1),
        variant("alibi", {"alibi": True, "multi_query": False, "parallel_attn": False, "bias": True}, heads=5,
                head_dim=4),
        variant("mha", {"multi_query": False, "bias": True, "activation": "gelu_new"}, heads=3),
        variant("alibi_mqa", {"alibi": True}, heads=12, head_dim=2)),
    silent=dict(head_dim=4), attention="sdpa", alike=("sdpa",))

BLOOM = Family(
    "bloom", "BLOOM 560M to 176B, BLOOMZ", "ALiBi; a norm on the embedding; fused qkv by heads", bloom, (
        variant("", {}),
        variant("post_norm", {"apply_residual_connection_post_layernorm": True}, heads=5, head_dim=4),
        variant("untied", {"tie_word_embeddings": False}, heads=8, head_dim=2),
        # Summed in slices, the products leave out their biases.
        variant("slices", {"pretraining_tp": 2, "slow_but_exact": True}, heads=2, head_dim=8)),
    silent=dict(head_dim=4), alike=("eager",))

OLMO2 = Family(
    "olmo2", "OLMo 2 1B to 32B", "norms behind attention and MLP alone, and on whole queries and keys", decoder, (
        variant("", rope(500000.0)),
        variant("biases", {"attention_bias": True, "tie_word_embeddings": True, "hidden_act": "gelu_new"}, heads=5,
                kv=5, mha=True, head_dim=4),
        variant("linear", rope(kind="linear", factor=2.0), heads=4, kv=2)),
    silent=dict(kv=3, head_dim=4))

SMOLLM3 = Family(
    "smollm3", "SmolLM3 3B", "blocks without positions", lambda s: {**decoder(s), "pad_token_id": 0}, (
        variant("", {}, blocks=4),
        variant("listed", lambda s: {"no_rope_layers": [i % 3 % 2 for i in range(s.blocks)], "attention_bias": True,
                                     "mlp_bias": True, "tie_word_embeddings": False}, blocks=3, heads=5, kv=5,
                mha=True, head_dim=6),
        variant("sliding", lambda s: {"use_sliding_window": True, "sliding_window": s.window,
                                      "no_rope_layer_interval": 2}, blocks=4),
        variant("yarn", lambda s: {**yarn(s), "no_rope_layer_interval": 3}, blocks=3, heads=2, head_dim=8)),
    silent=dict(heads=4, kv=4, blocks=4, head_dim=4))

MULTIPLIERS = {"embedding_multiplier": 2.3, "residual_multiplier": 0.7, "attention_multiplier": 0.45,
               "logits_scaling": 1.7}
GRANITE = Family(
    "granite", "Granite 3.0 to 3.3 2B and 8B", "multipliers on embedding, attention, residual and logits", decoder, (
        variant("", {**MULTIPLIERS, "tie_word_embeddings": True}),
        variant("biases", {**MULTIPLIERS, "attention_bias": True, "mlp_bias": True}, heads=5, kv=5, mha=True,
                head_dim=4),
        variant("yarn", lambda s: {**yarn(s), "attention_multiplier": 0.1}, heads=2, head_dim=8)),
    silent=dict(head_dim=4))

STARCODER2 = Family(
    "starcoder2", "StarCoder2 3B to 15B", "layer norms and biases throughout; sliding window",
    lambda s: decoder(s, "norm_epsilon"), (
        variant("", lambda s: {"sliding_window": s.window}),
        variant("plain", {"use_bias": False, "tie_word_embeddings": False, "hidden_act": "gelu"}, heads=5, kv=5,
                mha=True, head_dim=6),
        variant("grouped", lambda s: {"sliding_window": 2 * s.window, **rope(500.0)}, heads=4, kv=2)),
    silent=dict(heads=4, kv=2, head_dim=4))

OLMO = Family(
    "olmo", "OLMo 1B and 7B (-hf)", "layer norms without weights; queries, keys and values clipped",
    lambda s: {key: value for key, value in decoder(s).items() if key != "rms_norm_eps"}, (
        variant("", {"clip_qkv": 0.9}, mha=True, kv=3),
        variant("tied", {"tie_word_embeddings": True, **rope(500.0)}, heads=4, kv=2),
        variant("biases", {"attention_bias": True, "clip_qkv": 1.4, "hidden_act": "gelu_new",
                           **rope(kind="linear", factor=2.0)}, heads=5, kv=1, head_dim=4)),
    silent=dict(kv=3, head_dim=4))

SEED_OSS = Family(
    "seed_oss", "Seed-OSS 36B", "biases on queries, keys and values, apart from that on the output; head_dim given",
    decoder, (
        variant("", rope(1e7), given=True, width=18, head_dim=12),
        variant("output_bias", {"attention_bias": False, "attention_out_bias": True, "mlp_bias": True}, given=True,
                heads=4, kv=2, head_dim=8),
        variant("tied", {"attention_out_bias": True, "tie_word_embeddings": True}, given=True, heads=5, kv=5,
                mha=True, head_dim=4),
        variant("yarn", yarn, given=True, heads=2, head_dim=8)),
    silent=dict(heads=8, kv=8, head_dim=128, width=8, blocks=1, intermediate=9))

GLM = Family(
    "glm", "GLM-4 9B (-hf), GLM-Edge 1.5B and 4B", "partial, interleaved rotary; fused gate_up; head_dim given",
    lambda s: {**decoder(s), "pad_token_id": 0}, (
        variant("", partial(0.5), given=True, width=18, head_dim=12),
        variant("plain", {"attention_bias": False, "tie_word_embeddings": True, **partial(1.0, 500.0)}, given=True,
                heads=5, kv=5, mha=True, head_dim=4),
        variant("linear", partial(0.25, kind="linear", factor=3.0), given=True, heads=4, kv=2, head_dim=16)),
    silent=dict(heads=2, kv=2, head_dim=128, width=8, blocks=1, intermediate=9))

GLM4 = Family(
    "glm4", "GLM-4-0414 and GLM-Z1, 9B and 32B", "GLM with norms behind attention and MLP as well",
    lambda s: {**decoder(s), "pad_token_id": 0}, (
        variant("", partial(0.5), given=True, width=18, head_dim=12),
        variant("plain", {"attention_bias": False, "tie_word_embeddings": True, **partial(1.0, 500.0)}, given=True,
                heads=5, kv=5, mha=True, head_dim=4),
        variant("yarn", lambda s: yarn(s, partial_rotary_factor=0.5), given=True, heads=4, kv=2, head_dim=16)),
    silent=dict(heads=2, kv=2, head_dim=128, width=8, blocks=1, intermediate=9))

FAMILIES = (LLAMA, MISTRAL, MIXTRAL, QWEN2, QWEN2_MOE, QWEN3, QWEN3_MOE, GEMMA, GEMMA2, GEMMA3, PHI, PHI3, GPT2,
            GPT_NEO, GPT_NEOX, OPT, STABLELM, FALCON, BLOOM, OLMO2, SMOLLM3, GRANITE, STARCODER2, OLMO,
            SEED_OSS, GLM, GLM4)
