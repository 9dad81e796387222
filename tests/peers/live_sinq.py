#!/usr/bin/env python3
"""sinq of layers of the shipped model, as the program computes them, against sinq itself on the same weights: at least
99.9 % of the codes, the error within 0.1 %, the bytes exactly. pre_sinq likewise, of layers that share an input."""
# covers: quantizers/sinq quantizers/pre_sinq quantizers/sinkhorn kernels/moments kernels/loops
# needs: sinq.txt
import sys

try:
    import scheme_report
    from safetensors.torch import load_file
    from scheme_live import ROOT, SOLVED, Difference, compare, ours, text
    from sinq_peer import PEERS, pre_sinq
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

CASES = [dict(bits=bits, tiling=tiling) for bits in (8, 6, 5, 4, 3, 2, 1.58, 1) for tiling in ("1d", "2d")]
# Zero points of 16-bit weights tie, and sinq multiplies again by the factors it will not use: one that rounds the other
# way moves the grid they share, which 8-bit codes in small tiles feel.
CASES[1]["quant_aux"] = False
CASES += [dict(bits=bits, quant_aux=False, scale_dtype=dtype) for bits in (8, 4, 3) for dtype in ("f16", "f32")]
CASES += [
    dict(bits=4, group_size=32),
    dict(bits=3, group_size=-1),
    dict(bits=4, group_size=16, tiling="2d", quant_aux=False),
    dict(bits=4, scale_dtype="f32"),
    dict(bits=3, iterations=3),
    dict(bits=2, iterations=60),
    dict(bits=4, kurtosis=3),
]
CASES += [dict(bits=bits, kurtosis=0, quant_aux=False, tiling=tiling) for bits in (8, 4, 2) for tiling in ("1d", "2d")]
CASES += [dict(bits=4, kurtosis=0), dict(bits=3, kurtosis=0, iterations=50)]

# What shares an input, and can be folded: into a norm, into the layer before.
INPUTS = [[f"layers.0.attn.{n}" for n in "qkv"], ["layers.1.mlp.gate", "layers.1.mlp.up"], ["layers.1.mlp.down"]]
PRE_CASES = [dict(bits=bits) for bits in (8, 4, 3, 2)] + [
    dict(bits=4, group_size=-1),
    dict(bits=3, group_size=32, iterations=16, rounds=1),
    dict(bits=3, group_size=128, rounds=8),
]


def tensor(name):
    part = name.replace("layers.", "model.layers.").replace("attn.", "self_attn.")
    return f"{part}_proj.weight"


def compare_inputs(program):
    tensors, failed = load_file(ROOT / "models/shipped/model.safetensors"), 0
    for settings in PRE_CASES:
        difference = Difference()
        for names in INPUTS:
            weights = [tensors[tensor(name)].float() for name in names]
            for name, weight, peer in zip(names, weights, pre_sinq(weights, **settings)[1]):
                difference.add(ours(program, name, "pre_sinq", settings), peer, weight.numpy())
        bad = difference.bad(SOLVED)
        failed |= bool(bad)
        what = " ".join(f"{k}={text(v)}" for k, v in settings.items())
        scheme_report.add("pre_sinq", settings, pre_sinq, difference.compared, difference.result(SOLVED), not bad)
        print(f"{'pre_sinq':12s} {what:60s} {'DIFFERS' if bad else 'equal'}: {difference}", flush=True)
    return failed


failed = compare_inputs(sys.argv[1])
sys.exit(compare(sys.argv[1], [("sinq", case, SOLVED) for case in CASES], PEERS) or failed)
