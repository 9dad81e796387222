"""Windows of text, their loss, and comparisons paired by window."""

import contextlib

import torch

from .inputs import input_groups
from .solvers import METHODS


def windows_of(tokenizer, path, length, count=None):
    """(count, length) ids: windows side by side, from the start of the text."""
    ids = torch.tensor(tokenizer.encode(path.read_bytes().decode()).ids)
    full = len(ids) // length
    return ids[:full * length].reshape(full, length)[:count]


@torch.no_grad()
def window_losses(model, windows):
    """Mean loss in nats of each window; the first token of a window is not scored."""
    losses = []
    for batch in windows.split(8):
        logits = model(input_ids=batch, use_cache=False).logits[:, :-1].float()
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten(), reduction="none")
        losses.append(loss.reshape(len(batch), -1).double().mean(1))
    return torch.cat(losses)


@contextlib.contextmanager
def quantized(model, method, bits, grid, statistics=None):
    """The model with its linear layers quantized; the old weights return at the end."""
    kept = []
    with torch.no_grad():
        for name, layers in input_groups(model):
            weights = [module.weight.data for _, module in layers]
            kept += [(module, module.weight.data) for _, module in layers]
            found = METHODS[method](weights, statistics and statistics[name], bits, grid)
            for (_, module), weight in zip(layers, found):
                module.weight.data = weight
    try:
        yield model
    finally:
        for module, weight in kept:
            module.weight.data = weight


def mean_and_error(values):
    """Mean over windows and its standard error."""
    return values.mean().item(), (values.std() / len(values) ** 0.5).item()


def over_domains(by_domain):
    """Mean of the domains' means, with its standard error; `by_domain` is a list of per-window values."""
    pairs = [mean_and_error(values) for values in by_domain]
    mean = sum(mean for mean, _ in pairs) / len(pairs)
    return mean, sum(error ** 2 for _, error in pairs) ** 0.5 / len(pairs)
