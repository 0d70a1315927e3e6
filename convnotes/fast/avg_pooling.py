"""Average pooling as running sums along one axis and then the other.

Derived in notebooks/07_pooling.ipynb and 09_fast_convolution.ipynb.
"""

import numpy as np

from convnotes import arguments
from convnotes.fast import separable
from convnotes.fast.threads import share
from convnotes.windows import Windows


def avg_pool2d(
    input,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
):
    """Y, as `naive.avg_pool2d` defines it."""
    X, p, count_include_pad, divisor_override = arguments.avg_pool2d(
        input,
        kernel_size,
        stride,
        padding,
        ceil_mode,
        count_include_pad,
        divisor_override,
    )
    if _is_whole(p):
        # A product with a row of weights.
        weights = np.full(
            p.area, 1 / (divisor_override or p.area), X.dtype
        )
        return (X.reshape(-1, p.area) @ weights).reshape(
            *X.shape[:2], 1, 1
        )
    part = _part(p, count_include_pad, divisor_override, X.dtype)
    Y = np.empty((*X.shape[:2], *p.count), X.dtype)

    def some(views) -> None:
        image, result = views
        separable.reduce(np.add, 0, image, p, result)
        result *= part

    share(some, separable.images(X, Y))
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
    """dX, as `naive.avg_pool2d_grad_input` defines it."""
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
    dX = np.empty((*dY.shape[:2], *p.size), dY.dtype)
    if _is_whole(p):
        dX[...] = dY / (divisor_override or p.area)
        return dX
    part = _part(p, count_include_pad, divisor_override, dY.dtype)
    share(
        lambda some: separable.spread(some[1] * part, p, some[0]),
        separable.images(dX, dY),
    )
    return dX


def _is_whole(p: Windows) -> bool:
    """Whether there is one window, which is the whole image."""
    return p.kernel == p.size and not any(map(any, p.padding))


def _part(
    p: Windows,
    count_include_pad: bool,
    divisor_override: int | None,
    dtype,
) -> np.ndarray:
    """The weight of each entry of every window, one over their number, (H_Y, W_Y)."""
    if divisor_override:
        return np.full(p.count, 1 / divisor_override, dtype)
    # The declared padding may count; the overhang of ceil_mode does not.
    q = p.on_padded_input() if count_include_pad else p
    numbers = []
    for axis in (0, 1):
        number = np.zeros(p.count[axis])
        for places, _ in q.meetings(axis):
            number[places] += 1
        numbers.append(number)
    with np.errstate(divide="ignore"):
        return (1 / np.outer(*numbers)).astype(dtype)
