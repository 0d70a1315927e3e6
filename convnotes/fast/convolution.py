"""Convolution and its gradients, each by the algorithm that is predicted to be the fastest.

Parameters, shapes and errors are those of `convnotes.naive`, with one parameter more: `algorithm` names one of
`dispatch.ALGORITHMS`, or is "auto". Derived in notebooks/09_fast_convolution.ipynb and 12_inside_fast.ipynb.
"""

from convnotes import arguments
from convnotes.fast import dispatch


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, *, algorithm="auto"):
    """Y, as `naive.conv2d` defines it.

    In float32 its error stays below 3e-5 of the largest sum of absolute products, which is the largest entry of the
    convolution of |input| with |weight|; in float64 below 1e-12 of it. That holds for the gradients as well, and for
    every algorithm. Where products cancel the result is smaller, and the error relative to it is larger.
    "winograd" rounds on its way: with it zero weights and whole numbers give no exact results, all others do.

    Not-a-numbers and infinities stand where the definition puts them. To make sure takes about 1 % of the time, and
    where there are any the result is made a second time, by im2col.

    Beside its arguments and Y it holds at most 64 MiB, or one image's share where that is larger.
    """
    X, K, b, p = arguments.conv2d(input, weight, bias, stride, padding, dilation, groups)
    Y = dispatch.forward(X, K, p, algorithm)
    if b is not None:
        Y += b[:, None, None]
    return Y


def conv2d_grad_input(input_size, weight, grad_output, stride=1, padding=0, dilation=1, groups=1, *, algorithm="auto"):
    """dX, as `naive.conv2d_grad_input` defines it.

    It is a convolution for each phase of the stride, by `algorithm`; or, with "col2im" or "balanced", the transpose of
    what im2col and the balanced form do forward.
    """
    K, dY, p = arguments.conv2d_grad_input(input_size, weight, grad_output, stride, padding, dilation, groups)
    return dispatch.grad_input(K, dY, p, algorithm)


def conv2d_grad_weight(input, weight_size, grad_output, stride=1, padding=0, dilation=1, groups=1, *, algorithm="auto"):
    """dK, as `naive.conv2d_grad_weight` defines it."""
    X, dY, p = arguments.conv2d_grad_weight(input, weight_size, grad_output, stride, padding, dilation, groups)
    return dispatch.grad_weight(X, dY, p, algorithm)
