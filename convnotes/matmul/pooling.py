"""Pooling as a reduction over the window axis of the matrix of columns.

Derived in notebooks/07_pooling.ipynb.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convnotes import arguments
from convnotes.annotations import (
    Array,
    ArrayLike,
    IntOrPair,
    SizeLike,
)
from convnotes.layout import pad
from convnotes.matmul.im2col import add_back, columns_of
from convnotes.windows import Windows


def max_pool2d(
    input: ArrayLike,
    kernel_size: IntOrPair,
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
    dilation: IntOrPair = 1,
    ceil_mode: bool = False,
) -> Array:
    """The maximum of every column of im2col(X), padded with minus infinity.

    The matrix holds N * C * kH * kW * H_Y * W_Y numbers.
    """
    X, p = arguments.max_pool2d(
        input, kernel_size, stride, padding, dilation, ceil_mode
    )
    return _windows(X, p, -np.inf).max(axis=2).reshape(*X.shape[:2], *p.count)


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
    """col2im of the matrix that holds dY at the maximum of every column and 0 elsewhere.

    It holds that matrix beside the one of `max_pool2d`.
    """
    X, dY, p = arguments.max_pool2d_grad_input(
        input,
        grad_output,
        kernel_size,
        stride,
        padding,
        dilation,
        ceil_mode,
        ties=ties,
    )
    M = _windows(X, p, -np.inf)
    on_input = _windows(np.ones((1, 1, *p.size), bool), p, False)
    winners = ((M == M.max(axis=2, keepdims=True)) | np.isnan(M)) & on_input
    if ties == "first":
        winners &= winners.cumsum(axis=2) == 1
    dM = np.where(winners, dY.reshape(*dY.shape[:2], 1, p.positions), 0)
    return add_back(dM, X.shape, p)


def avg_pool2d(
    input: ArrayLike,
    kernel_size: IntOrPair,
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    """A row of ones times im2col(X), divided by the number of entries.

    The matrix holds N * C * kH * kW * H_Y * W_Y numbers.
    """
    X, p, count_include_pad, divisor_override = arguments.avg_pool2d(
        input,
        kernel_size,
        stride,
        padding,
        ceil_mode,
        count_include_pad,
        divisor_override,
    )
    M = _windows(X, p, 0)
    ones = np.ones((1, p.area), X.dtype)
    Y = ones @ M / (divisor_override or _number(p, count_include_pad, X.dtype))
    return Y.reshape(*X.shape[:2], *p.count)


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
    """col2im of a column of ones times the row dY divided by the number of entries.

    The product is as large as the matrix of `avg_pool2d`.
    """
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
    shares = dY.reshape(*dY.shape[:2], 1, p.positions) / (
        divisor_override or _number(p, count_include_pad, dY.dtype)
    )
    ones = np.ones((p.area, 1), dY.dtype)
    return add_back(ones @ shares, (*dY.shape[:2], *p.size), p)


def _windows(X: NDArray[Any], p: Windows, value: float) -> NDArray[Any]:
    """The columns with an axis of their own for the window: (N, C, kH*kW, H_Y*W_Y)."""
    return columns_of(X, p, value).reshape(*X.shape[:2], p.area, p.positions)


def _number(p: Windows, count_include_pad: bool, dtype: np.dtype) -> Array:
    """How many entries of every window count: the windows' sums over an image of ones, (1, H_Y*W_Y)."""
    ones = np.ones(p.size, dtype)[None, None]
    if count_include_pad:
        # The declared padding counts, the overhang of ceil_mode does not.
        p, ones = p.on_padded_input(), pad(ones, p.padding, 1)
    return _windows(ones, p, 0).sum(axis=2)
