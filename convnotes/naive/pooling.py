"""Pooling: one number for each window of each channel, its maximum or its mean.

Derived in notebooks/07_pooling.ipynb.
"""

import numpy as np

from convnotes import arguments


def max_pool2d(
    input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False
):
    """Y[n, c, y, x] = the maximum of X[n, c, h, w] over the entries (h, w) that window (y, x) covers.

    input: (N, C, H, W)
    kernel_size, stride, dilation: an int, or a pair (vertical, horizontal); a stride of None is kernel_size
    padding: an int or a pair, at most half of kernel_size; padded entries count as minus infinity
    ceil_mode: keep a last window that hangs over the end, if it starts inside the input or the padding before it

    Returns (N, C, H_Y, W_Y) with H_Y = floor((H + 2*P_H - D_H*(kH-1) - 1) / S_H) + 1, rounded up with
    ceil_mode. Not-a-number in a window gives not-a-number; a dilated window that lies wholly on the
    padding gives minus infinity. Dtype and errors as in `conv2d`.
    """
    X, p = arguments.max_pool2d(
        input, kernel_size, stride, padding, dilation, ceil_mode
    )
    Y = np.empty((*X.shape[:2], *p.count), X.dtype)
    for n, c, y, x in np.ndindex(Y.shape):
        values = [X[n, c, h, w] for h, w in p.entries(y, x)]
        Y[n, c, y, x] = np.max(values, initial=-np.inf)
    return Y


# A notebook shows this function: its parameters stand in as few lines as hold them.
# fmt: off
def max_pool2d_grad_input(
    input, grad_output, kernel_size, stride=None, padding=0, dilation=1,
    ceil_mode=False, ties="first",
):
    """The gradient of `max_pool2d`: each window hands its gradient to its maximum.

    dX[n, c, h, w] += dY[n, c, y, x] where X[n, c, h, w] is the maximum of window (y, x)

    grad_output: (N, C, H_Y, W_Y)
    ties: "first" gives the whole gradient to the first maximum in row-major order; "all" gives it to every
        maximum, as the indicator function in the equation says. Not-a-number counts as a maximum.

    Returns the shape of input. Parameters and errors as in `max_pool2d`.
    """
    X, dY, p = arguments.max_pool2d_grad_input(
        input, grad_output, kernel_size, stride, padding, dilation, ceil_mode,
        ties=ties,
    )
    dX = np.zeros(X.shape, X.dtype)
    for n, c, y, x in np.ndindex(dY.shape):
        window = list(p.entries(y, x))
        values = [X[n, c, h, w] for h, w in window]
        maximum = np.max(values, initial=-np.inf)
        # Not-a-number differs from itself, and wins where there is one.
        winners = [
            place
            for place, value in zip(window, values)
            if value == maximum or value != value
        ]
        for h, w in winners[:1] if ties == "first" else winners:
            dX[n, c, h, w] += dY[n, c, y, x]
    return dX
# fmt: on


def avg_pool2d(
    input,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
):
    """Y[n, c, y, x] = the sum of X[n, c, h, w] over the entries (h, w) of window (y, x), divided by their number.

    input, kernel_size, stride, padding, ceil_mode: as in `max_pool2d`, but padded entries count as 0
    count_include_pad: count padded entries too; those over which a window of ceil_mode hangs never count
    divisor_override: an integer other than 0 to divide by instead

    Returns (N, C, H_Y, W_Y). Dtype and errors as in `max_pool2d`.
    """
    X, p, count_include_pad, divisor_override = arguments.avg_pool2d(
        input,
        kernel_size,
        stride,
        padding,
        ceil_mode,
        count_include_pad,
        divisor_override,
    )
    Y = np.zeros((*X.shape[:2], *p.count), X.dtype)
    for n, c, y, x in np.ndindex(Y.shape):
        for h, w in p.entries(y, x):
            Y[n, c, y, x] += X[n, c, h, w]
        Y[n, c, y, x] /= divisor_override or len(
            list(p.entries(y, x, count_include_pad))
        )
    return Y


def avg_pool2d_grad_input(
    input_size,
    grad_output,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
):
    """The gradient of `avg_pool2d`: each window hands an equal share of its gradient to every entry it covers.

    dX[n, c, h, w] += dY[n, c, y, x] / (number of entries)  for every entry (h, w) of window (y, x)

    input_size: (N, C, H, W); grad_output: (N, C, H_Y, W_Y). Returns the shape input_size. Parameters and
    errors as in `avg_pool2d`.
    """
    dY, p, count_include_pad, divisor_override = (
        arguments.avg_pool2d_grad_input(
            input_size,
            grad_output,
            kernel_size,
            stride,
            padding,
            ceil_mode,
            count_include_pad,
            divisor_override,
        )
    )
    dX = np.zeros((*dY.shape[:2], *p.size), dY.dtype)
    for n, c, y, x in np.ndindex(dY.shape):
        number = divisor_override or len(
            list(p.entries(y, x, count_include_pad))
        )
        for h, w in p.entries(y, x):
            dX[n, c, h, w] += dY[n, c, y, x] / number
    return dX
