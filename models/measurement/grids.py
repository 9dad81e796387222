"""Rounding to nearest on two grids, in groups along the input.

asymmetric: the range of a group includes 0; s = (max - min) / (2^b - 1), z = round(-min / s).
symmetric: s = 2 max|w| / (2^b - 1), codes -2^(b-1) .. 2^(b-1) - 1, zero point 0.
"""

import torch

GROUP_SIZE = 128


def asymmetric(rows, bits):
    """Scale and zero point of each row of `rows` (n, group)."""
    low = rows.amin(1, keepdim=True).clamp(max=0)
    high = rows.amax(1, keepdim=True).clamp(min=0)
    scale = ((high - low) / (2 ** bits - 1)).clamp(min=1e-12)
    return scale, torch.round(-low / scale), 0, 2 ** bits - 1


def symmetric(rows, bits):
    scale = (2 * rows.abs().amax(1, keepdim=True) / (2 ** bits - 1)).clamp(min=1e-12)
    return scale, torch.zeros_like(scale), -2 ** (bits - 1), 2 ** (bits - 1) - 1


GRIDS = {"asymmetric": asymmetric, "symmetric": symmetric}


def snap(values, levels):
    """The grid points nearest to `values`; `levels` is what a grid function returned."""
    scale, zero, low, high = levels
    return (torch.clamp(torch.round(values / scale) + zero, low, high) - zero) * scale


def round_to_nearest(weight, bits, grid):
    """`weight` (out, in) rounded group by group."""
    rows = weight.reshape(-1, GROUP_SIZE)
    return snap(rows, GRIDS[grid](rows, bits)).reshape(weight.shape)
