"""The transposed convolution: the three maps of the convolution whose transpose it is, with their roles exchanged."""

from __future__ import annotations

from convnotes import arguments
from convnotes.annotations import Array, ArrayLike, IntOrPair, SizeLike
from convnotes.fast import dispatch


def conv_transpose2d(input: ArrayLike, weight: ArrayLike, bias: ArrayLike | None = None, stride: IntOrPair = 1,
                     padding: IntOrPair = 0, output_padding: IntOrPair = 0, groups: int = 1, dilation: IntOrPair = 1, *,
                     algorithm: str = "auto") -> Array:  # fmt: skip
    """By the input gradient of the convolution whose transpose it is."""
    X, K, b, p = arguments.conv_transpose2d(input, weight, bias, stride, padding, output_padding, groups, dilation)
    Y = dispatch.grad_input(K, X, p, algorithm)
    if b is not None:
        Y += b[:, None, None]
    return Y


def conv_transpose2d_grad_input(input_size: SizeLike, weight: ArrayLike, grad_output: ArrayLike, stride: IntOrPair = 1,
                                padding: IntOrPair = 0, output_padding: IntOrPair = 0, groups: int = 1,
                                dilation: IntOrPair = 1, *, algorithm: str = "auto") -> Array:  # fmt: skip
    """By the convolution whose transpose `conv_transpose2d` is."""
    K, dY, p = arguments.conv_transpose2d_grad_input(
        input_size, weight, grad_output, stride, padding, output_padding, groups, dilation
    )
    return dispatch.forward(dY, K, p, algorithm)


def conv_transpose2d_grad_weight(input: ArrayLike, weight_size: SizeLike, grad_output: ArrayLike, stride: IntOrPair = 1,
                                 padding: IntOrPair = 0, output_padding: IntOrPair = 0, groups: int = 1,
                                 dilation: IntOrPair = 1, *, algorithm: str = "auto") -> Array:  # fmt: skip
    """By the weight gradient of the convolution whose transpose `conv_transpose2d` is."""
    X, dY, p = arguments.conv_transpose2d_grad_weight(
        input, weight_size, grad_output, stride, padding, output_padding, groups, dilation
    )
    return dispatch.grad_weight(dY, X, p, algorithm)
