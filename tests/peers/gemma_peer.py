"""transformers' integration for quantized Gemma checkpoints, given tensors of ours in the layout it reads: what its own
linear layer restores from them. The rule that makes codes and scales is ours, done here again in torch."""
import torch
from transformers.integrations.gemma_quant import QuantizedLinear

from scheme_peers import Row, bits_of

CANDIDATES, SHRINK = 49, torch.tensor(2 ** -0.125, dtype=torch.float32)


def pack(codes, bits):
    """Codes from 0 on, the first in the lowest bits of a byte; of 8 bits the signed numbers themselves."""
    if bits == 8:
        return (codes.to(torch.int16) - 128).to(torch.int8)
    share = 8 // bits
    codes = torch.nn.functional.pad(codes, (0, -codes.shape[1] % share)).reshape(len(codes), -1, share)
    return (codes << (torch.arange(share) * bits).to(torch.uint8)).sum(-1).to(torch.uint8)


def restored(codes, scales, bits):
    """(weights, bits stored) of its layer, loaded as from a checkpoint."""
    layer = QuantizedLinear(codes.shape[1], codes.shape[0], num_bits=bits)
    tensors = {"weight": pack(codes, bits), "weight_scale": scales.reshape(-1, 1),
               "input_activation_scale": torch.tensor(0.0), "output_activation_scale": torch.tensor(0.0)}
    layer.load_state_dict(tensors)
    return layer._dequantize_weights().detach(), bits_of(*layer.state_dict().values())


def codes_of(w, scale, bits):
    return (w / scale).round().clamp(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def fit(w, bits, observer):
    absmax = w.abs().amax(1, keepdim=True)
    scale = torch.where(absmax > 0, absmax / (2 ** (bits - 1) - 1), 1.0)
    best, lowest = scale, torch.full_like(scale, torch.inf, dtype=torch.float64)
    for _ in range(CANDIDATES if observer == "mse" else 0):
        error = (w - codes_of(w, scale, bits) * scale).double().square().sum(1, keepdim=True)
        best, lowest = torch.where(error < lowest, scale, best), torch.minimum(error, lowest)
        scale = scale * SHRINK
    return best


def gemma_int(w, bits=4, observer="absmax"):
    scales = fit(w, bits, observer)
    codes = (codes_of(w, scales, bits) + 2 ** (bits - 1)).to(torch.uint8)
    values, stored = restored(codes, scales, bits)
    return Row(codes, values, scales.flatten(), stored)


def package(_method, _settings):
    return "transformers", "its layer, given codes of this rule"


PEERS = {"gemma_int": gemma_int}
