#!/usr/bin/env python3
"""Models in GGUF, of every family and option in gguf_models.py, as float32, float16 and bfloat16 (each in one of these
unless QSCOPE_PEERS_WHOLE is set):

- the logits of `qscope logits FILE.gguf` against transformers, which holds the same weights: within 1e-4;
- what `qscope quantize` writes of it: gguf-py reads the same tensors and metadata, and its logits are those that
  qscope computed with the quantized weights, bit for bit;
- where llama-cpp-python is (llama_cpp.txt): the files are those that llama.cpp's own converter writes, tensors byte
  for byte, and llama.cpp computes the same logits.

    tests/peers/live_gguf_models.py PROGRAM [LABEL ...]

llama.cpp is less exact than float32 is: with 16-bit weights it rounds the activations to 16 bits, too, and it takes
GELU and the exponentials of scores from tables of float16. So its logits may be off by a part of their range: 3e-5
from float32 weights with SiLU, 1e-3 with GELU, 2e-3 from float16 and 2e-2 from bfloat16, which has 8 bits. Rows out of
order, a norm left out or another RoPE make 0.1 and more."""
# covers: core/formats/gguf core/architectures
# also: llama_cpp.txt
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile

try:
    import gguf
    import numpy as np

    import extra_peers
    import families
    import family_models
    import gguf_models
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = sys.argv[1] if len(sys.argv) > 1 else str(HERE.parents[1] / "build/release/qscope")
LLAMA_CPP = extra_peers.python("llama_cpp.txt")
FAILURES = []
# Released converters fail on these: StableLM's norms of heads never leave a generator that returns another.
NOT_CONVERTED = {"stablelm_parallel", "stablelm_norms"}


def check(truth, message):
    if not truth:
        print("DIFFERS:", message)
        FAILURES.append(message)


def run(*arguments):
    env = dict(os.environ, QSCOPE_CACHE="off")
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, env=env, timeout=300, text=True)
    if done.returncode or done.stderr.strip():
        raise RuntimeError(f"{' '.join(map(str, arguments))[:200]}: exit {done.returncode}: {done.stderr[-400:]}")
    return done.stdout


def our_logits(path, ids, scratch):
    run("logits", path, "--ids", ",".join(map(str, ids)), "-o", scratch / "ours.npy")
    return np.load(scratch / "ours.npy")


