"""Schemes that need no solver, on one layer of 4096 x 4096

Each beside the tool it equals, where QSCOPE_PEER_PYTHONS names Pythons that have one (a list with colons; the files
tests/peers/*.txt say what to install). Ours is the whole solve: codes, scales and the restored weights; a peer's is
quantizing alone."""
import os
import pathlib
import statistics
import tempfile

from _figures import at_most, plain
from _server import Server

N = 4096
ROUNDS = 7
PEER_ROUNDS = 3
LAYER = 4 * N * N
# What is said, the method and its settings, the goal in seconds, the peer's run.
SCHEMES = (
    ("rtn, 4 bits, groups of 128", "rtn", 0.05, None),
    ("int_quant, 4 bits, groups of 128", "int_quant", 0.05, "int4"),
    ("llm_int8", "llm_int8", 0.05, "llm_int8"),
    ("eetq", "eetq", 0.05, None),
    ("fp8, blocks of 128 x 128", "fp8", 0.05, "fp8"),
    ("fbgemm_fp8", "fbgemm_fp8", 0.05, None),
    ("mxfp8", "mxfp8", 0.05, None),
    ("mxfp4", "mxfp4", 0.05, "mxfp4"),
    ("nvfp4", "nvfp4", 0.05, "nvfp4"),
    ("bitnet", "bitnet", 0.05, None),
    ("quanto, qint4", "quanto variant=qint4", 0.05, "qint4"),
    ("quanto, qint8", "quanto variant=qint8", 0.05, "qint8"),
    ("torchao, int8wo", "torchao variant=int8wo compute_dtype=float32", 0.05, "int8wo"),
    ("torchao, intx, 4 bits, groups of 32", "torchao variant=intx bits=4 group_size=32 compute_dtype=float32", 0.05,
     "intx"),
    ("mlx_affine, 4 bits, groups of 64", "mlx_affine", 0.05, "mlx"),
    ("gemma_int", "gemma_int", 0.05, None),
    ("nf4, blocks of 64", "nf4", 0.1, "nf4"),
    ("nf4, double quantization", "nf4 double_quant=true", 0.1, "nf4 double"),
    ("fp4, blocks of 64", "fp4", 0.1, "fp4"),
    ("hqq, 4 bits, groups of 64, 20 iterations", "hqq bits=4", 1.5, "hqq 4"),
    ("hqq, 3 bits, groups of 64, 20 iterations", "hqq bits=3", 1.5, "hqq 3"),
    ("sinq, 4 bits, groups of 64", "sinq", None, "sinq"),
    ("higgs, 4 bits", "higgs bits=4", None, None),
)


def open_peers(folder):
    """By run, the server that has it; and every version."""
    servers, versions = {}, {}
    program = pathlib.Path(__file__).parent / "_schemes_peer.py"
    for python in filter(None, os.environ.get("QSCOPE_PEER_PYTHONS", "").split(":")):
        server = Server(python, program, folder, N)
        for run in server.first["runs"]:
            servers.setdefault(run, server)
        versions.update(server.first["versions"])
    return servers, versions


def one(folder, build, servers, line, run):
    """Interleaved. The program is started anew for each scheme, so that the peak of its memory is that scheme's."""
    ours, theirs = [], []
    server = Server(build / "bench/rounding", folder, N)
    for i in range(ROUNDS):
        ours.append(server.run(line))
        if run in servers and i < PEER_ROUNDS:
            theirs.append(servers[run].run(run))
    server.close()
    return ours, theirs


def median(runs, key):
    return statistics.median(r[key] for r in runs)


def measure(build):
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        Server(build / "bench/rounding", folder, N).close()
        servers, versions = open_peers(folder)
        for name, line, goal, run in SCHEMES:
            ours, theirs = one(folder, build, servers, line, run)
            wall = median(ours, "wall")
            figures.append(at_most(name, wall, "s", goal) if goal else plain(name, wall, "s"))
            figures.append(plain(f"{name}: the fastest run", min(r["wall"] for r in ours), "s"))
            figures.append(at_most(f"{name}: memory over the layer's", max(r["peak"] for r in ours) / LAYER, "x", 2))
            if theirs:
                figures.append(plain(f"{name}: the peer's time over ours", median(theirs, "wall") / wall, "x"))
        for server in set(servers.values()):
            server.close()
    return {"figures": figures, "versions": versions}
