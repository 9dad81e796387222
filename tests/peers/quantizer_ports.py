"""The published gptq and awq in float64 NumPy, written for being read: what the C code is held against.

gptq: Frantar et al. 2022 (arXiv 2210.17323) as AutoGPTQ 0.7.1 and GPTQModel 7.7.0 run it. awq: Lin et al. 2023
(arXiv 2306.00978) as AutoAWQ 0.2.9 runs it, with the loss taken through the Gram matrix of the inputs.
"""
import numpy as np

BLOCK = 128


def values(count, seed, scale=1.0):
    """Exact in float32: a sum of four high halves of a linear congruential generator."""
    out = np.empty(count, np.float64)
    x = seed
    for i in range(count):
        total = -131070
        for _ in range(4):
            x = (1664525 * x + 1013904223) & 0xFFFFFFFF
            total += x >> 16
        out[i] = total * 2.0**-20 * scale
    return out


def inputs(tokens, columns, seed):
    """Neighbours that share a half, every 37th channel 16 times larger, every 50th dead: exact in doubles."""
    x = values(tokens * columns, seed, 8.0).reshape(tokens, columns)
    x[:, 1:] += x[:, :-1] * 0.5
    x[:, ::37] *= 16.0
    x[:, 7::50] = 0.0
    return x


def gram(x):
    return (x.T @ x / len(x)).astype(np.float32).astype(np.float64)


def gptq_grid(x, bits, symmetric):
    most = 2**bits - 1
    low, high = np.minimum(x.min(1), 0), np.maximum(x.max(1), 0)
    if symmetric:
        high = np.maximum(-low, high)
        scale, zero = 2 * high / most, np.full(len(x), 2.0 ** (bits - 1))
    else:
        scale = (high - low) / most
        zero = np.round(-low / np.where(scale == 0, 1, scale))
    return np.where(scale == 0, 1, scale), zero


class Gptq:
    def __init__(self, bits=4, group_size=128, symmetric=False, act_order=False, static_groups=False, damp=0.05):
        self.bits, self.group_size, self.symmetric = bits, group_size, symmetric
        self.act_order, self.static_groups, self.damp = act_order, static_groups, damp

    def grid(self, x):
        return gptq_grid(x, self.bits, self.symmetric)

    def factor(self, h):
        h = h.copy()
        h[np.diag_indices(len(h))] += self.damp * np.diag(h).mean()
        return np.linalg.cholesky(np.linalg.inv(h)).T

    def run(self, w, g):
        """Codes and dequantized weights, columns in file order."""
        w, h = w.copy(), 2 * g
        n, most = w.shape[1], 2**self.bits - 1
        width = n if self.group_size < 0 else self.group_size
        whole = self.grid(w)
        dead = np.diag(h) == 0
        h[dead, dead] = 1
        w[:, dead] = 0
        fixed = [self.grid(w[:, i : i + width]) for i in range(0, n, width)]
        order = np.argsort(-np.diag(h), kind="stable") if self.act_order else np.arange(n)
        w, u = w[:, order], self.factor(h[order][:, order])
        codes, q = np.zeros(w.shape, np.uint8), np.zeros_like(w)
        for first in range(0, n, BLOCK):
            end = min(first + BLOCK, n)
            block, error = w[:, first:end].copy(), np.zeros((len(w), end - first))
            for i in range(first, end):
                if self.group_size < 0:
                    scale, zero = whole
                elif self.static_groups:
                    scale, zero = fixed[order[i] // width]
                elif i % width == 0:
                    scale, zero = self.grid(w[:, i : i + width])
                value = block[:, i - first]
                code = np.clip(np.round(value / scale) + zero, 0, most)
                codes[:, i], q[:, i] = code, scale * (code - zero)
                error[:, i - first] = (value - q[:, i]) / u[i, i]
                block[:, i - first :] -= np.outer(error[:, i - first], u[i, i:end])
            w[:, end:] -= error @ u[first:end, end:]
        back = np.argsort(order)
        return codes[:, back], q[:, back]


def trace(d, g):
    return float(np.einsum("ri,ij,rj->", d, g, d, optimize=True))


def output_error(w, q, g):
    return trace(w - q, g) / trace(w, g)


class Awq:
    def __init__(self, bits=4, group_size=128, symmetric=False, clip=True, duo_scaling=True, grid=20):
        self.bits, self.group_size, self.symmetric = bits, group_size, symmetric
        self.clip, self.duo_scaling, self.points = clip, duo_scaling, grid

    def width(self, columns):
        return columns if self.group_size < 0 else self.group_size

    def quantize(self, w):
        """Last axis in groups of one grid each: the published one, which need not contain zero."""
        shape, width = w.shape, self.width(w.shape[1])
        w = w.reshape(-1, width)
        if self.symmetric:
            top = 2 ** (self.bits - 1)
            scale = np.maximum(np.abs(w).max(1, keepdims=True), 1e-5) / (top - 1)
            q = np.clip(np.round(w / scale), -top, top - 1) * scale
        else:
            most = 2**self.bits - 1
            low, high = w.min(1, keepdims=True), w.max(1, keepdims=True)
            scale = np.maximum(high - low, 1e-5) / most
            zero = np.clip(-np.round(low / scale), 0, most)
            q = (np.clip(np.round(w / scale) + zero, 0, most) - zero) * scale
        return q.reshape(shape)

    def candidates(self, layers, mean_abs):
        stacked = np.concatenate(layers)
        groups = np.abs(stacked).reshape(-1, self.width(stacked.shape[1]))
        w_mean = (groups / (groups.max(1, keepdims=True) + 1e-6)).reshape(stacked.shape).mean(0)
        for i in range(self.points):
            r = i / self.points
            s = mean_abs**r
            if self.duo_scaling:
                s = s / (w_mean ** (1 - r) + 1e-4)
            s = np.maximum(s, 1e-4)
            yield s / np.sqrt(s.max() * s.min())

    def bounds(self, w, s, g):
        """|scaled weight| of each group is clamped to this."""
        width = self.width(w.shape[1])
        out = np.zeros((w.shape[0], w.shape[1] // width))
        for at in range(0, w.shape[1], width):
            part, scaled = w[:, at : at + width], (w * s)[:, at : at + width]
            most, best = np.abs(scaled).max(1), np.full(len(w), np.inf)
            block = g[at : at + width, at : at + width]
            for i in range(10):
                bound = most * (1 - i / 20)
                clamped = np.clip(scaled, -bound[:, None], bound[:, None])
                d = self.quantize(clamped) / s[at : at + width] - part
                error = np.einsum("ri,ij,rj->r", d, block, d, optimize=True)
                better = error < best
                best = np.where(better, error, best)
                out[:, at // width] = np.where(better, bound, out[:, at // width])
        return np.repeat(out, width, 1)

    def run(self, layers, clipped, mean_abs, g, foldable=True):
        """Effective weights of every layer; clipped says which may be clipped (not queries and keys)."""
        best, least = np.ones(len(mean_abs)), np.inf
        for s in self.candidates(layers, mean_abs) if foldable else ():
            loss = sum(trace(self.quantize(w * s) / s - w, g) for w in layers)
            if loss < least:
                best, least = s, loss
        out = []
        for w, may_clip in zip(layers, clipped):
            scaled = w * best
            if self.clip and may_clip:
                bound = self.bounds(w, best, g)
                scaled = np.clip(scaled, -bound, bound)
            out.append(self.quantize(scaled) / best)
        return out, best
