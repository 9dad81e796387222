"""A second opinion on the shipped model: quantization and its damage, measured with PyTorch.

Written apart from qscope's own C, from the same definitions, so that the two can be held against each
other.
"""
