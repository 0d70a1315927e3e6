"""Convolution and its gradients as three products with the matrix of columns M = im2col(X).

For each image and group, with K the weight flattened to (C_out, C_in*kH*kW):

    Y = K M        dK = sum over images of dY M^T        dX = col2im(K^T dY)

Groups are a batch of products over a further axis. Derived in notebooks/06_matrix_multiplication.ipynb.
"""

from __future__ import annotations

from convnotes import arguments
from convnotes.annotations import (
    Array,
    ArrayLike,
    IntOrPair,
    PaddingLike,
    SizeLike,
)
from convnotes.matmul.bias import bias_add
from convnotes.matmul.im2col import add_back, columns_of
from convnotes.windows import Convolution


def conv2d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: IntOrPair = 1,
    padding: PaddingLike = 0,
    dilation: IntOrPair = 1,
    groups: int = 1,
) -> Array:
    """Y = K M with M = im2col(X).

    M holds N * C_in * kH * kW * H_Y * W_Y numbers.
    """
    X, K, b, p = arguments.conv2d(
        input, weight, bias, stride, padding, dilation, groups
    )
    Y = gather(X, K, p)
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
    """dX = col2im(K^T dY).

    The product K^T dY is as large as the M of `conv2d`.
    """
    K, dY, p = arguments.conv2d_grad_input(
        input_size, weight, grad_output, stride, padding, dilation, groups
    )
    return spread(K, dY, p)


def conv2d_grad_weight(
    input: ArrayLike,
    weight_size: SizeLike,
    grad_output: ArrayLike,
    stride: IntOrPair = 1,
    padding: PaddingLike = 0,
    dilation: IntOrPair = 1,
    groups: int = 1,
) -> Array:
    """dK = sum over images of dY M^T with M = im2col(X).

    M is as large as in `conv2d`; one product per image is held beside it.
    """
    X, dY, p = arguments.conv2d_grad_weight(
        input, weight_size, grad_output, stride, padding, dilation, groups
    )
    return correlate(X, dY, p)


def gather(X: Array, K: Array, p: Convolution) -> Array:
    """K M, the map from an input of p.input_size to an output of p.output_size."""
    return (_by_filter(K, p) @ _by_group(columns_of(X, p), p)).reshape(
        p.output_size
    )


def spread(K: Array, Y: Array, p: Convolution) -> Array:
    """col2im(K^T Y), the transpose of `gather` for the same weight."""
    products = _by_filter(K, p).transpose(0, 2, 1) @ _by_group(Y, p)
    return add_back(products, p.input_size, p)


def correlate(X: Array, Y: Array, p: Convolution) -> Array:
    """The sum over images of Y M^T: the weight gradient for the output gradient Y."""
    products = _by_group(Y, p) @ _by_group(columns_of(X, p), p).transpose(
        0, 1, 3, 2
    )
    return products.sum(axis=0).reshape(p.weight_size)


def _by_filter(K: Array, p: Convolution) -> Array:
    """The weight as one matrix (filters, C*kH*kW) for each group."""
    F, C, kH, kW = p.weight_size
    return K.reshape(p.groups, F // p.groups, C * kH * kW)


def _by_group(A: Array, p: Convolution) -> Array:
    """Columns, or an output, as one matrix (rows, positions) for each image and group."""
    return A.reshape(len(A), p.groups, A.shape[1] // p.groups, p.positions)