class LlamaCpp:
    """The peer's process, and the sources that its archive holds."""

    def __init__(self, scratch):
        self.scratch = scratch
        self.sources = self.find_sources()
        self.process = subprocess.Popen([LLAMA_CPP, str(HERE / "llama_cpp_logits.py")], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    @staticmethod
    def find_sources():
        """vendor/llama.cpp of the archive from which it was compiled, or None."""
        to = extra_peers.folder("llama_cpp.txt") / "sources"
        if not list(to.glob("*/vendor/llama.cpp/conversion")):
            to.mkdir(exist_ok=True)
            subprocess.run([LLAMA_CPP, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", str(to),
                            "-r", str(HERE / "llama_cpp.txt")], check=False, timeout=900)
            for archive in to.glob("*.tar.gz"):
                with tarfile.open(archive) as tar:
                    wanted = [m for m in tar if "/vendor/llama.cpp/conversion/" in m.name or "/gguf-py/" in m.name]
                    tar.extractall(to, wanted, filter="data")
        return next(iter(to.glob("*/vendor/llama.cpp")), None)

    def logits(self, path, ids):
        output = self.scratch / "theirs.npy"
        self.process.stdin.write(json.dumps([str(path), ids, str(output)]) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if answer:
            raise RuntimeError(f"llama.cpp on {path.name}: {answer}")
        return np.load(output)

    def convert(self, model, kind, wanted):
        folder, output = self.scratch / "checkpoint", self.scratch / "converted.gguf"
        shutil.rmtree(folder, ignore_errors=True)
        output.unlink(missing_ok=True)
        model.save_pretrained(folder)
        done = subprocess.run([sys.executable, str(HERE / "llama_cpp_convert.py"), str(self.sources), str(folder),
                               str(output), wanted, str(int(kind.layout == "fused"))], capture_output=True, text=True,
                              check=False)
        if done.returncode:
            raise RuntimeError(f"the converter on {kind.label}: {done.stderr.strip()[-300:]}")
        return output

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def contents(path):
    reader = gguf.GGUFReader(path)
    tensors = {t.name: (t.tensor_type.name, tuple(map(int, t.shape)), bytes(t.data)) for t in reader.tensors}
    metadata = {field.name: field.contents() for field in reader.fields.values()
                if not field.name.startswith(("GGUF.", "tokenizer.", "general."))}
    return tensors, metadata


def near(one, other):
    """Equal, or float32 factors that were worked out in another order."""
    if one is None or other is None or one[:2] != other[:2] or one[0] != "F32":
        return False
    return np.allclose(np.frombuffer(one[2], "<f4"), np.frombuffer(other[2], "<f4"), rtol=1e-6, atol=0)


def compare_files(kind, path, converted):
    (tensors, metadata), (their_tensors, their_metadata) = contents(path), contents(converted)
    for name in sorted(tensors | their_tensors):
        one, other = tensors.get(name), their_tensors.get(name)
        check(one == other or near(one, other),
              f"{kind.label}: {name}: {one and one[:2]} here, {other and other[:2]} by llama.cpp's converter")
    for key in sorted(metadata | their_metadata):
        check(metadata.get(key) == their_metadata.get(key),
              f"{kind.label}: {key}: {metadata.get(key)} here, {their_metadata.get(key)} by llama.cpp's converter")


def clear_model(kind, shape, sequences):
    """With a seed under which every expert is used and none is taken by a hair's breadth."""
    for seed in range(200):
        model = family_models.build(kind.family, kind.settings(shape), seed)
        gap, idle = family_models.router_margin(model, sequences)
        if gap > 1e-4 and idle == 0:
            return model
    return model


def sequences_of(kind, shape, context):
    rng = np.random.default_rng(sum(map(ord, kind.label)))
    longest = min(kind.within, context)
    return [rng.integers(0, shape.vocab, n).tolist() for n in sorted({1, min(shape.window + 1, longest), longest})]


def compare_written(kind, path, ids, peer, scratch):
    """Quantized and written: what gguf-py, qscope and llama.cpp find there."""
    how = ("--method", "rtn", "--set", "bits=4", "--set", "group_size=0")
    run("logits", path, *how, "--ids", ",".join(map(str, ids)), "-o", scratch / "measured.npy")
    measured = np.load(scratch / "measured.npy")
    for dtype in ("float32", "f16"):
        shutil.rmtree(scratch / "written", ignore_errors=True)
        run("quantize", path, *how, "--dtype", dtype, "-o", scratch / "written")
        written = scratch / "written" / path.name
        (tensors, metadata), (before, same) = contents(written), contents(path)
        check(metadata == same and {name: tensor[1] for name, tensor in tensors.items()} == {
            name: tensor[1] for name, tensor in before.items()}, f"{kind.label}: another file is written")
        found = our_logits(written, ids, scratch)
        if dtype == "float32":
            check(np.array_equal(found, measured), f"{kind.label}: other logits than were measured")
        elif peer and not kind.not_llama_cpp and not any("_exps" in name for name in tensors):
            # Where experts are chosen by a hair's breadth, float16 chooses others.
            off = float(np.abs(peer.logits(written, ids) - found).max() / np.ptp(found))
            check(off <= 2e-3, f"{kind.label} written as f16: {off:.1e} of the range from llama.cpp")


def compare(kind, wanted, peer, scratch):
    shape = families.Shape(**{"context": gguf_models.LONG, **kind.shape})
    context = kind.settings(shape).get("max_position_embeddings", gguf_models.LONG)
    sequences = sequences_of(kind, shape, context)
    model = gguf_models.rounded_(clear_model(kind, shape, sequences), wanted)
    path = scratch / f"{kind.label}.gguf"
    gguf_models.write(path, model, kind, wanted)
    expected = family_models.logits_of(model, sequences)
    ours = [our_logits(path, ids, scratch) for ids in sequences]
    found = [family_models.distance(ours, expected)]
    check(found[0] <= family_models.allowed(expected), f"{kind.label} {wanted}: {found[0]:.2g} from transformers")
    if peer and peer.sources and wanted == "F16" and kind.label not in NOT_CONVERTED and kind.layout != "apart":
        compare_files(kind, path, peer.convert(model, kind, wanted))
    if wanted == "F32":
        compare_written(kind, path, sequences[-1], peer, scratch)
    if peer and not kind.not_llama_cpp:
        theirs = peer.logits(path, sequences[-1])
        found.append(float(np.abs(theirs - ours[-1]).max() / np.ptp(ours[-1])))
        smooth = model.config.to_dict().get("hidden_act") == "silu"
        limit = {"F32": 3e-5 if smooth else 1e-3, "F16": 2e-3, "BF16": 2e-2}[wanted]
        check(found[1] <= limit, f"{kind.label} {wanted}: {found[1]:.1e} of the range from llama.cpp")
    return found


def types_of(index):
    """All when everything is compared, else one that another day is another."""
    types = ("F32", "F16", "BF16")
    if os.environ.get("QSCOPE_PEERS_WHOLE") or sys.argv[2:]:
        return types
    return (types[(index + datetime.date.today().toordinal()) % 3],)


def main():
    kinds = [kind for kind in gguf_models.KINDS if not sys.argv[2:] or kind.label in sys.argv[2:]]
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        peer = LlamaCpp(scratch) if LLAMA_CPP else None
        print("llama.cpp is compared" if peer else "llama.cpp is not installed here (llama_cpp.txt); it is left out")
        for kind in kinds:
            rows = [compare(kind, wanted, peer, scratch) for wanted in types_of(kinds.index(kind))]
            (scratch / f"{kind.label}.gguf").unlink()
            worst = max(row[0] for row in rows)
            beside = ", ".join(f"{row[1]:.1e}" for row in rows if len(row) > 1)
            beside = f"; of the range from llama.cpp: {beside}" if beside else (
                f"; not compared with llama.cpp: {kind.not_llama_cpp}" if peer else "")
            print(f"{kind.label}: {worst:.1e} from transformers{beside}", flush=True)
        if peer:
            peer.close()
    return 1 if FAILURES else 0


sys.exit(main())
