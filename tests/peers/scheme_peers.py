"""What the real tools make of a weight matrix, one function for each scheme, in the terms of the program: codes one in a
byte as it numbers them, scales, restored values, and the bits that the tool's tensors take. For the makers of fixtures
and the live comparisons. Keyword arguments are named as the scheme's parameters."""
import numpy as np
import torch


class Row:
    """One peer's answer; scales or bits that are not compared are None."""

    def __init__(self, codes, values, scales=None, bits=None):
        self.codes = np.ascontiguousarray(codes.numpy() if torch.is_tensor(codes) else codes, np.uint8)
        self.values = values.float().numpy() + np.float32(0)  # one kind of zero
        self.scales = None if scales is None else scales.float().contiguous().numpy()
        self.bits = bits


def bits_of(*tensors):
    return 8 * sum(t.numel() * t.element_size() for t in tensors)


# ------------------------------------------------------------------------------------------------- bitsandbytes


def bnb4(kind):
    def peer(w, block_size=64, double_quant=False, compute_dtype="float32"):
        import bitsandbytes.functional as bnb

        packed, state = bnb.quantize_4bit(w, blocksize=block_size, quant_type=kind, compress_statistics=double_quant)
        values = bnb.dequantize_4bit(packed, state).reshape(w.shape).to(getattr(torch, compute_dtype))
        codes = torch.stack([packed.flatten() >> 4, packed.flatten() & 15], 1).flatten()[: w.numel()].reshape(w.shape)
        stored = [packed, state.absmax, state.code]
        if double_quant:  # the offset is a number in the state's JSON, a float32
            stored += [state.state2.absmax, state.state2.code]
            return Row(codes, values, None, bits_of(*stored) + 32)
        return Row(codes, values, state.absmax, bits_of(*stored))

    return peer


def llm_int8(w, threshold=6.0, activations="int8_split"):
    import bitsandbytes.functional as bnb

    codes, stats, _ = bnb.int8_vectorwise_quant(w.half())
    values = bnb.int8_vectorwise_dequant(codes, stats)
    # The layer keeps a byte that names the weight's layout beside them.
    return Row(codes.to(torch.int16) + 128, values, stats, bits_of(codes, stats) + 8)


# ------------------------------------------------------------------------------------------------ other whole numbers


def eetq(w):
    """The formula of FasterTransformer; its library has no CPU code."""
    scale = w.abs().amax(1, keepdim=True) / 128
    t = torch.where(scale > 0, w / scale, 0.0)
    q = (t.sign() * (t.abs().double() + 0.5).floor().float()).clamp(-128, 127)
    half = scale.half()
    return Row(q + 128, q * half.float(), half, bits_of(q.to(torch.int8), half))


