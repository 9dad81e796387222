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
    """The RMSNorms before attention and before the MLP (the last norm stays plain)."""
    for layer in model.model.layers:
        yield layer.input_layernorm
        yield layer.post_attention_layernorm


def fresh(seed, spread):
    """A new model. Each norm gain starts at exp(spread * N(0, 1)): large models have such outlier
    channels by themselves; a small one gets them only as a gift."""
    torch.manual_seed(seed)
    model = LlamaForCausalLM(config())
    with torch.no_grad():
        for norm in norms(model):
            norm.weight.copy_(torch.exp(spread * torch.randn(norm.weight.shape)))
    return model


def save(model, folder):
    """Write config.json, generation_config.json and model.safetensors in bfloat16."""
    state = {name: value.detach().to(torch.bfloat16).clone() for name, value in model.state_dict().items()}
    copy = LlamaForCausalLM(config()).to(torch.bfloat16)
    copy.load_state_dict(state)
    copy.generation_config = GenerationConfig(bos_token_id=0, eos_token_id=0)
    copy.save_pretrained(folder)
