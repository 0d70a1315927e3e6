"""Windows as the columns of a matrix (im2col), and the transpose of that map (col2im).

Source: Chellapilla, Puri and Simard, "High performance convolutional neural networks for document
processing" (2006). Derived in notebooks/06_matrix_multiplication.ipynb.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from convnotes import arguments, windows
from convnotes.annotations import (
    Array,
    ArrayLike,
    IntOrPair,
    PaddingLike,
    SizeLike,
)
from convnotes.layout import crop, pad
from convnotes.windows import Windows


def im2col(
    input: ArrayLike,
    kernel_size: IntOrPair,
    stride: IntOrPair = 1,
    padding: PaddingLike = 0,
    dilation: IntOrPair = 1,
) -> Array:
    """The windows of an input as columns: (N, C, H, W) -> (N, C*kH*kW, H_Y*W_Y).

    Row c*kH*kW + i*kW + j of image n holds what entry (i, j) of every window sees in channel c, so that
    weight.reshape(C_out, -1) @ im2col(X)[n] is the convolution of image n. The other orientation, one
    window per row over the whole batch, is im2col(X).transpose(0, 2, 1).reshape(-1, C*kH*kW).

    Memory: N * C * kH * kW * H_Y * W_Y numbers of the input's dtype. Parameters and errors as in `conv2d`.

    >>> im2col(np.arange(9.0).reshape(1, 1, 3, 3), 2)[0]
    array([[0., 1., 3., 4.],
           [1., 2., 4., 5.],
           [3., 4., 6., 7.],
           [4., 5., 7., 8.]])
    """
    (X,) = arguments.arrays(input=input)
    return columns_of(
        X, windows.sliding(X.shape, kernel_size, stride, padding, dilation)
    )


def col2im(
    columns: ArrayLike,
    input_size: SizeLike,
    kernel_size: IntOrPair,
    stride: IntOrPair = 1,
    padding: PaddingLike = 0,
    dilation: IntOrPair = 1,
) -> Array:
    """The transpose of `im2col`: every entry of the columns is added back to the input entry that it came from.

    (N, C*kH*kW, H_Y*W_Y) -> (N, C, H, W), with <im2col(X), A> = <X, col2im(A)> for every X and A. Where
    windows overlap the sums accumulate, so col2im(im2col(X)) counts each entry once per window.

    >>> col2im(np.ones((1, 4, 4)), (1, 1, 3, 3), 2)[0, 0]
    array([[1., 2., 1.],
           [2., 4., 2.],
           [1., 2., 1.]])
    """
    (A,) = arguments.arrays(columns=columns)
    p = windows.sliding(input_size, kernel_size, stride, padding, dilation)
    N, C = input_size[:2]
    arguments.expect_shape("columns", A, (N, C * p.area, p.positions))
    return add_back(A, input_size, p)


def columns_of(X: NDArray[Any], p: Windows, value: float = 0) -> NDArray[Any]:
    """`im2col` for windows that are known already; `value` fills the padding."""
    N, C = X.shape[:2]
    extents = tuple(map(windows.extent, p.kernel, p.dilation))
    view = sliding_window_view(
        pad(X, p.canvas_padding, value), extents, axis=(2, 3)
    )
    (S_H, S_W), (D_H, D_W), (H_Y, W_Y) = p.stride, p.dilation, p.count
    view = view[:, :, : H_Y * S_H : S_H, : W_Y * S_W : S_W, ::D_H, ::D_W]
    return view.transpose(0, 1, 4, 5, 2, 3).reshape(N, C * p.area, p.positions)


def add_back(A: Array, input_size: SizeLike, p: Windows) -> Array:
    """`col2im` for windows that are known already."""
    (S_H, S_W), (D_H, D_W), (H_Y, W_Y) = p.stride, p.dilation, p.count
    A = A.reshape(*input_size[:2], *p.kernel, H_Y, W_Y)
    X = pad(np.zeros(input_size, A.dtype), p.canvas_padding)
    for i, j in np.ndindex(p.kernel):
        rows = slice(i * D_H, i * D_H + (H_Y - 1) * S_H + 1, S_H)
        across = slice(j * D_W, j * D_W + (W_Y - 1) * S_W + 1, S_W)
        X[:, :, rows, across] += A[:, :, i, j]
    return crop(X, p.canvas_padding)
