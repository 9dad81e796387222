"""optimum-quanto itself, on the CPU, asked for what one setting of ours computes: through its own linear layer, so that
its group rule, its choice of optimizer and what it stores are its own."""
import torch
from optimum.quanto import AbsmaxOptimizer, HqqOptimizer, MaxOptimizer, QLinear, SymmetricOptimizer, qtypes, quantize_weight

from scheme_peers import Row, bits_of

OPTIMIZERS = {"default": lambda: None, "absmax": AbsmaxOptimizer, "max": MaxOptimizer, "hqq": HqqOptimizer}
NAMES = {"qfloat8_e4m3": "qfloat8_e4m3fn"}


def quantized(layer):
    """QLinear.qweight, without the layout of this machine's kernels, which not every shape has."""
    size, shift = layer.weight_group_size, None
    if isinstance(layer.optimizer, SymmetricOptimizer):
        scale = layer.optimizer(layer.weight, qtype=layer.weight_qtype, axis=0)
    else:
        scale, shift = layer.optimizer(layer.weight, qtype=layer.weight_qtype, axis=0, group_size=size)
    return quantize_weight(layer.weight, qtype=layer.weight_qtype, axis=0, scale=scale, shift=shift, group_size=size,
                           optimized=False)


@torch.no_grad()
def quanto(w, variant="qint4", optimizer="default", group_size=128, compute_dtype="float32"):
    dtype, qtype = getattr(torch, compute_dtype), qtypes[NAMES.get(variant, variant)]
    linear = torch.nn.Linear(w.shape[1], w.shape[0], bias=False, dtype=dtype)
    linear.weight.data = w.to(dtype)
    layer = QLinear.from_module(linear, weights=qtype, optimizer=OPTIMIZERS[optimizer]())
    if group_size != 128 and qtype.bits < 8:
        layer.weight_group_size = group_size if 0 < group_size < w.shape[1] else None
    weight = quantized(layer)
    layer.weight = torch.nn.Parameter(weight)
    state = {}
    layer._save_to_state_dict(state, "", False)
    codes = weight._data
    if qtype.bits < 8:
        codes = codes.unpack().reshape(w.shape)
    else:
        codes = codes.view(torch.uint8) if qtype.is_floating_point else codes.to(torch.int16) + 128
    return Row(codes.to(torch.uint8), weight.dequantize(), weight._scale, bits_of(*state.values()))


PEERS = {"quanto": quanto}
