"""One layer of 4096 x 4096 on the machine's cores

gptq at 4 bits in groups of 128 from its Gram matrix, beside GPTQModel and the arithmetic limit: a Cholesky
factorization (n^3 / 3) and the lazy updates (rows x columns^2) at the sgemm rate of the same cores. The peer
runs where QSCOPE_GPTQMODEL names a Python that has gptqmodel (tests/peers/gptqmodel.txt)."""
import os
import pathlib
import statistics
import tempfile

from _figures import at_least, at_most, plain
from _server import Server

N = 4096
ROUNDS = 5
PEER_ROUNDS = 2
FLOPS = N**3 / 3 + N**3


def median(runs, key="wall"):
    return statistics.median(r[key] for r in runs)


def measure(build):
    python = os.environ.get("QSCOPE_GPTQMODEL")
    with tempfile.TemporaryDirectory() as folder:
        ours = Server(build / "bench/gptq", folder, N)
        peer = Server(python, pathlib.Path(__file__).parent / "_gptq_peer.py", folder, N) if python else None
        seen = {key: [] for key in ("peak", "gptq", "rtn", "nf4", "measure", "peer")}
        for i in range(ROUNDS):
            for what in ("peak", "gptq", "rtn", "nf4", "measure"):
                seen[what].append(ours.run(what))
            if peer and i < PEER_ROUNDS:
                seen["peer"].append(peer.run("gptq"))
        ours.close()
        if peer:
            peer.close()
    # Each run against the rate seen just before it; processor time where others share the cores.
    walls = [g["wall"] * p["gflops"] * 1e9 / FLOPS for g, p in zip(seen["gptq"], seen["peak"])]
    cpu = [g["cpu"] / p["cpu"] * 2e-9 * 2048**3 * 8 / (FLOPS * 1e-9) for g, p in zip(seen["gptq"], seen["peak"])]
    figures = [
        plain("sgemm", median(seen["peak"], "gflops"), "GFLOP/s"),
        plain("gptq, 4 bits, groups of 128, from its Gram matrix", median(seen["gptq"]), "s"),
        plain("gptq: processor time", median(seen["gptq"], "cpu"), "s"),
        at_most("gptq over its arithmetic limit", statistics.median(walls), "x", 2),
        at_most("gptq over its arithmetic limit, in processor time", statistics.median(cpu), "x", 2),
    ]
    result = {"figures": figures}
    if peer:
        ratio = [p["wall"] / g["wall"] for p, g in zip(seen["peer"], seen["gptq"])]
        cpu = [p["cpu"] / g["cpu"] for p, g in zip(seen["peer"], seen["gptq"])]
        figures += [
            plain("GPTQModel on the same cores", median(seen["peer"]), "s"),
            at_least("GPTQModel's time over ours", statistics.median(ratio), "x", 3),
            at_least("GPTQModel's processor time over ours", statistics.median(cpu), "x", 3),
            at_most("largest difference of a weight from GPTQModel's", seen["peer"][0]["max_difference"], "", 1e-6),
            plain("share of weights that differ by more than 1e-6", seen["peer"][0]["differing"], ""),
            plain("our output error over GPTQModel's", seen["peer"][0]["error_ratio"], "x"),
        ]
        result["versions"] = peer.first
    figures += [
        at_most("rtn, 4 bits, groups of 128", median(seen["rtn"]), "s", 0.05),
        plain("rtn: processor time", median(seen["rtn"], "cpu"), "s"),
        at_most("nf4, blocks of 64", median(seen["nf4"]), "s", 0.05),
        plain("nf4: processor time", median(seen["nf4"], "cpu"), "s"),
        at_most("measurement with the full Gram matrix", median(seen["measure"]), "s", 1),
        plain("measurement: processor time", median(seen["measure"], "cpu"), "s"),
    ]
    return result
