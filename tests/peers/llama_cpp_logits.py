#!/usr/bin/env python3
"""Logits as llama.cpp computes them, on the processor and with everything that can be kept in float32. Run by
live_gguf_models.py with the Python of llama_cpp.txt: reads lines [model, ids, output] in JSON, writes .npy files and
answers each line with "" or with what went wrong."""
import json
import sys

import numpy as np
from llama_cpp import GGML_TYPE_F32, Llama


def logits(path, ids):
    model = Llama(path, n_ctx=len(ids) + 8, n_batch=len(ids), n_ubatch=len(ids), logits_all=True, n_threads=1,
                  type_k=GGML_TYPE_F32, type_v=GGML_TYPE_F32, flash_attn=False, verbose=False)
    model.reset()
    model.eval(ids)
    return np.array(model.scores[:len(ids)], np.float32)


for line in sys.stdin:
    path, ids, output = json.loads(line)
    answer = ""
    try:
        np.save(output, logits(path, ids))
    except Exception as error:  # pylint: disable=broad-except  # whatever it says to a file it does not take
        answer = f"{type(error).__name__}: {error}"
    print(json.dumps(answer), flush=True)
