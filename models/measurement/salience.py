"""Which channels are salient, and whether texts agree on them."""

import itertools
import statistics

SHARE = 0.05


def salient(magnitude):
    """The top 5 % of channels by mean |x|."""
    count = max(1, round(len(magnitude) * SHARE))
    return set(magnitude.topk(count).indices.tolist())


def jaccard(a, b):
    return len(a & b) / len(a | b)


def table(by_domain, halves):
    """Per input: the median Jaccard over pairs of domains, and how two halves of one domain agree.
    `by_domain` maps a domain to collected statistics, `halves` to a pair of them."""
    rows = []
    for name in next(iter(by_domain.values())):
        sets = [salient(found[name]["magnitude"]) for found in by_domain.values()]
        pairs = [jaccard(a, b) for a, b in itertools.combinations(sets, 2)]
        same = [jaccard(salient(a[name]["magnitude"]), salient(b[name]["magnitude"])) for a, b in halves.values()]
        rows.append({"input": name, "channels": len(sets[0]), "pairs_median": statistics.median(pairs),
                     "pairs_least": min(pairs), "pairs_most": max(pairs),
                     "halves_median": statistics.median(same), "halves_least": min(same)})
    return rows
