"""The linear layers of a model, by the input they share."""

# (name of the input, modules of a block that read it)
GROUPS = [
    ("qkv", ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"]),
    ("o", ["self_attn.o_proj"]),
    ("gate_up", ["mlp.gate_proj", "mlp.up_proj"]),
    ("down", ["mlp.down_proj"]),
]


def input_groups(model):
    """[(name of the input, [(name of the layer, module)])] over all blocks, in order."""
    found = []
    for number, block in enumerate(model.model.layers):
        for name, members in GROUPS:
            layers = [(f"{number}.{member}", block.get_submodule(member)) for member in members]
            found.append((f"{number}.{name}", layers))
    return found
