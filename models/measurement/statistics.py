"""What flows into the linear layers on a text: Gram matrices and mean magnitudes."""

import torch

from .inputs import input_groups


class Collector:
    """Sums over tokens for each shared input, gathered by hooks while the model runs."""

    def __init__(self, model):
        self.sums = {}
        self.handles = [layers[0][1].register_forward_pre_hook(self._hook(name))
                        for name, layers in input_groups(model)]

    def _hook(self, name):
        def hook(module, arguments):
            x = arguments[0].reshape(-1, arguments[0].shape[-1])
            sums = self.sums.setdefault(name, {"count": 0, "gram": 0, "magnitude": 0})
            sums["count"] += len(x)
            sums["gram"] = sums["gram"] + x.T @ x
            sums["magnitude"] = sums["magnitude"] + x.abs().sum(0)
        return hook

    def close(self):
        for handle in self.handles:
            handle.remove()


@torch.no_grad()
def collect(model, windows):
    """{input: {"gram", "magnitude"}} as means over the tokens of `windows` (count, length)."""
    collector = Collector(model)
    for batch in windows.split(8):
        model.model(input_ids=batch, use_cache=False)
    collector.close()
    return {name: {"count": sums["count"], "gram": sums["gram"] / sums["count"],
                   "magnitude": sums["magnitude"] / sums["count"]} for name, sums in collector.sums.items()}


def pooled(parts):
    """The statistics of several texts of equal length together."""
    return {name: {key: sum(part[name][key] for part in parts) / len(parts) for key in ("gram", "magnitude")}
            for name in parts[0]}
