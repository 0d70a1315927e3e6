"""Average pooling as running sums along one axis and then the other.

Derived in notebooks/07_pooling.ipynb and 09_fast_convolution.ipynb.
"""

from collections.abc import Callable

import numpy as np

from convnotes import arguments
from convnotes.fast import separable
from convnotes.fast.bands import Band, cut, images
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
    Y = np.empty((*X.shape[:2], *p.count), X.dtype)
    every, most = cut(X, p, _held)
    weight = _weights(
        p, every, count_include_pad, divisor_override, X.dtype
    )

    def some(views) -> None:
        image, result = views
        for band in every:
            met, target = image[band.met], result[band.windows]
            separable.reduce(np.add, 0, met, band.p, target)
            target *= weight(band)

    share(
        some,
        images(X, Y, cache=separable.CACHE, most=most),
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
        for some, upstream in images(
            dX, dY, cache=separable.CACHE, most=np.inf
        ):
            some[...] = upstream / (divisor_override or p.area)
        return dX
    every, most = cut(dX, p, _held)
    weight = _weights(
        p, every, count_include_pad, divisor_override, dY.dtype
    )

    def some(views) -> None:
        result, upstream = views
        result[...] = 0
        for band in every:
            each = upstream[band.windows] * weight(band)
            separable.spread(each, band.p, result[band.met])

    share(
        some,
        images(dX, dY, cache=separable.CACHE, most=most),
    )
    return dX


def _is_whole(p: Windows) -> bool:
    """Whether there is one window, which is the whole image."""
    return p.kernel == p.size and not any(map(any, p.padding))


def _held(p: Windows) -> int:
    """The entries of the rows of windows or of an input, of weights and what they are made of, and of a product."""
    H_Y, W_Y = p.count
    return max(H_Y * p.size[1], p.size[0] * W_Y) + 8 * p.positions


def _weights(
    p: Windows,
    every: list[Band],
    count_include_pad: bool,
    divisor_override: int | None,
    dtype,
) -> Callable:
    """The weight of each entry of a band's windows, one over their number, (H_Y, W_Y)."""
    if divisor_override:
        return lambda band: dtype.type(1 / divisor_override)
    # The declared padding may count; the overhang of ceil_mode does not.
    q = p.on_padded_input() if count_include_pad else p

    def weight(band: Band) -> np.ndarray:
        some, numbers = q, []
        if len(every) > 1:
            some = q.part(band.windows[1:])[1]
        for axis in (0, 1):
            number = np.zeros(some.count[axis])
            for places, _ in some.meetings(axis):
                number[places] += 1
            numbers.append(number)
        with np.errstate(divide="ignore"):
            return (1 / np.outer(*numbers)).astype(dtype)

    if len(every) > 1:
        return weight
    known = weight(every[0])
    return lambda band: known
