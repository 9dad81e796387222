"""hqq itself, on the CPU, asked for what one setting of ours computes."""
import torch
from hqq.core.optimize import optimize_weights_proximal_legacy, optimize_weights_proximal_v2
from hqq.core.quantize import Quantizer

from scheme_peers import Row

DTYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}
# hqq refuses 7 bits, which its solver does not mind: stored like 5 and 6.
Quantizer.SUPPORTED_BITS = Quantizer.SUPPORTED_BITS + [7]
Quantizer.bit_to_packing[7] = "8bit_u8"


def solver(iterations=20, norm=0.7, beta=10.0, kappa=1.0, early_stop=True, **_):
    def optimize(tensor, scale, zero, min_max, axis, device):
        options = {"lp_norm": norm, "beta": beta, "kappa": kappa, "iters": iterations}
        if early_stop:
            return optimize_weights_proximal_legacy(tensor, scale, zero, min_max, axis, device, options)
        options |= {"tol": 0.0, "early_stop": False, "scale_gridsearch": False}
        return optimize_weights_proximal_v2(tensor, scale, zero, min_max, axis, device, torch.float32, options)

    return optimize


def read_back(values, grid, dtype):
    """Scales or zero points through 8-bit codes, as hqq 0.2.1 kept them."""
    codes, meta = Quantizer.quantize(values, nbits=8, optimize=False, device="cpu", **grid)
    meta["compute_dtype"] = torch.float32
    bytes_ = codes.numel() + 2 * meta["scale"].numel() * dtype.itemsize
    meta["scale"], meta["zero"] = meta["scale"].to(dtype).float(), meta["zero"].to(dtype).float()
    return Quantizer.dequantize(codes, meta), bytes_


def hqq(weight, bits=4, group_size=64, axis=1, scale_dtype="f16", quant_scale=False, quant_zero=False, **options):
    dtype, bits = DTYPES[scale_dtype], int(bits) if bits == int(bits) else bits
    if group_size < 0:
        group_size = weight.shape[1] if axis == 1 else weight.shape[0]
    common = dict(nbits=bits, group_size=group_size, axis=axis, round_zero=bits == 4, device="cpu",
                  optimize=options.get("iterations", 20) > 0, compute_dtype=torch.float32)
    Quantizer.optimize_weights = solver(**options)
    packed, meta = Quantizer.quantize(weight, **common)
    codes, _ = Quantizer.quantize(weight, bitpack=False, **common)
    scale, zero, size = meta["scale"], meta["zero"], packed.numel() * packed.itemsize
    if quant_scale:
        scale, used = read_back(scale, dict(group_size=128, axis=0), dtype)
    else:
        scale, used = scale.to(dtype).float(), scale.numel() * dtype.itemsize
    size += used
    if quant_zero:
        zero, used = read_back(zero, dict(group_size=None, channel_wise=False), dtype)
    else:
        zero, used = zero.to(dtype).float(), zero.numel() * dtype.itemsize
    size += used
    dequantized = ((codes - zero) * scale).reshape(weight.shape)
    return Row(codes.reshape(weight.shape).to(torch.uint8), dequantized, None, 8 * size)


PEERS = {"hqq": hqq}
