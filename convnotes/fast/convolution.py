"""Convolution and its gradients, each by the algorithm that is predicted to be the fastest.

Parameters, shapes and errors are those of `convnotes.naive`, with one parameter more: `algorithm` names one of
`selection.ALGORITHMS`, or is "auto". Derived in notebooks/09_fast_convolution.ipynb.
"""

from functools import partial, reduce

import numpy as np

from convnotes import arguments
from convnotes.fast import col2im, phases, threads
from convnotes.fast.finite import all_finite
from convnotes.fast.selection import named, spreading
from convnotes.fast.shares import Share, shares
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

    Beside input and output it holds at most 64 MiB, or one image's share where that is larger.
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
    Y = np.empty(p.output_size, X.dtype)
    choose = partial(named, algorithm, dtype=X.dtype)

    def some(part: Share) -> None:
        q = part.p
        choose(q).gather(part.of_input(X), K, q, part.of_output(Y), b)

    threads.share(some, shares(p, choose, X.dtype))
    return Y


def spread(
    K: np.ndarray,
    dY: np.ndarray,
    p: Convolution,
    algorithm: str = "auto",
) -> np.ndarray:
    """The transpose of `gather` for the same weight."""
    module = spreading(algorithm, p, dY.dtype)
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
            return gather(upstream, weight, q, algorithm)
    return _spread(K, dY, p, None, algorithm)


def _spread(
    K: np.ndarray,
    dY: np.ndarray,
    p: Convolution,
    module,
    algorithm: str,
) -> np.ndarray:
    """The same by one algorithm, or, where that is None, as a convolution for each phase of the stride."""
    dX = np.zeros(p.input_size, dY.dtype)
    choose = partial(named, dtype=dY.dtype)

    def some(part: Share) -> None:
        q, upstream, result = (
            part.p,
            part.of_output(dY),
            part.of_input(dX),
        )
        if module is not None:
            module.spread(K, upstream, q, result)
        else:
            phases.spread(
                K, upstream, q, result, partial(choose, algorithm)
            )

    # It takes about as long as the map whose transpose it is.
    alike = partial(choose, "auto")
    threads.share(some, shares(p, alike, dY.dtype, bands=False))
    return dX


def correlate(
    X: np.ndarray,
    dY: np.ndarray,
    p: Convolution,
    algorithm: str = "auto",
) -> np.ndarray:
    """The weight gradient for the output gradient dY."""
    choose = partial(
        named, algorithm, dtype=X.dtype, correlating=True
    )

    def some(part: Share) -> np.ndarray:
        q = part.p
        return choose(q).correlate(
            part.of_input(X), part.of_output(dY), q
        )

    parts = threads.share(
        some, shares(p, choose, X.dtype, correlating=True)
    )
    return (
        reduce(np.add, parts)
        if parts
        else np.zeros(p.weight_size, X.dtype)
    )
