"""MLX itself, on the CPU, asked for what one setting of ours computes; and transformers' `metal` integration, which holds
the same tensors: its own rule for them, and how it restores weights from either's on a machine without Metal."""
from types import SimpleNamespace

import mlx.core as mx
import numpy as np
import torch
from transformers.integrations.metal_quantization import MetalDequantize, MetalQuantize

from scheme_peers import Row, bits_of

mx.set_default_device(mx.cpu)
TYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}
MLX_TYPES = {"f32": mx.float32, "f16": mx.float16, "bf16": mx.bfloat16}


def integration(bits, group_size):
    return SimpleNamespace(quantization_config=SimpleNamespace(bits=bits, group_size=group_size))


def unpack(words, bits, columns):
    """Codes one behind the other from the lowest bit on, across the ends of words."""
    raw = np.ascontiguousarray(words).view(np.uint8)
    single = np.unpackbits(raw, axis=1, bitorder="little").reshape(len(raw), columns, bits)
    return (single << np.arange(bits, dtype=np.uint8)).sum(-1, dtype=np.uint8)


def by_mlx(w, bits, group_size, scale_dtype):
    made = mx.quantize(mx.array(w.numpy()).astype(MLX_TYPES[scale_dtype]), group_size=group_size, bits=bits)
    scales, biases = (torch.from_numpy(np.array(t.astype(mx.float32))).to(TYPES[scale_dtype]) for t in made[1:])
    return np.array(made[0]), scales, biases, made


def by_metal(w, bits, group_size, scale_dtype):
    made = MetalQuantize(integration(bits, group_size)).convert({"l.weight": w.to(TYPES[scale_dtype])})
    return made["l.weight"].view(torch.int32).numpy().view(np.uint32), made["l.scales"], made["l.qbiases"], None


def restored(words, codes, scales, biases, bits, group_size):
    """transformers' dequantizing load; 3, 5 and 6 bits, which it does not read, by its formula."""
    if 32 % bits:
        groups = torch.from_numpy(codes).float().reshape(len(codes), -1, group_size)
        values = groups * scales.float().unsqueeze(-1) + biases.float().unsqueeze(-1)
        return values.reshape(codes.shape).to(scales.dtype)
    packed = torch.from_numpy(words.view(np.int32)).view(torch.uint32)
    tensors = {"weight": [packed], "scales": [scales], "qbiases": [biases]}
    return MetalDequantize(integration(bits, group_size)).convert(tensors, full_layer_name="w")["w"]


def mlx_affine(w, bits=4, group_size=64, rule="mlx", scale_dtype="bf16", own=False):
    """own: as mx.dequantize restores it, not as transformers does."""
    group_size = w.shape[1] if group_size == -1 else group_size
    make = {"mlx": by_mlx, "metal": by_metal}[rule]
    words, scales, biases, made = make(w, bits, group_size, scale_dtype)
    codes = unpack(words, bits, w.shape[1])
    values = restored(words, codes, scales, biases, bits, group_size)
    if own:
        values = torch.from_numpy(np.array(mx.dequantize(*made, group_size=group_size, bits=bits).astype(mx.float32)))
    return Row(codes, values, scales, bits_of(torch.from_numpy(words.view(np.int32)), scales, biases))


def package(_method, settings):
    return ("transformers", "metal") if settings.get("rule") == "metal" else ("mlx", "restored by transformers")


PEERS = {"mlx_affine": mlx_affine}
