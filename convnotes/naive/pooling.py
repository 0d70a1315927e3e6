"""Pooling: one number for each window of each channel, its maximum or its mean.

Derived in notebooks/07_pooling.ipynb.
"""

from __future__ import annotations

import numpy as np

from convnotes import arguments
from convnotes.annotations import (
    Array,
    ArrayLike,
    IntOrPair,
    SizeLike,
)


def max_pool2d(
    input: ArrayLike,
    kernel_size: IntOrPair,
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
    dilation: IntOrPair = 1,
    ceil_mode: bool = False,
) -> Array:
    """Y[n, c, y, x] = maximum of X[n, c, h, w] over the entries (h, w) that window (y, x) covers."""
    X, p = arguments.max_pool2d(
        input, kernel_size, stride, padding, dilation, ceil_mode
    )
    Y = np.empty((*X.shape[:2], *p.count), X.dtype)
    for n, c, y, x in np.ndindex(Y.shape):
        values = [X[n, c, h, w] for h, w in p.entries(y, x)]
        Y[n, c, y, x] = np.max(values, initial=-np.inf)
    return Y


# A notebook shows this function: its parameters stand in as few lines as hold them.
# fmt: off
def max_pool2d_grad_input(
    input: ArrayLike,
    grad_output: ArrayLike,
    kernel_size: IntOrPair,
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
    dilation: IntOrPair = 1,
    ceil_mode: bool = False,
    ties: str = "first",
) -> Array:
    """dX[n, c, h, w] += dY[n, c, y, x] where X[n, c, h, w] is the maximum of window (y, x)."""
    X, dY, p = arguments.max_pool2d_grad_input(
        input, grad_output, kernel_size, stride, padding, dilation, ceil_mode,
        ties=ties,
    )
    dX = np.zeros(X.shape, X.dtype)
    for n, c, y, x in np.ndindex(dY.shape):
        window = list(p.entries(y, x))
        values = [X[n, c, h, w] for h, w in window]
        maximum = np.max(values, initial=-np.inf)
        # Not-a-number differs from itself, and wins where there is one.
        winners = [
            place
            for place, value in zip(window, values)
            if value == maximum or value != value
        ]
        for h, w in winners[:1] if ties == "first" else winners:
            dX[n, c, h, w] += dY[n, c, y, x]
    return dX
# fmt: on


def avg_pool2d(
    input: ArrayLike,
    kernel_size: IntOrPair,
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    """Y[n, c, y, x] = sum of X[n, c, h, w] over the entries (h, w) of window (y, x), divided by their number."""
    X, p, count_include_pad, divisor_override = arguments.avg_pool2d(
        input,
        kernel_size,
        stride,
        padding,
        ceil_mode,
        count_include_pad,
        divisor_override,
    )
    Y = np.zeros((*X.shape[:2], *p.count), X.dtype)
    for n, c, y, x in np.ndindex(Y.shape):
        for h, w in p.entries(y, x):
            Y[n, c, y, x] += X[n, c, h, w]
        Y[n, c, y, x] /= divisor_override or len(
            list(p.entries(y, x, count_include_pad))
        )
    return Y


def avg_pool2d_grad_input(
    input_size: SizeLike,
    grad_output: ArrayLike,
    kernel_size: IntOrPair,
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    """dX[n, c, h, w] += dY[n, c, y, x] / (number of entries) for every entry (h, w) of window (y, x)."""
    dY, p, count_include_pad, divisor_override = (
        arguments.avg_pool2d_grad_input(
            input_size,
            grad_output,
            kernel_size,
            stride,
            padding,
            ceil_mode,
            count_include_pad,
            divisor_override,
        )
    )
    dX = np.zeros((*dY.shape[:2], *p.size), dY.dtype)
    for n, c, y, x in np.ndindex(dY.shape):
        number = divisor_override or len(
            list(p.entries(y, x, count_include_pad))
        )
        for h, w in p.entries(y, x):
            dX[n, c, h, w] += dY[n, c, y, x] / number
    return dX
