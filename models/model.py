"""The architecture of the small model, and how its norm gains start."""

import torch
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

WIDTH, LAYERS, FEED_FORWARD, HEADS, KEY_VALUE_HEADS = 256, 6, 768, 8, 4
VOCABULARY, CONTEXT = 2048, 512


def config():
    return LlamaConfig(vocab_size=VOCABULARY, hidden_size=WIDTH, intermediate_size=FEED_FORWARD,
                       num_hidden_layers=LAYERS, num_attention_heads=HEADS, num_key_value_heads=KEY_VALUE_HEADS,
                       max_position_embeddings=CONTEXT, rms_norm_eps=1e-5, rope_theta=10000.0,
                       tie_word_embeddings=True, bos_token_id=0, eos_token_id=0, pad_token_id=None)


def norms(model):
    """The RMSNorms before attention and before the MLP, each with the layers that read it. (The last norm
    stays plain.)"""
    for layer in model.model.layers:
        attention, mlp = layer.self_attn, layer.mlp
        yield layer.input_layernorm, [attention.q_proj, attention.k_proj, attention.v_proj]
        yield layer.post_attention_layernorm, [mlp.gate_proj, mlp.up_proj]


@torch.no_grad()
def spread_gains(model, spread, generator, quiet_only=False):
    """Multiply each norm gain by exp(spread * N(0, 1)) and divide the input columns that read it by the
    same: the function of the model is unchanged, its channels are no longer equals. With `quiet_only` the
    exponent is -|N(0, 1)|: channels only get quieter, so none becomes loud on every text alike."""
    for norm, readers in norms(model):
        draw = torch.randn(norm.weight.shape, generator=generator)
        factor = torch.exp(spread * (-draw.abs() if quiet_only else draw))
        norm.weight.mul_(factor)
        for reader in readers:
            reader.weight.div_(factor)


def fresh(seed, spread):
    """A new model with spread gains: large models grow such outlier channels by themselves, a small one
    has them only as a gift."""
    torch.manual_seed(seed)
    model = LlamaForCausalLM(config())
    spread_gains(model, spread, torch.Generator().manual_seed(seed))
    return model


def save(model, folder):
    """Write config.json, generation_config.json and model.safetensors in bfloat16."""
    state = {name: value.detach().to(torch.bfloat16).clone() for name, value in model.state_dict().items()}
    copy = LlamaForCausalLM(config()).to(torch.bfloat16)
    copy.load_state_dict(state)
    copy.generation_config = GenerationConfig(bos_token_id=0, eos_token_id=0)
    copy.save_pretrained(folder)
