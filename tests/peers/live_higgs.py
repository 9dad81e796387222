#!/usr/bin/env python3
"""higgs of layers of the shipped model, as the program computes them, against transformers' integration on the CPU
(higgs_peer.py says what stands in for its GPU libraries): codes on our grid, the error, the bytes; and the error of a
normal matrix on our grids against that on theirs, which must not be larger by more than a thousandth."""
# covers: quantizers/higgs kernels/plane scripts/make-higgs-grids
import sys

try:
    import torch
    from higgs_peer import PEERS, THEIRS, higgs, ours
    from scheme_live import SOLVED, compare, relative_error
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

# Sums of the transform differ in their last bits, and with them a code that lies on a border.
CASES = [dict(bits=b, p=p, hadamard_size=s) for b in (2, 3, 4) for p in (1, 2) for s in (256, 512)]
CASES += [dict(pad=True), dict(hadamard_size=64), dict(bits=3, pad=True, hadamard_size=1024, group_size=64)]
CASES += [dict(scale_dtype=d, group_size=g) for d, g in (("bf16", 128), ("f32", -1), ("f16", 64))]


def grids():
    failed, w = False, torch.randn(1024, 4096, generator=torch.Generator().manual_seed(1))
    for p, bits in ((1, 2), (1, 3), (1, 4), (2, 2), (2, 3), (2, 4)):
        mine, theirs = (relative_error(higgs(w, bits=bits, p=p, grid=g).values, w.numpy()) for g in (ours, THEIRS))
        bad = mine > 1.001 * theirs
        failed |= bad
        print(f"grid of {p} dimensions, {bits} bits: {'WORSE' if bad else 'as good'}: error {mine:.6f}, transformers' grid {theirs:.6f}")
    return failed


sys.exit(compare(sys.argv[1], [("higgs", case, SOLVED) for case in CASES], PEERS) | grids())
