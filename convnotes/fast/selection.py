"""Which algorithm is taken: of those that take a problem, the one with the least predicted time."""

import numpy as np

from convnotes.fast import banded, columns, depthwise, pointwise, rows, winograd
from convnotes.windows import Convolution

# One line registers an algorithm. Each is a module with
#   takes(p), work(p), workspace(p)   whether it takes a problem, its work, and the entries it holds at most
#   gather(X, K, p)                   the convolution
#   correlate(X, dY, p)               its weight gradient
ALGORITHMS = {
    "pointwise": pointwise,
    "columns": columns,
    "rows": rows,
    "winograd": winograd,
    "depthwise": depthwise,
    "banded": banded,
}


def named(algorithm: str, p: Convolution, dtype: np.dtype):
    """The algorithm of a name; "auto" is the one predicted to be the fastest."""
    if algorithm == "auto":
        return fastest(p, dtype)
    if algorithm not in ALGORITHMS:
        raise ValueError(f"algorithm must be auto or one of {', '.join(ALGORITHMS)}, got {algorithm!r}")
    module = ALGORITHMS[algorithm]
    if not module.takes(p):
        rule = module.takes.__doc__.rstrip(".")
        raise ValueError(f"algorithm {algorithm!r} must be used for {rule[0].lower()}{rule[1:]}, got {_said(p)}")
    return module


def fastest(p: Convolution, dtype: np.dtype):
    """The algorithm with the least predicted time."""
    taking = [module for module in ALGORITHMS.values() if module.takes(p)]
    if len(taking) == 1 or 0 in p.output_size:
        return columns
    return min(taking, key=lambda module: module.work(p).seconds(dtype.itemsize))


def _said(p: Convolution) -> str:
    return (
        f"weight {p.weight_size}, stride {p.stride}, padding {p.padding}, dilation {p.dilation} and groups {p.groups}"
    )
