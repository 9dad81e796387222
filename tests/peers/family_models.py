"""Models of random weights that hide nothing: norms, biases and routers far from their neutral values, logits with
a spread, and what transformers computes with them."""
import copy
import math

import numpy as np
import torch
import transformers
from transformers import AutoConfig, AutoModelForCausalLM
from transformers.pytorch_utils import Conv1D

torch.set_num_threads(1)  # which tiny matrices would only wait for
transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()


def build(family, settings, seed, embedding=1.0):
    """The model that this config describes, with weights drawn from the seed. `embedding` scales what the first
    norm sees: small, so that its epsilon counts."""
    config = AutoConfig.for_model(family.model_type, **settings)
    model = AutoModelForCausalLM.from_config(config, attn_implementation=family.attention,
                                             experts_implementation="eager", dtype=torch.float32)
    randomize(model, seed, embedding)
    return model.eval()


def randomize(model, seed, embedding=1.0):
    generator = torch.Generator().manual_seed(seed)
    done = set()
    tied = model.get_output_embeddings().weight is model.get_input_embeddings().weight
    with torch.no_grad():
        for path, module in model.named_modules():
            for name, weight in module.named_parameters(recurse=False):
                if id(weight) not in done:
                    done.add(id(weight))
                    weight.copy_(draw(module, path, name, weight, generator))
        # Tied to the head, a wide embedding would make logits of hundreds.
        scale = min(1.0, math.sqrt(8 / model.config.get_text_config().hidden_size)) if tied else 1.0
        model.get_input_embeddings().weight.mul_(scale * embedding)


def draw(module, path, name, weight, generator):
    kind = type(module).__name__
    normal = torch.randn(weight.shape, generator=generator)
    if "Norm" in kind and name == "weight":
        uniform = torch.rand(weight.shape, generator=generator)
        return uniform - 0.5 if kind.startswith("Gemma") else uniform + 0.5
    if name == "bias":
        return 0.3 * normal
    if isinstance(module, torch.nn.Embedding):
        return normal
    inputs = weight.shape[0] if isinstance(module, Conv1D) else weight.shape[-1]
    gain = 2.0 if path.endswith("lm_head") or "Router" in kind or "shared_expert_gate" in path else 1.0
    return normal * gain / math.sqrt(inputs)


def logits_of(model, sequences):
    """One array of (tokens, vocabulary) for each sequence. They come by length: transformers' dynamic rope keeps
    the frequencies of the longest sequence so far, so that a shorter one after it would be computed otherwise."""
    assert [len(ids) for ids in sequences] == sorted(len(ids) for ids in sequences)
    model = copy.deepcopy(model)
    with torch.no_grad():
        return [model(torch.tensor([ids]), use_cache=False).logits[0].double().numpy() for ids in sequences]


def load(folder, attention, dtype=torch.float32):
    """The text model, or the whole with its vision tower, as transformers opens the folder."""
    config = AutoConfig.from_pretrained(folder)
    auto = transformers.AutoModelForImageTextToText if hasattr(config, "text_config") else AutoModelForCausalLM
    model, report = auto.from_pretrained(folder, attn_implementation=attention, experts_implementation="eager",
                                         dtype=dtype, output_loading_info=True)
    if report["missing_keys"] or report["mismatched_keys"]:
        raise ValueError(f"{folder}: {report}")
    return model.eval()


def router_margin(model, sequences):
    """How clearly experts are chosen: the least gap between the probability of the last one taken and the first
    one left, and how many experts of all blocks are never taken. Without experts: (1, 0)."""
    gaps, idle, handles = [1.0], 0, []
    chosen = {}

    def hook(key):
        def look(module, _inputs, outputs):
            logits, _scores, taken = outputs
            chosen.setdefault(key, torch.zeros(logits.shape[-1], dtype=torch.bool))[taken.flatten()] = True
            sorted_ = torch.softmax(logits.double(), -1).sort(-1, descending=True).values
            if module.top_k < logits.shape[-1]:
                gaps.append(float((sorted_[:, module.top_k - 1] - sorted_[:, module.top_k]).min()))
        return look

    for path, module in model.named_modules():
        if type(module).__name__.endswith("Router"):
            handles.append(module.register_forward_hook(hook(path)))
    logits_of(model, sequences)
    for handle in handles:
        handle.remove()
    idle = sum(int((~seen).sum()) for seen in chosen.values())
    return min(gaps), idle


def distance(one, other):
    return max(float(np.abs(a - b).max()) for a, b in zip(one, other, strict=True))


def allowed(logits, within=1e-4):
    """`within`, relative to the logits' range where that is larger than those of trained models (about 30)."""
    return within * max(1.0, max(float(np.ptp(row)) for row in logits) / 32)
