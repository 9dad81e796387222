"""transformers' HIGGS integration on the CPU: its own quantize_with_higgs and pad_to_block. Two functions that it takes from
libraries for GPUs are replaced: the Hadamard transform by a product of matrices in float64, and FLUTE's packing by
something that only keeps what it is given. Where codes are compared our grid stands in for its own, since the best grid of
two dimensions is not unique; our rule for blocks smaller than hadamard_size, which it lacks, chooses the size it is
called with."""
import pathlib
import re

import numpy as np
import torch
import transformers.integrations.higgs as integration
from scipy.linalg import hadamard

from scheme_peers import Row, bits_of

GRIDS = pathlib.Path(__file__).resolve().parents[2] / "quantizers/higgs_grids.c"
DTYPES = {"f16": torch.float16, "bf16": torch.bfloat16, "f32": torch.float32}
THEIRS = integration.get_higgs_grid


def ours(p, n):
    text = GRIDS.read_text()
    body = re.search(rf"higgs_{'line' if p == 1 else 'plane'}_{n}\[\d+\] = {{(.*?)}};", text, re.S).group(1)
    return torch.tensor([np.float32(v) for v in re.findall(r"[-\d.e]+(?=f)", body)]).reshape(n, p)


def transform(x, scale):
    return (x.double() @ torch.tensor(hadamard(x.shape[-1]), dtype=torch.float64) * scale).float()


class Packed(dict):
    """What FLUTE would pack: codes of points, copies of scales, the grid."""

    def view(self, **_):
        return self


def keep(codes, scales, grid, **_):
    return codes, scales, grid, Packed(), None


integration.hadamard_transform, integration.prepare_data_transposed = transform, keep


def block_size(columns, most, bits, width):
    """The power of two that stores a row in the fewest bits, the largest of equals."""
    sizes = [2**i for i in range(1, most.bit_length())]
    return min(reversed(sizes), key=lambda size: -(-columns // size) * (size * bits + width))


def layer_of(shape, size, bits, group, dtype):
    """Its own module of that shape, empty: what is stored. Words of 16 bits hold codes of several rows, so that what it
    makes of rows whose codes fill no word is less than it needs, and not compared."""
    return integration.HiggsLinear(-(-shape[1] // size) * size, shape[0], bits, bias=False, dtype=dtype, group_size=group,
                                   hadamard_size=size)


@torch.no_grad()
def higgs(w, bits=4, p=2, hadamard_size=512, group_size=256, pad=False, scale_dtype="f16", grid=ours):
    dtype = DTYPES[scale_dtype]
    size = hadamard_size if pad else block_size(w.shape[1], hadamard_size, bits, 8 * dtype.itemsize)
    group = min(group_size, size) if group_size > 0 else size
    integration.get_higgs_grid = grid
    # Its scales take the type of the weight, which is float32 here; they are rounded after the codes, as in its own order.
    made = integration.quantize_with_higgs(w, bits=bits, p=p, group_size=group, hadamard_size=size)
    codes, copies, points = made["weight"], made["scales"].to(dtype), made["tables"].to(dtype)
    scales, rows = copies[:, :: size // group], w.shape[0]
    x = points.float()[codes.long()].reshape(rows, -1, size)
    values = (transform(x, 1) * (scales.float() / size**0.5)[:, :, None]).reshape(rows, -1)[:, : w.shape[1]]
    if p == 2:  # as FLUTE takes them apart
        codes = torch.stack([codes >> bits, codes & (1 << bits) - 1], -1).reshape(rows, -1)
    layer = layer_of(w.shape, size, bits, group, dtype)
    assert layer.scales.shape == copies.shape
    stored = bits_of(layer.weight, layer.scales, layer.tables, layer.tables2)
    if dtype == torch.float32:  # a norm's last bit is that of its order of summing
        scales = None
    return Row(codes[:, : w.shape[1]], values, scales, stored if rows * bits % 16 == 0 else None)


def package(_method, _settings):
    return "transformers", "its code on our grids"


PEERS = {"higgs": higgs}
