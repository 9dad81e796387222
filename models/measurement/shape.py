"""How far weights and activations are from Gaussian: kurtosis, and largest against median magnitude."""

import torch

from .inputs import input_groups


def kurtosis(values):
    values = values.double().flatten()
    centred = values - values.mean()
    return (centred.pow(4).mean() / centred.pow(2).mean() ** 2).item()


@torch.no_grad()
def table(model, windows):
    """Per input: kurtosis of the weights that read it, and of its activations the largest magnitude over
    the median one, and the loudest channel (by mean |x|) over the median channel."""
    seen = {}
    handles = [layers[0][1].register_forward_pre_hook(lambda module, x, name=name: seen.setdefault(name, []).append(
        x[0].reshape(-1, x[0].shape[-1]).clone())) for name, layers in input_groups(model)]
    model.model(input_ids=windows, use_cache=False)
    for handle in handles:
        handle.remove()
    rows = []
    for name, layers in input_groups(model):
        x = torch.cat(seen[name]).abs()
        channel = x.mean(0)
        rows.append({"input": name,
                     "kurtosis": sum(kurtosis(module.weight) for _, module in layers) / len(layers),
                     "kurtosis_folded": sum(kurtosis(module.weight * x.pow(2).mean(0).sqrt()) for _, module in layers)
                     / len(layers),
                     "largest_over_median": (x.max() / x.median()).item(),
                     "channel_over_median": (channel.max() / channel.median()).item()})
    return rows
