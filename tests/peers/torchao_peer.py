"""torchao itself, on the CPU, asked for what one setting of ours computes. int4 has no CPU code in torchao: its own
primitives for tinygemm and hqq do run, and the formula of mslk's int4_row_quantize_zp is written out."""
import torch
from torchao.quantization import (
    Int8DynamicActivationInt8WeightConfig,
    Int8WeightOnlyConfig,
    IntxWeightOnlyConfig,
    MappingType,
    PerAxis,
    PerGroup,
    PerRow,
    PerTensor,
    quantize_,
)
from torchao.quantization import quant_primitives as primitives
from torchao.quantization.granularity import PerBlock
from torchao.quantization.quantize_.workflows import IntxChooseQParamsAlgorithm
from torchao.quantization.quantize_.workflows.float8.float8_tensor import Float8Tensor

from scheme_peers import Row, bits_of

MAPPINGS = {"symmetric": MappingType.SYMMETRIC, "asymmetric": MappingType.ASYMMETRIC,
            "symmetric_no_clipping": MappingType.SYMMETRIC_NO_CLIPPING_ERR}


def granularity_of(variant, granularity, group_size):
    if granularity == "by_variant":
        usual = {"int4wo": "group", "fp8dyn": "tensor"}.get(variant, "row")
        granularity = usual if group_size == 0 else "group" if group_size > 0 else "row"
    return {"tensor": PerTensor(), "row": PerRow(), "group": PerGroup(group_size if group_size > 0 else 128),
            "block": PerBlock((128, 128))}[granularity]


def through_config(w, config):
    linear = torch.nn.Linear(w.shape[1], w.shape[0], bias=False, dtype=w.dtype)
    linear.weight.data = w
    quantize_(linear, config)
    return linear.weight


def integers(w, config, low):
    t = through_config(w, config)
    codes = (t.qdata.to(torch.int16) - low).to(torch.uint8)
    return Row(codes, t.dequantize(), t.scale, bits_of(t.qdata, t.scale, t.zero_point))


def intx(w, bits, granularity, mapping, rule):
    granularity = PerAxis(0) if isinstance(granularity, PerRow) else granularity
    algorithm = {"default": "affine"}.get(rule, rule)
    config = IntxWeightOnlyConfig(weight_dtype=getattr(torch, f"int{bits}"), granularity=granularity,
                                  mapping_type=MAPPINGS[mapping],
                                  intx_choose_qparams_algorithm=IntxChooseQParamsAlgorithm(algorithm))
    return integers(w, config, -(2 ** (bits - 1)))


def float8(w, granularity):
    t = Float8Tensor.from_hp(w, granularity=granularity)
    return Row(t.qdata.view(torch.uint8), t.dequantize(), t.scale, bits_of(t.qdata, t.scale))


def plain_int4(w, size):
    x = w.float().reshape(-1, size)
    low, high = x.amin(1, keepdim=True), x.amax(1, keepdim=True)
    scale = (high - low).clamp(min=1e-6) / 15
    zero, codes = low + scale * 8, ((x - low) / scale).round().clamp(0, 15)
    scale, zero = scale.to(w.dtype), zero.to(w.dtype)
    values = (codes - 8).to(w.dtype) * scale + zero
    return Row(codes.to(torch.uint8).reshape(w.shape), values.reshape(w.shape), scale,
               4 * w.numel() + bits_of(scale, zero))


def padded_bits(w, size):
    rows, columns = -(-w.shape[0] // 8) * 8, -(-w.shape[1] // 1024) * 1024
    return rows * columns * 4 + 2 * rows * columns // size * 8 * w.element_size()


def tinygemm(w, size):
    block = (1, size)
    scale, zero = primitives._choose_qparams_affine_tinygemm(
        w, MappingType.ASYMMETRIC, block, torch.int32, 0, 15, scale_dtype=w.dtype, zero_point_dtype=w.dtype)
    codes = primitives._quantize_affine_tinygemm(w, block, scale, zero, torch.int32, 0, 15)
    values = primitives._dequantize_affine_tinygemm(codes, block, scale, zero, torch.int32, 0, 15, output_dtype=w.dtype)
    return Row(codes.to(torch.uint8), values, scale, padded_bits(w, size))


def hqq(w, size):
    codes, scale, zero, _ = primitives._choose_qparams_and_quantize_affine_hqq(
        w, nbits=4, group_size=size, axis=1, compute_dtype=w.dtype, device="cpu")
    block, scale, zero = (1, size), scale.reshape(w.shape[0], -1), zero.reshape(w.shape[0], -1)
    values = primitives._dequantize_affine_tinygemm(codes.to(torch.int32), block, scale, zero, torch.int32, 0, 15,
                                                    output_dtype=w.dtype)
    return Row(codes, values, scale, padded_bits(w, size))


@torch.no_grad()
def torchao(w, variant="intx", bits=4, group_size=0, granularity="by_variant", mapping="symmetric",
            choose_qparams="default", compute_dtype="bfloat16", activations="by_variant"):
    w, granularity = w.to(getattr(torch, compute_dtype)), granularity_of(variant, granularity, group_size)
    if variant == "int8wo":
        return integers(w, Int8WeightOnlyConfig(granularity=granularity), -128)
    if variant == "int8dyn":
        return integers(w, Int8DynamicActivationInt8WeightConfig(granularity=granularity), -128)
    if variant == "intx":
        return intx(w, bits, granularity, mapping, choose_qparams)
    if variant == "int4wo":
        return {"default": plain_int4, "tinygemm": tinygemm, "hqq": hqq}[choose_qparams](w, granularity.group_size)
    return float8(w, granularity)


def package(_method, settings):
    plain = settings.get("variant") == "int4wo" and settings.get("choose_qparams", "default") == "default"
    return "formula" if plain else "torchao"


PEERS = {"torchao": torchao}
