"""The peers of bench/benches/schemes.py on the layer in a folder: of the tools that this Python has, answers each line
of standard input, a name of RUNS, with one timed run of quantizing alone. Restoring the weights, which the program's
own time holds, is not counted."""
import json
import os
import sys
import time
import types
from importlib import metadata

import numpy as np
import torch

folder, n = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(os.cpu_count())
weight = torch.from_numpy(np.fromfile(f"{folder}/weight", np.float32).reshape(n, n))


def bnb4(kind, **options):
    import bitsandbytes.functional as bnb

    return lambda: bnb.quantize_4bit(weight, blocksize=64, quant_type=kind, **options)


def bnb8():
    import bitsandbytes.functional as bnb

    half = weight.half()
    return lambda: bnb.int8_vectorwise_quant(half)


def hqq(bits, size):
    from hqq.core.optimize import optimize_weights_proximal_legacy
    from hqq.core.quantize import Quantizer

    options = {"lp_norm": 0.7, "beta": 10.0, "kappa": 1.01, "iters": 20}
    Quantizer.optimize_weights = lambda tensor, scale, zero, min_max, axis, device, **_: (
        optimize_weights_proximal_legacy(tensor, scale, zero, min_max, axis, device, options))
    return lambda: Quantizer.quantize(weight, nbits=bits, group_size=size, axis=1, round_zero=bits == 4, device="cpu",
                                      compute_dtype=torch.float32)


def quanto(name):
    from optimum.quanto import QLinear, qtypes

    linear = torch.nn.Linear(n, n, bias=False)
    linear.weight.data = weight

    def run():
        layer = QLinear.from_module(linear, weights=qtypes[name])
        layer.freeze()

    return run


def torchao(name, **options):
    from torchao import quantization as ao

    granularity = ao.PerGroup(options.pop("group")) if "group" in options else ao.PerRow()
    if name == "IntxWeightOnlyConfig":
        options = {"weight_dtype": torch.int4, "granularity": granularity}
    config = getattr(ao, name)(**options)

    def run():
        linear = torch.nn.Linear(n, n, bias=False, device="meta")
        linear.weight = torch.nn.Parameter(weight, requires_grad=False)
        ao.quantize_(linear, config)

    return run


def compressed(**options):
    from compressed_tensors.quantization import QuantizationArgs
    from compressed_tensors.quantization.lifecycle.forward import quantize
    from compressed_tensors.quantization.utils import calculate_qparams, generate_gparam

    args = QuantizationArgs(**options)

    def run():
        groups = weight.unflatten(-1, (-1, args.group_size))
        low, high, factor = groups.amin(-1), groups.amax(-1), None
        if args.strategy == "tensor_group":
            factor = generate_gparam(low.amin(), high.amax())
        scale, zero = calculate_qparams(low, high, args, global_scale=factor)
        quantize(weight, scale, None if args.symmetric else zero, args, global_scale=factor)

    return run


def fp8():
    """transformers' rule for blocks of 128 x 128, on torch's own type."""
    def run():
        blocks = weight.reshape(n // 128, 128, n // 128, 128)
        scale = blocks.abs().amax((1, 3), keepdim=True) / 448
        (blocks / scale).clamp(-448, 448).to(torch.float8_e4m3fn)

    return run


def mlx():
    import mlx.core as mx

    mx.set_default_device(mx.cpu)
    w = mx.array(weight.numpy())
    return lambda: mx.eval(*mx.quantize(w, group_size=64, bits=4))


def sinq():
    os.environ["SINQ_AUTO_PATCH"] = "0"
    sys.modules.setdefault("datasets", types.SimpleNamespace(load_dataset=None))  # its calibrated variant's alone
    from sinq.sinqlinear import BaseQuantizeConfig, SINQLinear

    config = BaseQuantizeConfig(nbits=4, group_size=64, tiling_mode="1D", method="sinq")

    def run():
        linear = torch.nn.Linear(n, n, bias=False)
        linear.weight.data = weight.clone()
        SINQLinear(linear, config, compute_dtype=torch.float16, device="cpu")

    return run


# name: (package, function that prepares a run)
RUNS = {
    "nf4": ("bitsandbytes", lambda: bnb4("nf4")),
    "nf4 double": ("bitsandbytes", lambda: bnb4("nf4", compress_statistics=True)),
    "fp4": ("bitsandbytes", lambda: bnb4("fp4")),
    "llm_int8": ("bitsandbytes", bnb8),
    "hqq 4": ("hqq", lambda: hqq(4, 64)),
    "hqq 3": ("hqq", lambda: hqq(3, 64)),
    "qint4": ("optimum-quanto", lambda: quanto("qint4")),
    "qint8": ("optimum-quanto", lambda: quanto("qint8")),
    "int8wo": ("torchao", lambda: torchao("Int8WeightOnlyConfig")),
    "intx": ("torchao", lambda: torchao("IntxWeightOnlyConfig", group=32)),
    "int4": ("compressed-tensors", lambda: compressed(num_bits=4, type="int", strategy="group", group_size=128)),
    "mxfp4": ("compressed-tensors", lambda: compressed(num_bits=4, type="float", strategy="group", group_size=32,
                                                       scale_dtype=torch.uint8)),
    "nvfp4": ("compressed-tensors", lambda: compressed(num_bits=4, type="float", strategy="tensor_group", group_size=16,
                                                       scale_dtype=torch.float8_e4m3fn)),
    "fp8": ("torch", fp8),
    "mlx": ("mlx", mlx),
    "sinq": ("sinq", sinq),
}


def version(package):
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


prepared = {}
for name, (package, prepare) in RUNS.items():
    if not version(package):
        continue
    try:
        prepared[name] = prepare()
    except ImportError as e:
        print(f"{name} is left out: {e}", file=sys.stderr)
packages = {RUNS[name][0] for name in prepared}
print(json.dumps({"runs": list(prepared), "versions": {p: version(p) for p in sorted(packages)}}), flush=True)
with torch.no_grad():
    for line in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        prepared[line.strip()]()
        print(json.dumps({"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}), flush=True)
