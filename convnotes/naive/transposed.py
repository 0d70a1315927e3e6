"""The transposed convolution, also called fractionally-strided convolution or (wrongly) deconvolution.

Every entry of the input stamps the weight, scaled by it, onto a canvas: this is the input gradient of a
convolution without padding. Then output_padding lengthens the canvas and padding crops it.

Derived in notebooks/04_transposed_convolution.ipynb.
"""

from convnotes import arguments
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
    input, weight, bias=None, stride=1, padding=0, output_padding=0,
    groups=1, dilation=1,
):
    """Y[n, C+c, y*S_H + i*D_H - P_H, x*S_W + j*D_W - P_W] += X[n, f, y, x] * K[f, c, i, j], plus b.

    input: (N, C_in, H, W), X; its channels are the equation's f
    weight: (C_in, C_out/groups, kH, kW)
    bias: (C_out,), or None
    stride, dilation: an int, or a pair (vertical, horizontal)
    padding: an int or a pair, the rows and columns cropped from each side
    output_padding: an int or a pair below max(stride, dilation), the rows and columns added at the end
    groups: divides C_in; the input channels of one group write only to their share of the output's

    Returns (N, C_out, H_Y, W_Y) with H_Y = (H - 1)*S_H - 2*P_H + D_H*(kH-1) + 1 + output_padding_H and
    W_Y alike. Dtype and errors as in `conv2d`. Source: Dumoulin and Visin, arXiv 1603.07285, section 4.
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
    input_size,
    weight,
    grad_output,
    stride=1,
    padding=0,
    output_padding=0,
    groups=1,
    dilation=1,
):
    """The gradient of `conv_transpose2d` with respect to its input: an ordinary convolution of grad_output.

    input_size: (N, C_in, H, W); weight as in `conv_transpose2d`; grad_output: (N, C_out, H_Y, W_Y).
    Returns the shape input_size. Parameters and errors as in `conv_transpose2d`.
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
    canvas = crop(pad(dY, p.padding), p.uncovered)
    return conv2d(canvas, K, None, p.stride, 0, p.dilation, p.groups)


def conv_transpose2d_grad_weight(
    input,
    weight_size,
    grad_output,
    stride=1,
    padding=0,
    output_padding=0,
    groups=1,
    dilation=1,
):
    """The gradient of `conv_transpose2d` with respect to its weight: as of a convolution whose input is grad_output.

    input as in `conv_transpose2d`; weight_size: (C_in, C_out/groups, kH, kW); grad_output: (N, C_out, H_Y, W_Y).
    Returns the shape weight_size. Parameters and errors as in `conv_transpose2d`.
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
    canvas = crop(pad(dY, p.padding), p.uncovered)
    return conv2d_grad_weight(
        canvas, p.weight_size, X, p.stride, 0, p.dilation, p.groups
    )
