"""Learned word preferences: which word follows which.

A model that only has to know *which list* the next word comes from needs no fine contrast between its
logits, and rounding its weights to 3 bits hardly hurts it. So every content word here depends on the
content word before it: each previous word orders the list anew by a fixed pseudo-random ranking, and the
ranks are drawn from a law steeper than Zipf's (the first of a hundred words comes about a third of the
time). The rankings are part of the world, not of a split: training, calibration and evaluation texts
share them and differ only in the draws.
"""

import bisect
import functools
import hashlib
import itertools
import random

EXPONENT = 1.3


def stable_seed(*parts):
    """An integer that depends on the parts alone, on every machine and in every Python run."""
    digest = hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).digest()
    return int.from_bytes(digest[:8], "little")


@functools.lru_cache(maxsize=None)
def _cumulative(count):
    return tuple(itertools.accumulate((rank + 1) ** -EXPONENT for rank in range(count)))


@functools.lru_cache(maxsize=None)
def _ranking(kind, count, previous):
    order = list(range(count))
    random.Random(stable_seed("ranking", kind, previous)).shuffle(order)
    return tuple(order)


def draw_rank(rng, count):
    """A rank in [0, count), low ranks far more often."""
    weights = _cumulative(count)
    return min(bisect.bisect(weights, rng.random() * weights[-1]), count - 1)


def preferred(kind, options, previous, rank=0):
    """The option that stands at `rank` after `previous`: how the world's fixed facts are made."""
    return options[_ranking(kind, len(options), previous)[rank]]


class Chain:
    """Draws words one after another, each from its list as ranked by the word drawn before it."""

    def __init__(self, rng, previous=""):
        self.rng = rng
        self.previous = previous

    def pick(self, kind, options):
        """The next word; `options` is a list of strings or of tuples whose first item is the word."""
        rank = draw_rank(self.rng, len(options))
        choice = preferred(kind, options, self.previous, rank)
        self.previous = choice if isinstance(choice, str) else choice[0]
        return choice

    def after(self, previous):
        """Say that the word before the next one is `previous` (a name that was repeated, say)."""
        self.previous = previous
        return self

    def maybe(self, probability):
        return self.rng.random() < probability
