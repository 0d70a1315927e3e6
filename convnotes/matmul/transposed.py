"""The transposed convolution as matrix products: literally the transposes of those of the convolution.

Derived in notebooks/04_transposed_convolution.ipynb and 06_matrix_multiplication.ipynb.
"""

from __future__ import annotations

from convnotes import arguments
from convnotes.annotations import (
    Array,
    ArrayLike,
    IntOrPair,
    SizeLike,
)
from convnotes.matmul.bias import bias_add
from convnotes.matmul.convolution import correlate, gather, spread


def conv_transpose2d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: IntOrPair = 1,
    padding: IntOrPair = 0,
    output_padding: IntOrPair = 0,
    groups: int = 1,
    dilation: IntOrPair = 1,
) -> Array:
    """Y = col2im(K^T X).

    The product K^T X holds N * C_out * kH * kW * H * W numbers.
    """
    X, K, b, p = arguments.conv_transpose2d(
        input, weight, bias, stride, padding, output_padding, groups, dilation
    )
    Y = spread(K, X, p)
    return Y if b is None else bias_add(Y, b)


def conv_transpose2d_grad_input(
    input_size: SizeLike,
    weight: ArrayLike,
    grad_output: ArrayLike,
    stride: IntOrPair = 1,
    padding: IntOrPair = 0,
    output_padding: IntOrPair = 0,
    groups: int = 1,
    dilation: IntOrPair = 1,
) -> Array:
    """dX = K im2col(dY).

    im2col(dY) is as large as the product of `conv_transpose2d`.
    """
    K, dY, p = arguments.conv_transpose2d_grad_input(
        input_size,
        weight,
        grad_output,
        stride,
        padding,
        output_padding,
        groups,
        dilation,
    )
    return gather(dY, K, p)


def conv_transpose2d_grad_weight(
    input: ArrayLike,
    weight_size: SizeLike,
    grad_output: ArrayLike,
    stride: IntOrPair = 1,
    padding: IntOrPair = 0,
    output_padding: IntOrPair = 0,
    groups: int = 1,
    dilation: IntOrPair = 1,
) -> Array:
    """dK = sum over images of X im2col(dY)^T.

    im2col(dY) is as large as the product of `conv_transpose2d`.
    """
    X, dY, p = arguments.conv_transpose2d_grad_weight(
        input,
        weight_size,
        grad_output,
        stride,
        padding,
        output_padding,
        groups,
        dilation,
    )
    return correlate(dY, X, p)