def bitnet(w, scale_dtype="f32", activations="int8_bitnet"):
    from transformers.integrations.bitnet import WeightQuant, pack_weights

    values = WeightQuant.apply(w)
    mean = w.abs().mean().clamp(min=1e-5)
    q = (values / mean).round()
    stored = mean.to({"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}[scale_dtype])
    values = q * stored.float() if scale_dtype != "f32" else values
    return Row(q + 1, values, None, bits_of(pack_weights(q.clone()), stored))


# ----------------------------------------------------------------------------------------------- floats of 8 bits


class Fp8Config:
    def __init__(self, block, scale_format):
        self.weight_block_size, self.scale_fmt = block, {"float32": "float", "ue8m0": "ue8m0"}[scale_format]


def fp8(w, variant="e4m3", granularity="block", rule="transformers", scale_format="float32"):
    if rule == "compressed_tensors":
        return ct_fp8(w, granularity)
    if variant == "e4m3" and scale_format in ("float32", "ue8m0"):
        return fp8_transformers(w, granularity, scale_format)
    return fp8_formula(w, variant, granularity)


def fp8_transformers(w, granularity, scale_format):
    from types import SimpleNamespace

    from transformers.integrations.finegrained_fp8 import Fp8Quantize

    block = {"block": (128, 128), "channel": (1, w.shape[1]), "tensor": None}[granularity]
    quantize = Fp8Quantize(SimpleNamespace(quantization_config=Fp8Config(block, scale_format)))
    out = quantize.convert({"l.weight": w})
    q, scale = out["l.weight"], out["l.weight_scale_inv"]
    rows, columns = block or tuple(w.shape)
    wide = scale.float().repeat_interleave(rows, 0).repeat_interleave(columns, 1)
    return Row(q.view(torch.uint8), q.float() * wide, scale.float(), bits_of(q, scale))


def fp8_formula(w, variant, granularity):
    """torch's own type, for what transformers does not offer."""
    dtype = {"e4m3": torch.float8_e4m3fn, "e5m2": torch.float8_e5m2}[variant]
    most = torch.finfo(dtype).max
    absmax = w.abs().amax(1, keepdim=True) if granularity == "channel" else w.abs().max().reshape(1, 1)
    factor = torch.where(absmax > 0, most / absmax, 1.0)
    q = (w * factor).clamp(-most, most).to(dtype)
    return Row(q.view(torch.uint8), q.float() * (1 / factor), 1 / factor, bits_of(q, factor))


def fbgemm_fp8(w):
    """The formula on torch's type: the library has no CPU code."""
    scale = w.abs().amax(1, keepdim=True) / 448
    scale = torch.where(scale > 0, scale, torch.tensor(2.0**-23))
    q = (w / scale).clamp(-448, 448).to(torch.float8_e4m3fn)
    return Row(q.view(torch.uint8), q.float() * scale, scale, bits_of(q, scale))


# ----------------------------------------------------------------------------------------------- compressed-tensors


def ct_args(**kwargs):
    from compressed_tensors.quantization import QuantizationArgs

    return QuantizationArgs(**kwargs)


def ct_extremes(w, strategy, group_size, block):
    """Minima and maxima over what shares a scale, in the shape that the library's scales have."""
    if strategy == "tensor":
        return w.amin().reshape(1), w.amax().reshape(1)
    if strategy in ("channel", "token"):
        return w.amin(1, keepdim=True), w.amax(1, keepdim=True)
    if strategy == "block":
        from compressed_tensors.quantization.utils import maybe_pad_tensor_for_block_quant

        p = maybe_pad_tensor_for_block_quant(w, block)
        p = p.reshape(p.shape[0] // block[0], block[0], p.shape[1] // block[1], block[1])
        return p.amin((1, 3)), p.amax((1, 3))
    g = w.unflatten(-1, (-1, group_size))
    return g.amin(-1), g.amax(-1)


def ct_quantize(w, args, low, high, global_scale=None):
    from compressed_tensors.quantization.lifecycle.forward import dequantize, quantize
    from compressed_tensors.quantization.utils import calculate_qparams

    scale, zero = calculate_qparams(low, high, args, global_scale=global_scale)
    zero = None if args.symmetric else zero
    q = quantize(w, scale, zero, args, dtype=torch.float32, global_scale=global_scale)
    return q, dequantize(q, scale, zero, args, global_scale=global_scale), scale, zero


def ct_fp8(w, granularity):
    block = [128, 128] if granularity == "block" else None
    args = ct_args(num_bits=8, type="float", strategy=granularity, block_structure=block)
    low, high = ct_extremes(w, granularity, None, block)
    q, values, scale, _ = ct_quantize(w, args, low, high)
    stored = q.to(torch.float8_e4m3fn)
    return Row(stored.view(torch.uint8), values, scale, bits_of(stored, scale))


E2M1 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6], np.float32)


def e2m1_codes(packed, shape):
    """Two codes in a byte, the even column in the low half."""
    return torch.stack([packed & 15, packed >> 4], -1).reshape(shape)


def mx(bits):
    def peer(w, exponent="even", activations="none"):
        args = ct_args(num_bits=bits, type="float", strategy="group", group_size=32, scale_dtype=torch.uint8)
        low, high = ct_extremes(w, "group", 32, None)
        if exponent != "even":
            return mx_formula(w, args, torch.maximum(-low, high), exponent)
        q, values, scale, _ = ct_quantize(w, args, low, high)
        return mx_row(q, values, scale, bits)

    return peer


def mx_row(q, values, scale, bits):
    from compressed_tensors.compressors.mx_utils import compress_mx_scale
    from compressed_tensors.compressors.nvfp4.helpers import pack_fp4_to_uint8

    exponents = compress_mx_scale(scale, torch.uint8)
    stored = pack_fp4_to_uint8(q) if bits == 4 else q.to(torch.float8_e4m3fn)
    codes = e2m1_codes(stored, q.shape) if bits == 4 else stored.view(torch.uint8)
    return Row(codes, values, scale, bits_of(stored, exponents))


def mx_formula(w, args, most, exponent):
    """The specification's exponent, and the search around it, with the library's own rounding."""
    from compressed_tensors.quantization.lifecycle.forward import dequantize, quantize

    floor = torch.where(most > 0, torch.floor(torch.log2(most)) - {4: 2, 8: 8}[args.num_bits], -127.0)
    best = None
    for step in (0,) if exponent == "floor" else (0, 1, -1):
        scale = torch.exp2((floor + step).clamp(-127, 127))
        q = quantize(w, scale, None, args, dtype=torch.float32)
        values = dequantize(q, scale, None, args)
        error = (values - w).double().square().unflatten(-1, (-1, 32)).sum(-1)
        if best is None:
            best = [q, values, scale, error]
            continue
        better = error < best[3]
        wide = better.repeat_interleave(32, 1)
        best = [torch.where(wide, q, best[0]), torch.where(wide, values, best[1]),
                torch.where(better, scale, best[2]), torch.where(better, error, best[3])]
    return mx_row(*best[:3], args.num_bits)


def nvfp4(w, fouroversix=False):
    from compressed_tensors.compressors.nvfp4.helpers import pack_fp4_to_uint8
    from compressed_tensors.quantization.utils import generate_gparam

    if fouroversix:
        return four_over_six(w)
    args = ct_args(num_bits=4, type="float", strategy="tensor_group", group_size=16, scale_dtype=torch.float8_e4m3fn)
    low, high = ct_extremes(w, "tensor_group", 16, None)
    g = generate_gparam(low.amin(), high.amax())
    q, values, scale, _ = ct_quantize(w, args, low, high, global_scale=g)
    stored = pack_fp4_to_uint8(q)
    return Row(e2m1_codes(stored, q.shape), values, scale, bits_of(stored, scale.to(torch.float8_e4m3fn), g))


def four_over_six(w):
    from fouroversix.quantize.pytorch.reference import quantize_to_fp4
    from fouroversix.utils import DataType, ScaleRule

    packed, scale, most = quantize_to_fp4(w, fp4_format=DataType.nvfp4, scale_rule=ScaleRule.mse,
                                          use_blackwell_scale_layout=False)
    codes = e2m1_codes(packed, w.shape)
    value = torch.from_numpy(np.concatenate([E2M1, -E2M1]))[codes.long()]
    wide = scale.float().reshape(w.shape[0], -1).repeat_interleave(16, 1)
    return Row(codes, value * wide * most / 1536, scale.float(), bits_of(packed, scale) + 32)


PRESETS = {
    "w4a16": {"bits": 4}, "w4a16_asym": {"bits": 4, "symmetric": False}, "w8a16": {"bits": 8, "granularity": "channel"},
    "w8a8": {"bits": 8, "granularity": "channel"}, "quark_int4": {"bits": 4, "rule": "quark"},
    "quark_uint4": {"bits": 4, "symmetric": False, "rule": "quark"},
    "quark_int8": {"bits": 8, "granularity": "tensor", "rule": "quark"},
    "quark_int8_percentile": {"bits": 8, "granularity": "tensor", "rule": "quark", "observer": "percentile"},
}


def int_quant(w, preset="none", **settings):
    settings = PRESETS.get(preset, settings)
    return (quark_int if settings.get("rule") == "quark" else ct_int)(w, **settings)


def ct_int(w, bits=4, granularity="group", group_size=128, symmetric=True, observer="minmax", rule=None):
    group_size = w.shape[1] if group_size == -1 else group_size
    group, block = (group_size if granularity == "group" else None), ([128, 128] if granularity == "block" else None)
    args = ct_args(num_bits=bits, type="int", symmetric=symmetric, strategy=granularity, group_size=group,
                   block_structure=block, dynamic=granularity == "token")
    low, high = ct_extremes(w, granularity, group, block)
    if observer == "mse":
        low, high = ct_mse(w, args, granularity, group, block)
    q, values, scale, zero = ct_quantize(w, args, low, high)
    return Row(q + 2 ** (bits - 1), values, scale, ct_int_bits(w, q, scale, zero, args, granularity))


def ct_mse(w, args, granularity, group, block):
    """llm-compressor's observer on what its base class would hand it: (observations, areas..., values)."""
    from llmcompressor.observers.mse import MemorylessMSEObserver

    if granularity == "tensor":
        observed = w.reshape(1, 1, -1)
    elif granularity == "block":
        rows, columns = w.shape[0] // block[0], w.shape[1] // block[1]
        observed = w.reshape(rows, block[0], columns, block[1]).transpose(1, 2).reshape(1, rows, columns, -1)
    elif granularity == "group":
        observed = w.unflatten(-1, (-1, group)).unsqueeze(0)
    else:
        observed = w.reshape(1, w.shape[0], 1, -1)
    observer = MemorylessMSEObserver(base_name="weight", args=args.model_copy(update={"observer_kwargs": {}}))
    observer.update_statistics_from_observed(observed)
    return observer.min_vals, observer.max_vals


def ct_int_bits(w, q, scale, zero, args, granularity):
    """What the library's compressors keep; pack-quantized takes no blocks, so those are counted alike."""
    from compressed_tensors.compressors.pack_quantized.helpers import pack_to_int32

    zeros = None if args.symmetric else zero.reshape(zero.shape[0], -1).to(torch.int8)
    if args.num_bits == 8:
        return bits_of(q.to(torch.int8), scale) + (0 if args.symmetric else bits_of(zeros))
    packed = pack_to_int32(q.to(torch.int8), args.num_bits)
    extra = 0 if args.symmetric else bits_of(pack_to_int32(zeros, args.num_bits, packed_dim=0).contiguous())
    return bits_of(packed, scale) + 128 + extra


def quark_int(w, bits=4, granularity="group", group_size=128, symmetric=True, observer="minmax", rule=None):
    from quark.torch.kernel.hw_emulation import hw_emulation_interface as hw
    from quark.torch.quantization.config.config import QTensorConfig
    from quark.torch.quantization.config.type import Dtype, QSchemeType, RoundType, ScaleType
    from quark.torch.quantization.observer import observer as observers

    group_size = w.shape[1] if group_size == -1 else group_size
    kind = {"tensor": (QSchemeType.per_tensor, observers.PerTensorMinMaxObserver, None),
            "channel": (QSchemeType.per_channel, observers.PerChannelMinMaxObserver, 0),
            "group": (QSchemeType.per_group, observers.PerGroupMinMaxObserver, 1)}[granularity]
    cls = observers.PerTensorPercentileObserver if observer == "percentile" else kind[1]
    dtype = {(4, True): Dtype.int4, (4, False): Dtype.uint4, (8, True): Dtype.int8, (8, False): Dtype.uint8}[bits, symmetric]
    spec = QTensorConfig(dtype=dtype, observer_cls=cls, qscheme=kind[0], ch_axis=kind[2], is_dynamic=False,
                         symmetric=symmetric, round_method=RoundType.half_even, scale_type=ScaleType.float32,
                         group_size=group_size if granularity == "group" else None)
    seen = cls(spec)
    seen(w)
    scale, zero = seen._calculate_qparams()
    low, high = seen.quant_min, seen.quant_max
    if granularity == "tensor":
        q = hw.real_quantize_int_per_tensor_affine(w, scale, zero, low, high, 8)
        values = hw.dequantize_int_per_tensor_affine(q, scale, zero)
    elif granularity == "channel":
        q = hw.real_quantize_int_per_channel_affine(w.T.contiguous().T, scale, zero, 0, low, high, 8)
        values = hw.dequantize_int_per_channel_affine(q, scale, zero, 0)
    else:
        q = hw.real_quantize_int_per_group_affine(w, scale, zero, 1, group_size, low, high, 8)
        values = hw.dequantize_int_per_group_affine(q, scale, zero, 1, group_size)
    return Row(q - low, values, scale, None)


def fp8_package(settings):
    if settings.get("rule") == "compressed_tensors":
        return "compressed-tensors"
    return "torch" if settings.get("variant") == "e5m2" else "transformers"


def int_package(settings):
    if "quark" in (settings.get("rule"), settings.get("preset", "").partition("_")[0]):
        return "amd-quark"
    return "llmcompressor" if settings.get("observer") == "mse" else "compressed-tensors"


def mx_package(settings):
    return "compressed-tensors" if settings.get("exponent", "even") == "even" else "formula"


PACKAGES = {"nf4": "bitsandbytes", "fp4": "bitsandbytes", "llm_int8": "bitsandbytes", "bitnet": "transformers",
            "eetq": "formula", "fbgemm_fp8": "formula", "fp8": fp8_package, "int_quant": int_package,
            "mxfp4": mx_package, "mxfp8": mx_package,
            "nvfp4": lambda settings: "fouroversix" if settings.get("fouroversix") else "compressed-tensors"}


def package(method, settings):
    """Whose code answers for a setting, for scheme_report.py."""
    named = PACKAGES[method]
    return named if isinstance(named, str) else named(settings)


PEERS = {"nf4": bnb4("nf4"), "fp4": bnb4("fp4"), "fp8": fp8, "fbgemm_fp8": fbgemm_fp8,
         "llm_int8": llm_int8, "eetq": eetq, "bitnet": bitnet,
         "mxfp4": mx(4), "mxfp8": mx(8), "nvfp4": nvfp4,
         "int_quant": int_quant}
