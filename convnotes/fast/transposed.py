"""The transposed convolution: the three maps of the convolution whose transpose it is, with their roles exchanged.

Derived in notebooks/04_transposed_convolution.ipynb.
"""

from convnotes import arguments
from convnotes.fast import dispatch


def conv_transpose2d(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1, *, algorithm="auto"
):
    """Y, as `naive.conv_transpose2d` defines it; `algorithm` as in `conv2d_grad_input`."""
    X, K, b, p = arguments.conv_transpose2d(input, weight, bias, stride, padding, output_padding, groups, dilation)
    Y = dispatch.grad_input(K, X, p, algorithm)
    if b is not None:
        Y += b[:, None, None]
    return Y


def conv_transpose2d_grad_input(
    input_size, weight, grad_output, stride=1, padding=0, output_padding=0, groups=1, dilation=1, *, algorithm="auto"
):
    """dX, as `naive.conv_transpose2d_grad_input` defines it; `algorithm` as in `conv2d`."""
    K, dY, p = arguments.conv_transpose2d_grad_input(
        input_size, weight, grad_output, stride, padding, output_padding, groups, dilation
    )
    return dispatch.forward(dY, K, p, algorithm)


def conv_transpose2d_grad_weight(
    input, weight_size, grad_output, stride=1, padding=0, output_padding=0, groups=1, dilation=1, *, algorithm="auto"
):
    """dK, as `naive.conv_transpose2d_grad_weight` defines it; `algorithm` as in `conv2d_grad_weight`."""
    X, dY, p = arguments.conv_transpose2d_grad_weight(
        input, weight_size, grad_output, stride, padding, output_padding, groups, dilation
    )
    return dispatch.grad_weight(dY, X, p, algorithm)
