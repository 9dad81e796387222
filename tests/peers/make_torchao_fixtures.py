#!/usr/bin/env python3
"""Make tests/quantizers/fixtures/schemes/torchao.txt, as make_scheme_fixtures.py describes it, and effects/torchao.txt, as
make_effect_fixtures.py does (what a float32 activation becomes), with requirements.txt and torchao.txt."""
import hashlib

import numpy as np
import torch
from torchao.quantization import PerRow, PerTensor
from torchao.quantization.quantize_.workflows.float8.float8_tensor import Float8Tensor
from torchao.quantization.quantize_.workflows.int8.int8_tensor import Int8Tensor
from torchao.quantization.quantize_.workflows.intx import intx_unpacked_to_int8_tensor as intx

import quantizer_ports as ports
from make_scheme_fixtures import FOLDER, write
from torchao_peer import PEERS

# Of a row or tensor of zeros its float8 makes NaN: scale 0, 0 / 0. Ours stays zeros.
PLAIN = [(3, 256, 1, "plain"), (130, 384, 2, "plain")]
BLOCKS = [(128, 256, 1, "plain"), (256, 384, 2, "edge")]
CASES = [("torchao", {"variant": v}, None) for v in ("int8wo", "int8dyn")]
CASES += [("torchao", {"variant": v}, PLAIN) for v in ("fp8wo", "fp8dyn")]
CASES += [("torchao", {"variant": "fp8dyn", "granularity": "block"}, BLOCKS)]
CASES += [("torchao", {"variant": v, "granularity": "tensor"}, None) for v in ("int8wo", "int8dyn", "fp8wo")]
CASES += [("torchao", {"variant": "int8wo", "group_size": 64}, None)]
CASES += [("torchao", {"bits": b, "group_size": 32}, [(9, 96, b, "edge")]) for b in range(1, 9)]
CASES += [("torchao", {"bits": b, "mapping": "asymmetric"}, [(9, 96, b, "edge")]) for b in (1, 2, 4, 8)]
CASES += [("torchao", {"bits": 4, "mapping": m, "compute_dtype": t}, [(9, 96, 3, "edge")])
          for m in ("asymmetric", "symmetric_no_clipping") for t in ("float32", "float16")]
CASES += [("torchao", {"variant": "int4wo", "choose_qparams": r, "group_size": 32, "compute_dtype": t}, [(9, 96, 3, "edge")])
          for r in ("default", "tinygemm") for t in ("bfloat16", "float32", "float16")]
CASES += [("torchao", {"variant": "int4wo", "choose_qparams": r}, [(130, 384, 2, "edge")]) for r in ("default", "tinygemm")]


def int8(granularity):
    return lambda x: Int8Tensor.from_hp(x, granularity).dequantize()


EFFECTS = {
    "int8_torchao": int8(PerRow()),
    "int8_torchao_tensor": int8(PerTensor()),
    "int8_torchao_affine": intx._apply_int8_act_asym_per_token_quant_dequant,
    "fp8_tensor": lambda x: Float8Tensor.from_hp(x, granularity=PerTensor()).dequantize(),
    "fp8_token": lambda x: Float8Tensor.from_hp(x, granularity=PerRow()).dequantize(),
}


def effects():
    lines = []
    for name, effect in EFFECTS.items():
        for tokens, columns, seed, scale in ((5, 300, 1, 8.0), (1, 1500, 2, 64.0), (3, 64, 3, 1e-4)):
            x = (ports.values(tokens * columns, seed).reshape(tokens, columns) * scale).astype(np.float32)
            out = effect(torch.from_numpy(x.copy())).numpy() + np.float32(0)
            lines.append(f"{name} 0 {tokens} {columns} {seed} {scale} {hashlib.sha256(out.tobytes()).hexdigest()}")
    (FOLDER / "effects" / "torchao.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    write("torchao.txt", CASES, PEERS)
    effects()
