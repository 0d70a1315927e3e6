"""Convolution and its gradients, each by the algorithm that is predicted to be the fastest.

Parameters, shapes and errors are those of `convnotes.naive`, with one parameter more: `algorithm` names one of
`selection.ALGORITHMS`, or is "auto". Derived in notebooks/09_fast_convolution.ipynb.
"""

from functools import partial

import numpy as np

from convnotes import arguments
from convnotes.fast import col2im, phases, piecewise, threads, whole
from convnotes.fast.finite import all_finite
from convnotes.fast.pieces import Piece, by_group
from convnotes.fast.selection import named, spreading
from convnotes.fast.shares import by_filters, shares
from convnotes.windows import Convolution


def conv2d(
    input,
    weight,
    bias=None,
    stride=1,
    padding=0,
    dilation=1,
    groups=1,
    *,
    algorithm="auto",
):
    """Y, as `naive.conv2d` defines it.

    In float32 its error stays below 3e-5 of the largest sum of absolute products, which is the largest entry of the
    convolution of |input| with |weight|; in float64 below 1e-12 of it. That holds for the gradients as well, and for
    every algorithm. Where products cancel the result is smaller, and the error relative to it is larger.
    "winograd" rounds on its way: with it zero weights and whole numbers give no exact results, all others do.

    Not-a-numbers and infinities stand where the definition puts them. To make sure takes about 1 % of the time, and
    where there are any the result is made a second time, by another algorithm (see `finite`).

    Beside its arguments and Y it holds at most 64 MiB, or one image's share where that is larger.
    """
    X, K, b, p = arguments.conv2d(
        input, weight, bias, stride, padding, dilation, groups
    )
    return gather(X, K, p, algorithm, b)


def conv2d_grad_input(
    input_size,
    weight,
    grad_output,
    stride=1,
    padding=0,
    dilation=1,
    groups=1,
    *,
    algorithm="auto",
):
    """dX, as `naive.conv2d_grad_input` defines it.

    It is a convolution for each phase of the stride, by `algorithm`; or, with "col2im", the transpose of `columns`.
    """
    K, dY, p = arguments.conv2d_grad_input(
        input_size,
        weight,
        grad_output,
        stride,
        padding,
        dilation,
        groups,
    )
    return spread(K, dY, p, algorithm)


def conv2d_grad_weight(
    input,
    weight_size,
    grad_output,
    stride=1,
    padding=0,
    dilation=1,
    groups=1,
    *,
    algorithm="auto",
):
    """dK, as `naive.conv2d_grad_weight` defines it."""
    X, dY, p = arguments.conv2d_grad_weight(
        input,
        weight_size,
        grad_output,
        stride,
        padding,
        dilation,
        groups,
    )
    return correlate(X, dY, p, algorithm)


def gather(
    X: np.ndarray,
    K: np.ndarray,
    p: Convolution,
    algorithm: str = "auto",
    b: np.ndarray | None = None,
) -> np.ndarray:
    """The map from an input of p.input_size to an output of p.output_size, with a bias if one is given."""
    return _gather(X, by_group(K, p), p, algorithm, b)


def _gather(X, K, p, algorithm, b=None):
    """`gather` for a weight `by_group`."""
    Y = np.empty(p.output_size, X.dtype)
    if len(X) and _is_small(p, algorithm):
        whole.gather(X, K.reshape(p.weight_size), p, Y, b)
        return Y
    choose = partial(named, algorithm, dtype=X.dtype)
    parts = shares(p, choose, X.dtype)

    def some(part: Piece) -> None:
        piecewise.gather(part, X, K, Y, choose, len(parts), b)

    threads.share(some, parts)
    return Y


def spread(
    K: np.ndarray,
    dY: np.ndarray,
    p: Convolution,
    algorithm: str = "auto",
) -> np.ndarray:
    """The transpose of `gather` for the same weight."""
    module = spreading(algorithm, p, dY.dtype)
    K = by_group(K, p)
    if module is not None:
        return _spread(K, dY, p, module, algorithm)
    dX = _by_phases(K, dY, p, algorithm)
    # They pad dY with zeros, which would meet weights that are not finite. Either array tells, so the smaller is asked.
    if all_finite(min(K, dX, key=np.size)):
        return dX
    return _spread(K, dY, p, col2im, algorithm)


def _by_phases(K, dY, p, algorithm):
    if p.stride == (1, 1):
        # Then it is a convolution as any other.
        for _, upstream, weight, q in phases.each(K, dY, p):
            return _gather(upstream, weight, q, algorithm)
    return _spread(K, dY, p, None, algorithm)


def _spread(K, dY, p, module, algorithm):
    """`spread` by one algorithm, or, where that is None, as a convolution for each phase of the stride."""
    dX = np.zeros(p.input_size, dY.dtype)
    choose = partial(named, dtype=dY.dtype)
    # It takes about as long as the map whose transpose it is.
    alike = partial(choose, "auto")
    parts = shares(p, alike, dY.dtype, bands=False)

    def some(part: Piece) -> None:
        piecewise.spread(
            part,
            K,
            dY,
            dX,
            module,
            partial(choose, algorithm),
            len(parts),
        )

    threads.share(some, parts)
    return dX


def correlate(
    X: np.ndarray,
    dY: np.ndarray,
    p: Convolution,
    algorithm: str = "auto",
) -> np.ndarray:
    """The weight gradient for the output gradient dY."""
    if _is_small(p, algorithm):
        return whole.correlate(X, dY, p)
    choose = partial(
        named, algorithm, dtype=X.dtype, correlating=True
    )
    parts = shares(p, choose, X.dtype, correlating=True)
    dK = None
    if piecewise.copies(p, X.itemsize, len(parts)):
        # Each thread has its own filters, and reads all images.
        parts, dK = by_filters(p), np.zeros(p.weight_size, X.dtype)

    def some(part: Piece) -> np.ndarray:
        return piecewise.correlate(
            part, X, dY, choose, len(parts), dK
        )

    sums = threads.share(some, parts)
    dK, *others = sums or [np.zeros(p.weight_size, X.dtype)]
    for other in others:
        dK += other
    return dK


def _is_small(p: Convolution, algorithm: str) -> bool:
    """Whether a problem is so small that it needs neither threads nor a look at what it holds."""
    named = algorithm in ("auto", "whole")
    return named and p.input_size[0] > 0 and whole.takes(p)
