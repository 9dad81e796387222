"""The three methods: rtn, gptq and awq. Each maps the weights of one input group to rounded ones.

`statistics` has `gram` = X'X / n (in, in) and `magnitude` = mean |x| (in,) of the shared input, both
from the unquantized model.
"""

import torch

from .grids import GRIDS, GROUP_SIZE, round_to_nearest, snap

DAMPING = 0.01
SEARCH_POINTS = 20


def rtn(weights, statistics, bits, grid):
    return [round_to_nearest(weight, bits, grid) for weight in weights]


def gptq(weights, statistics, bits, grid):
    """Frantar et al. 2022 (arXiv 2210.17323): columns in order, no act_order, damping 1 % of the mean
    diagonal; a group's scale is taken when its first column is reached."""
    inverse = _upper_inverse(statistics["gram"])
    return [_gptq_one(weight.clone(), inverse, bits, grid) for weight in weights]


def _upper_inverse(gram):
    gram = gram.double()
    damped = gram + torch.eye(len(gram), dtype=gram.dtype) * DAMPING * gram.diagonal().mean()
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(damped))
    return torch.linalg.cholesky(inverse, upper=True).float()


def _gptq_one(weight, inverse, bits, grid):
    result = torch.empty_like(weight)
    for start in range(0, weight.shape[1], GROUP_SIZE):
        stop = start + GROUP_SIZE
        levels = GRIDS[grid](weight[:, start:stop], bits)
        errors = torch.empty_like(weight[:, start:stop])
        for column in range(start, stop):
            value = weight[:, column:column + 1]
            rounded = snap(value, levels)
            result[:, column] = rounded[:, 0]
            error = (value - rounded) / inverse[column, column]
            weight[:, column:stop] -= error * inverse[column, column:stop]
            errors[:, column - start] = error[:, 0]
        weight[:, stop:] -= errors @ inverse[start:stop, stop:]
    return result


def awq(weights, statistics, bits, grid):
    """Lin et al. 2023 (arXiv 2306.00978): input channels scaled by magnitude^alpha, the alpha of least
    output error out of 20, one for all layers of the input; no clipping."""
    best, least = None, float("inf")
    for point in range(SEARCH_POINTS):
        scale = statistics["magnitude"].clamp(min=1e-4) ** (point / SEARCH_POINTS)
        scale = scale / (scale.max() * scale.min()).sqrt()
        candidate = [round_to_nearest(weight * scale, bits, grid) / scale for weight in weights]
        error = sum(output_error(weight - new, statistics["gram"]) for weight, new in zip(weights, candidate))
        if error < least:
            best, least = candidate, error
    return best


def output_error(difference, gram):
    """tr(D H D'): what the next layer feels."""
    return ((difference @ gram) * difference).sum().item()


METHODS = {"rtn": rtn, "gptq": gptq, "awq": awq}
