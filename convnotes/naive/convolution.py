"""Convolution, as deep learning uses the word: the cross-correlation of an input with a weight.

All three functions walk over the same products X[n, C+c, y*S_H + i*D_H, x*S_W + j*D_W] * K[f, c, i, j]:
the forward pass sums them for each output, the gradients for each input and for each weight. C is the
first of the input channels that filter f reads (0 where groups is 1).

Derived in notebooks/01_convolution.ipynb and 03_backpropagation.ipynb.
"""

import numpy as np

from convnotes import arguments
from convnotes.layout import crop, pad
from convnotes.naive.bias import bias_add


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Y[n, f, y, x] = b[f] + sum over c, i, j of X[n, C+c, y*S_H + i*D_H, x*S_W + j*D_W] * K[f, c, i, j].

    input: (N, C_in, H, W), and X is the input padded with zeros
    weight: (C_out, C_in/groups, kH, kW)
    bias: (C_out,), or None
    stride, dilation: an int, or a pair (vertical, horizontal)
    padding: an int, a pair, ((top, bottom), (left, right)), "valid", or "same" (with stride 1 only)
    groups: divides C_in and C_out; the filters of one group read only their share of the channels

    Returns (N, C_out, H_Y, W_Y) with H_Y = floor((H + top + bottom - D_H*(kH-1) - 1) / S_H) + 1 and W_Y
    alike, in the dtype numpy.result_type of the arrays and float32.

    ValueError for a shape or parameter that cannot work, TypeError for one of the wrong kind; both name
    the parameter, its value and the rule. Source: Dumoulin and Visin, arXiv 1603.07285, section 2.
    """
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
    input_size, weight, grad_output, stride=1, padding=0, dilation=1, groups=1
):
    """The gradient of `conv2d` with respect to its input, scattered along the products that each entry takes part in.

    dX[n, C+c, y*S_H + i*D_H, x*S_W + j*D_W] += dY[n, f, y, x] * K[f, c, i, j]  for every n, f, y, x, c, i, j;
    then the padding is cropped. Entries that no window covers keep the gradient 0.

    input_size: (N, C_in, H, W); weight as in `conv2d`; grad_output: (N, C_out, H_Y, W_Y), the gradient of
    the loss with respect to the output. Returns the shape input_size. Parameters and errors as in `conv2d`.
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
    input, weight_size, grad_output, stride=1, padding=0, dilation=1, groups=1
):
    """The gradient of `conv2d` with respect to its weight.

    dK[f, c, i, j] = sum over n, y, x of dY[n, f, y, x] * X[n, C+c, y*S_H + i*D_H, x*S_W + j*D_W]

    input as in `conv2d`; weight_size: (C_out, C_in/groups, kH, kW); grad_output: (N, C_out, H_Y, W_Y).
    Returns the shape weight_size. Parameters and errors as in `conv2d`.
    """
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
