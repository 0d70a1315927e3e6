"""Convolution and its gradients, each by the algorithm that is predicted to be the fastest."""

from __future__ import annotations

from convnotes import arguments
from convnotes.annotations import Array, ArrayLike, IntOrPair, PaddingLike, SizeLike
from convnotes.fast import dispatch


def conv2d(input: ArrayLike, weight: ArrayLike, bias: ArrayLike | None = None, stride: IntOrPair = 1,
           padding: PaddingLike = 0, dilation: IntOrPair = 1, groups: int = 1, *,
           algorithm: str = "auto") -> Array:  # fmt: skip
    """By the algorithm that is predicted to cost the least, shared among threads."""
    X, K, b, p = arguments.conv2d(input, weight, bias, stride, padding, dilation, groups)
    Y = dispatch.forward(X, K, p, algorithm)
    if b is not None:
        Y += b[:, None, None]
    return Y


def conv2d_grad_input(input_size: SizeLike, weight: ArrayLike, grad_output: ArrayLike, stride: IntOrPair = 1,
                      padding: PaddingLike = 0, dilation: IntOrPair = 1, groups: int = 1, *,
                      algorithm: str = "auto") -> Array:  # fmt: skip
    """A convolution for each phase of the stride, or the transpose of what an algorithm does forward."""
    K, dY, p = arguments.conv2d_grad_input(input_size, weight, grad_output, stride, padding, dilation, groups)
    return dispatch.grad_input(K, dY, p, algorithm)


def conv2d_grad_weight(input: ArrayLike, weight_size: SizeLike, grad_output: ArrayLike, stride: IntOrPair = 1,
                       padding: PaddingLike = 0, dilation: IntOrPair = 1, groups: int = 1, *,
                       algorithm: str = "auto") -> Array:  # fmt: skip
    """By the algorithm that is predicted to cost the least; threads have a sum each."""
    X, dY, p = arguments.conv2d_grad_weight(input, weight_size, grad_output, stride, padding, dilation, groups)
    return dispatch.grad_weight(X, dY, p, algorithm)
