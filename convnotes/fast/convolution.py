"""Convolution and its gradients, each by the algorithm that is predicted to be the fastest.

Parameters, shapes and errors are those of `convnotes.naive`, with one parameter more: `algorithm` names one of
`selection.ALGORITHMS`, or is "auto". Derived in notebooks/09_fast_convolution.ipynb.
"""

from dataclasses import replace
from functools import partial, reduce

import numpy as np

from convnotes import arguments
from convnotes.fast import phases, threads, whole
from convnotes.fast.blocks import length
from convnotes.fast.selection import named, spreading
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

    In float32 its error stays below 3e-5 of the output's largest value, in float64 below 1e-12, whatever the
    algorithm. Beside input and output it holds at most 64 MiB, or one image's share where that is larger.
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

    def some(images: slice) -> None:
        q = _of(p, images)
        named(algorithm, q, X.dtype).gather(
            X[images], K, q, Y[images], b
        )

    threads.share(some, _parts(p))
    return Y


def spread(
    K: np.ndarray,
    dY: np.ndarray,
    p: Convolution,
    algorithm: str = "auto",
) -> np.ndarray:
    """The transpose of `gather` for the same weight."""
    dX = np.zeros(p.input_size, dY.dtype)

    def some(images: slice) -> None:
        q = _of(p, images)
        module = spreading(algorithm, q, dY.dtype)
        if module is not None:
            module.spread(K, dY[images], q, dX[images])
        else:
            phases.spread(
                K,
                dY[images],
                q,
                dX[images],
                partial(named, algorithm, dtype=dY.dtype),
            )

    threads.share(some, _parts(p))
    return dX


def correlate(
    X: np.ndarray,
    dY: np.ndarray,
    p: Convolution,
    algorithm: str = "auto",
) -> np.ndarray:
    """The weight gradient for the output gradient dY."""

    def some(images: slice) -> np.ndarray:
        q = _of(p, images)
        module = named(algorithm, q, X.dtype, correlating=True)
        return module.correlate(X[images], dY[images], q)

    parts = threads.share(some, _parts(p))
    return (
        reduce(np.add, parts)
        if parts
        else np.zeros(p.weight_size, X.dtype)
    )


def _parts(p: Convolution) -> list[slice]:
    """The images in one part for each thread, but those of a small problem together."""
    N = p.input_size[0]
    return (
        [slice(0, N)] if whole.takes(p) and N else threads.images(N)
    )


def _of(p: Convolution, images: slice) -> Convolution:
    """The same convolution of some of the images."""
    N = length(images)
    if p.input_size[0] == N:
        return p
    return replace(
        p,
        input_size=(N, *p.input_size[1:]),
        output_size=(N, *p.output_size[1:]),
    )
