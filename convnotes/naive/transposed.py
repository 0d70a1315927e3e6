"""The transposed convolution, also called fractionally-strided convolution or (wrongly) deconvolution.

Every entry of the input stamps the weight, scaled by it, onto a canvas: this is the input gradient of a
convolution without padding. Then output_padding lengthens the canvas and padding crops it.

Derived in notebooks/04_transposed_convolution.ipynb.
"""

from __future__ import annotations

from convnotes import arguments
from convnotes.annotations import (
    Array,
    ArrayLike,
    IntOrPair,
    SizeLike,
)
from convnotes.layout import crop, pad
from convnotes.naive.bias import bias_add
from convnotes.naive.convolution import (
    conv2d,
    conv2d_grad_input,
    conv2d_grad_weight,
)


# A notebook shows this function: its parameters stand in as few lines as hold them.
# fmt: off
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
    """Y[n, C+c, y*S_H + i*D_H - P_H, x*S_W + j*D_W - P_W] += X[n, f, y, x] * K[f, c, i, j]
    for every n, f, y, x, c, i, j; then the bias is added.
    """
    X, K, b, p = arguments.conv_transpose2d(
        input, weight, bias, stride, padding, output_padding, groups, dilation
    )
    canvas = conv2d_grad_input(
        (*p.input_size[:2], *p.covered), K, X, p.stride, 0, p.dilation, p.groups
    )
    Y = crop(pad(canvas, p.uncovered), p.padding)
    return Y if b is None else bias_add(Y, b)
# fmt: on


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
    """dX[n, f, y, x] = sum over c, i, j of dY[n, C+c, y*S_H + i*D_H - P_H, x*S_W + j*D_W - P_W] * K[f, c, i, j]."""
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
    canvas = crop(pad(dY, p.padding), p.uncovered)
    return conv2d(canvas, K, None, p.stride, 0, p.dilation, p.groups)


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
    """dK[f, c, i, j] = sum over n, y, x of dY[n, C+c, y*S_H + i*D_H - P_H, x*S_W + j*D_W - P_W] * X[n, f, y, x]."""
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
    canvas = crop(pad(dY, p.padding), p.uncovered)
    return conv2d_grad_weight(
        canvas, p.weight_size, X, p.stride, 0, p.dilation, p.groups
    )
