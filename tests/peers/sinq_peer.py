"""sinq itself, on the CPU, asked for what one setting of ours computes: through its own linear layer where that keeps
16-bit floats, which it does on any device, else through its quantizer."""
import inspect
import os
import sys
import types

import torch

os.environ["SINQ_AUTO_PATCH"] = "0"
# Needed by its calibrated variant alone, which nothing here runs.
sys.modules.setdefault("datasets", types.SimpleNamespace(load_dataset=None))

from sinq import dual_shift, optimize
from sinq.quantizer import Quantizer, dq8
from sinq.sinkhorn import sinkhorn_log
from sinq.sinqlinear import BaseQuantizeConfig, SINQLinear

from scheme_peers import Row, bits_of

OPTIONS = inspect.signature(inspect.unwrap(optimize.optimize_weights_proximal_legacy)).parameters["opt_params"].default


def tensors(state):
    if torch.is_tensor(state):
        return [state]
    if isinstance(state, dict):
        return [t for value in state.values() for t in tensors(value)]
    return [t for value in state for t in tensors(value)] if isinstance(state, (list, tuple)) else []


def settings_of(iterations, kurtosis):
    OPTIONS["kurtosis_threshold"] = kurtosis or None
    dual_shift.sinkhorn_log = lambda matrix, _: sinkhorn_log(matrix, iterations)


@torch.no_grad()
def sinq(w, bits=4, group_size=64, tiling="1d", iterations=16, kurtosis=5.0, quant_aux=True, scale_dtype="f16"):
    settings_of(iterations, kurtosis)
    bits, group_size = int(bits) if bits == int(bits) else bits, w.shape[1] if group_size < 0 else group_size
    config = BaseQuantizeConfig(nbits=bits, group_size=group_size, tiling_mode=tiling.upper(), method="sinq")
    if not quant_aux:
        config["weight_quant_params"]["method"] = "sinq_nogemlite"
    if scale_dtype == "f16":
        linear = torch.nn.Linear(w.shape[1], w.shape[0], bias=False)
        linear.weight.data = w.clone()
        layer = SINQLinear(linear, config, compute_dtype=torch.float32, device="cpu")
        packed, meta, state = layer.W_q, layer.meta, layer.state_dict()
    else:
        packed, meta = Quantizer.quantize(w, None, device="cpu", compute_dtype=torch.float32, **config["weight_quant_params"])
        state = [packed, meta]
    codes = Quantizer.unpack[meta["packing"]](packed, dtype=torch.uint8).flatten()[: w.numel()].reshape(w.shape)
    scales = dq8(meta["scale"])
    if tiling == "2d":
        size = meta["scale2"].shape[-1]
        scales = scales.reshape(w.shape[0] // size, w.shape[1] // size, size).transpose(1, 2)
    return Row(codes, Quantizer.dequantize(packed, meta), scales.reshape(-1), bits_of(*tensors(state)))


def column_factors(w, width, iterations):
    """Of the repository's presinq_models_generation, which is no part of the package: the package's normalisation of
    each tile of the layers that share an input, over the median of all factors."""
    tiles = w.unflatten(1, (-1, width)).unbind(1)
    t = torch.cat([sinkhorn_log(tile.contiguous(), iterations)[1] for tile in tiles])
    return t / t.median()


@torch.no_grad()
def pre_sinq(layers, bits=4, group_size=64, iterations=4, rounds=3):
    """The factors, and for each layer its codes and dequantized weights by the grid of GPTQ's reference code (where symmetric,
    the largest weight of a group ties, and what was divided by a factor falls either way)."""
    w, rows = torch.cat(layers), [len(layer) for layer in layers]
    width, total = w.shape[1] if group_size < 0 else group_size, torch.ones(w.shape[1])
    for _ in range(rounds):
        t = column_factors(w, width, iterations)
        w, total = w * (1 / t), total * t
    groups, most = w.unflatten(1, (-1, width)), 2**bits - 1
    low, high = groups.amin(-1, keepdim=True).clamp(max=0), groups.amax(-1, keepdim=True).clamp(min=0)
    scale = (high - low) / most
    scale[scale == 0] = 1
    zero = torch.round(-low / scale)
    codes = (torch.round(groups / scale) + zero).clamp(0, most)
    values = ((codes - zero) * scale).flatten(1) * total
    halves = zip(codes.flatten(1).to(torch.uint8).split(rows), values.split(rows))
    return total.numpy(), [Row(c, v) for c, v in halves]


def package(method, _):
    """For the table of schemes."""
    return ("sinq", "its normalisation, the scripts' formula") if method == "pre_sinq" else "sinq"


PEERS = {"sinq": sinq}
