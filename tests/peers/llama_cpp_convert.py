#!/usr/bin/env python3
"""A Hugging Face folder as GGUF, by llama.cpp's own converter without a vocabulary:
llama_cpp_convert.py SOURCES FOLDER OUTPUT TYPE FUSED, where SOURCES is a copy of llama.cpp (llama-cpp-python's source
archive holds one), TYPE is F32, F16 or BF16, and FUSED 1 or 0 for --fuse-qkv."""
import json
import pathlib
import sys

sources, folder, output, kind, fused = sys.argv[1:]
sys.path[:0] = [sources, f"{sources}/gguf-py"]

import gguf  # noqa: E402
import torch  # noqa: E402
from conversion import ModelBase, get_model_class  # noqa: E402

TYPES = {"F32": "ALL_F32", "F16": "MOSTLY_F16", "BF16": "MOSTLY_BF16"}


def stand_in(path, config):
    """Though it writes no vocabulary: that of Gemma 3 has as many tokens as the embedding has rows."""
    vocabulary = {str(i): i for i in range(config["vocab_size"])}
    (path / "tokenizer.json").write_text(json.dumps({"model": {"vocab": vocabulary}, "added_tokens": []}))


def main():
    path = pathlib.Path(folder)
    config = json.loads((path / "config.json").read_text())
    stand_in(path, config)
    model_class = get_model_class(config["architectures"][0])
    model_class.set_vocab = lambda self: None
    with torch.inference_mode():
        model = model_class(path, getattr(gguf.LlamaFileType, TYPES[kind]), pathlib.Path(output),
                            fuse_qkv=fused == "1")
        # Spellings that it asks for and that transformers no longer keeps.
        model.hparams.setdefault("n_ctx", config.get("n_positions"))
        model.hparams.setdefault("rotary_pct", (config.get("rope_parameters") or {}).get("partial_rotary_factor"))
        model.write()


main()
