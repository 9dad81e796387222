"""GPTQModel on the layer in a folder: answers each line of standard input with one timed run."""
import json
import os
import sys
import time

os.environ.setdefault("GPTQMODEL_CPU_WORKERS", "2")
import numpy as np
import torch
from gptqmodel.quantization import QuantizeConfig
from gptqmodel.quantization.gptq import GPTQ
import importlib.metadata as metadata

folder, n = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(os.cpu_count())
weight = torch.from_numpy(np.fromfile(f"{folder}/weight", np.float32).reshape(n, n))
gram = torch.from_numpy(np.fromfile(f"{folder}/gram", np.float32).reshape(n, n))


def prepare():
    linear = torch.nn.Linear(n, n, bias=False)
    linear.weight.data = weight.clone()
    config = QuantizeConfig(bits=4, group_size=128, sym=False, desc_act=False, act_group_aware=False, offload_to_disk=False)
    layer = GPTQ(linear, config)
    layer.quantizer.configure(perchannel=True)
    layer.add_batch(torch.randn(1, 4, n), None)
    layer.finalize_hessian()
    layer.H = 2 * gram
    layer.nsamples = 2 * n
    return layer


def trace(d):
    return float((d.double() @ gram.double() * d.double()).sum())


print(json.dumps({name: metadata.version(name) for name in ("gptqmodel", "torch")}), flush=True)
for line in sys.stdin:
    layer = prepare()
    wall, cpu = time.perf_counter(), time.process_time()
    quantized = layer.quantize()[0]
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    ours = torch.from_numpy(np.fromfile(f"{folder}/dequantized", np.float32).reshape(n, n))
    difference = (quantized.float() - ours).abs()
    print(json.dumps({"wall": wall, "cpu": cpu, "max_difference": float(difference.max()),
                      "differing": float((difference > 1e-6).float().mean()),
                      "error_ratio": trace(ours - weight) / trace(quantized.float() - weight)}), flush=True)
