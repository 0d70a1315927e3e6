"""Which algorithm is taken: of those that take a problem, the one with the least predicted time."""

from math import prod

import numpy as np

from convnotes.fast import (
    col2im,
    columns,
    depthwise,
    phases,
    pointwise,
    rows,
    whole,
    winograd,
)
from convnotes.fast.work import Work
from convnotes.windows import Convolution

# One line registers an algorithm. Each is a module with
#   takes(p), workspace(p)   whether it takes a problem, and the entries it holds at most
#   gather(X, K, p, Y, b)    the convolution, written to Y, with a bias b if it is not None
#   correlate(X, dY, p)      its weight gradient
#   work(p, correlating)     the work of either
ALGORITHMS = {
    "whole": whole,
    "pointwise": pointwise,
    "columns": columns,
    "rows": rows,
    "winograd": winograd,
    "depthwise": depthwise,
}

# Seconds of an input gradient, for each of its phases, below which to compare them takes longer than what is gained.
QUICK = 3e-4


def named(
    algorithm: str,
    p: Convolution,
    dtype: np.dtype,
    correlating: bool = False,
):
    """The algorithm of a name, which must take the problem; "auto" is the one predicted to be the fastest."""
    if algorithm == "auto":
        return fastest(p, dtype, correlating)
    if algorithm not in ALGORITHMS:
        raise ValueError(
            f"algorithm must be auto or one of {', '.join(ALGORITHMS)}, got {algorithm!r}"
        )
    module = ALGORITHMS[algorithm]
    if not module.takes(p):
        rule = module.takes.__doc__.rstrip(".")
        raise ValueError(
            f"algorithm {algorithm!r} must be used for {rule[0].lower()}{rule[1:]}, got {_said(p)}"
        )
    return module


def fastest(
    p: Convolution, dtype: np.dtype, correlating: bool = False
):
    """The algorithm with the least predicted time, of all that take a problem; some kinds have one that is theirs.

    correlating: for the weight gradient, which images of few pixels share in `columns`
    """
    for own in (whole, depthwise):
        if own.takes(p):
            return own
    if pointwise.takes(p) and not (
        correlating and p.input_size[0] > 1
    ):
        return pointwise
    taking = [
        module for module in ALGORITHMS.values() if module.takes(p)
    ]
    return min(
        taking,
        key=lambda module: module.work(p, correlating).seconds(
            dtype.itemsize
        ),
    )


def spreading(algorithm: str, p: Convolution, dtype: np.dtype):
    """The algorithm that makes an input gradient by itself, if one does: else it is a convolution for each phase."""
    if algorithm == "whole" or (
        algorithm == "auto" and whole.takes(p)
    ):
        return named("whole", p, dtype)
    if algorithm == "auto":
        if depthwise.spreads(p):
            return depthwise
        if whole.spreads(p):
            return whole
        return col2im if _scatters(p, dtype) else None
    if algorithm == "depthwise" and depthwise.spreads(p):
        return depthwise
    return col2im if algorithm == "col2im" else None


def _scatters(p: Convolution, dtype: np.dtype) -> bool:
    """Whether the input gradient is predicted to be faster by col2im than by the convolutions of its phases."""
    scattered = col2im.work(p).seconds(dtype.itemsize)
    if scattered < QUICK * prod(p.stride):
        return True
    each = [
        fastest(q, dtype).work(q).seconds(dtype.itemsize)
        for _, _, q in phases.convolutions(p)
    ]
    # The phases are put back with gaps between. Before, filters are turned round and cut for each phase: pieces of few
    # entries, each of which takes as long as one of many.
    pieces, gaps = 3, 0
    if p.stride != (1, 1):
        pieces, gaps = 8, prod(p.input_size)
    turned = Work(
        strided=pieces * prod(p.weight_size) + gaps,
        calls=3 * len(each),
    )
    return scattered < sum(each) + turned.seconds(dtype.itemsize)


def _said(p: Convolution) -> str:
    return (
        f"weight {p.weight_size}, stride {p.stride}, "
        f"padding {p.padding}, dilation {p.dilation} and groups {p.groups}"
    )
