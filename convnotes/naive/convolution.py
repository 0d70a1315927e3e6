"""Convolution, as deep learning uses the word: the cross-correlation of an input with a weight.

All three functions walk over the same products X[n, C+c, y*S_H + i*D_H, x*S_W + j*D_W] * K[f, c, i, j]:
the forward pass sums them for each output, the gradients for each input and for each weight. C is the
first of the input channels that filter f reads (0 where groups is 1).

Derived in notebooks/01_convolution.ipynb and 03_backpropagation.ipynb.
"""

from __future__ import annotations

import numpy as np

from convnotes import arguments
from convnotes.annotations import (
    Array,
    ArrayLike,
    IntOrPair,
    PaddingLike,
    SizeLike,
)
from convnotes.layout import crop, pad
from convnotes.naive.bias import bias_add


def conv2d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: IntOrPair = 1,
    padding: PaddingLike = 0,
    dilation: IntOrPair = 1,
    groups: int = 1,
) -> Array:
    """Y[n, f, y, x] = b[f] + sum over c, i, j of X[n, C+c, y*S_H + i*D_H, x*S_W + j*D_W] * K[f, c, i, j]."""
    X, K, b, p = arguments.conv2d(
        input, weight, bias, stride, padding, dilation, groups
    )
    (S_H, S_W), (D_H, D_W) = p.stride, p.dilation
    X = pad(X, p.padding)
    Y = np.zeros(p.output_size, X.dtype)
    for n, f, y, x in np.ndindex(Y.shape):
        C = p.first_channel(f)
        for c, i, j in np.ndindex(K.shape[1:]):
            h, w = y * S_H + i * D_H, x * S_W + j * D_W
            Y[n, f, y, x] += X[n, C + c, h, w] * K[f, c, i, j]
    return Y if b is None else bias_add(Y, b)


def conv2d_grad_input(
    input_size: SizeLike,
    weight: ArrayLike,
    grad_output: ArrayLike,
    stride: IntOrPair = 1,
    padding: PaddingLike = 0,
    dilation: IntOrPair = 1,
    groups: int = 1,
) -> Array:
    """dX[n, C+c, y*S_H + i*D_H, x*S_W + j*D_W] += dY[n, f, y, x] * K[f, c, i, j]
    for every n, f, y, x, c, i, j; then the padding is cropped.
    """
    K, dY, p = arguments.conv2d_grad_input(
        input_size, weight, grad_output, stride, padding, dilation, groups
    )
    (S_H, S_W), (D_H, D_W) = p.stride, p.dilation
    dX = pad(np.zeros(p.input_size, K.dtype), p.padding)
    for n, f, y, x in np.ndindex(dY.shape):
        C = p.first_channel(f)
        for c, i, j in np.ndindex(K.shape[1:]):
            h, w = y * S_H + i * D_H, x * S_W + j * D_W
            dX[n, C + c, h, w] += dY[n, f, y, x] * K[f, c, i, j]
    return crop(dX, p.padding)


def conv2d_grad_weight(
    input: ArrayLike,
    weight_size: SizeLike,
    grad_output: ArrayLike,
    stride: IntOrPair = 1,
    padding: PaddingLike = 0,
    dilation: IntOrPair = 1,
    groups: int = 1,
) -> Array:
    """dK[f, c, i, j] = sum over n, y, x of dY[n, f, y, x] * X[n, C+c, y*S_H + i*D_H, x*S_W + j*D_W]."""
    X, dY, p = arguments.conv2d_grad_weight(
        input, weight_size, grad_output, stride, padding, dilation, groups
    )
    (S_H, S_W), (D_H, D_W) = p.stride, p.dilation
    X = pad(X, p.padding)
    dK = np.zeros(p.weight_size, X.dtype)
    for f, c, i, j in np.ndindex(dK.shape):
        C = p.first_channel(f)
        for n, y, x in np.ndindex(len(dY), *p.count):
            h, w = y * S_H + i * D_H, x * S_W + j * D_W
            dK[f, c, i, j] += dY[n, f, y, x] * X[n, C + c, h, w]
    return dK
