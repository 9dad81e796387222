#!/usr/bin/env python3
"""labels: slow
`measure` against the formulas of the issue, computed here in NumPy from the files alone."""
import numpy as np

from program import SHIPPED, ask, check, finish, near, scratch, tensor

LAYER, TENSOR = "layers.1.mlp.down", "model.layers.1.mlp.down_proj.weight"


def rtn(w, bits, group, symmetric):
    """The grid as pinned, in float32, ties to even."""
    rows, columns = w.shape
    if group == 0:
        g = w.reshape(1, -1)
    else:
        g = w.reshape(-1, columns if group == -1 else group)
    top = np.float32(2**bits - 1)
    if symmetric:
        s = np.float32(2) * np.abs(g).max(1, keepdims=True) / top
        low, high, z = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1, np.float32(0)
    else:
        least, most = np.minimum(g.min(1, keepdims=True), 0), np.maximum(g.max(1, keepdims=True), 0)
        s = (most - least) / top
        low, high = 0, 2**bits - 1
    s = np.where(s == 0, np.float32(1), s).astype(np.float32)
    if not symmetric:
        z = np.rint(-least / s)
    q = np.clip(np.rint(g / s) + z, low, high)
    return ((q - z) * s).astype(np.float32).reshape(w.shape)


def measure(folder, *arguments):
    return ask("measure", "--layer", LAYER, *arguments, "--dequantized", f"{folder}/d.npy", "--codes",
               f"{folder}/c.npy")


def check_weight_error(report, w, d, what):
    delta = w.astype(np.float64) - d
    error = report["weight_error"]
    near(error["relative"], (delta**2).sum() / (w.astype(np.float64)**2).sum(), 1e-9, f"{what} relative")
    near(error["mse"], (delta**2).mean(), 1e-9, f"{what} mse")
    near(error["max_abs"], np.abs(delta).max(), 1e-6, f"{what} max_abs")
    near(error["sqnr_db"], -10 * np.log10(error["relative"]), 1e-9, f"{what} sqnr")
    histogram = report["histogram"]
    seen = sum(histogram["counts"]) + histogram["below"] + histogram["above"] + histogram["nonfinite"]
    check(seen == histogram["count"] == w.size, f"{what}: histogram counts {seen} of {w.size}")


def check_bits(report, what):
    bits = report["bits"]
    near(sum(bits["parts"].values()), bits["total"], 1e-12, f"{what}: parts sum to the total")
    size = report["layer"]["rows"] * report["layer"]["columns"]
    near(bits["per_weight"], bits["total"] / size, 1e-12, f"{what}: bits per weight")


def check_rtn(folder, w):
    for bits, group, symmetric in [(4, 128, False), (3, 128, True), (2, -1, False), (8, 0, True), (5, 64, False)]:
        what = f"rtn {bits} g{group} {'symmetric' if symmetric else 'asymmetric'}"
        report = measure(folder, "--method", "rtn", "--set", f"bits={bits}", "--set", f"group_size={group}",
                         "--set", f"symmetric={'true' if symmetric else 'false'}")
        got = np.load(f"{folder}/d.npy")
        want = rtn(w, bits, group, symmetric)
        check(got.shape == w.shape and got.dtype == np.float32, f"{what}: shape {got.shape} {got.dtype}")
        check(np.array_equal(got, want), f"{what}: {np.count_nonzero(got != want)} weights differ")
        check(np.load(f"{folder}/c.npy").shape == w.shape, f"{what}: codes' shape")
        check_weight_error(report, w, got, what)
        check_bits(report, what)
        check(report["params"]["bits"] == bits and report["method"] == "rtn", f"{what}: report names {report['params']}")


def check_compensated(folder, w):
    found = {}
    for method in ("rtn", "gptq", "awq"):
        report = measure(folder, "--method", method, "--set", "bits=3", "--set", "group_size=128",
                         "--calibration", "stories.calibration", "--sequences", "32", "--length", "256")
        check_weight_error(report, w, np.load(f"{folder}/d.npy"), method)
        check_bits(report, method)
        check(report["calibration"]["sequences"] == 32 and report["calibration"]["length"] == 256,
              f"{method}: calibration says {report['calibration']}")
        found[method] = report["output_error"]["relative"]
    check(found["gptq"] < found["rtn"], f"gptq's output error {found['gptq']} is not below rtn's {found['rtn']}")
    check(found["awq"] <= found["rtn"] * 1.0001, f"awq's output error {found['awq']} is above rtn's {found['rtn']}")


def check_salient(folder):
    report = ask("measure", "--layer", LAYER, "--method", "rtn", "--calibration", "code.calibration",
                 "--sequences", "8", "--length", "128", "--channels", f"{folder}/ch.npy")
    channels, salient = np.load(f"{folder}/ch.npy"), report["salient"]
    columns = report["layer"]["columns"]
    check(channels.shape == (columns, 5), f"channels: {channels.shape}")
    check(salient["k"] == max(16, int(np.ceil(0.05 * columns))) or salient["k"] == max(16, columns // 20),
          f"salient k {salient['k']} of {columns}")
    check(len(salient["mean_abs"]) == salient["k"], "salient.mean_abs has k entries")
    values = [e["value"] for e in salient["mean_abs"]]
    check(values == sorted(values, reverse=True), "salient channels are sorted")
    near(values[0], float(channels[:, 0].max()), 1e-6, "the first salient channel is the largest mean |x|")


def main():
    w = tensor(SHIPPED, TENSOR)
    with scratch() as folder:
        check_rtn(folder, w)
        check_compensated(folder, w)
        check_salient(folder)
    finish("measure")


main()
