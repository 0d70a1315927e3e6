"""Pooling: maxima and sums of lines and themselves, shifted, and gradients through the place of every maximum."""

from __future__ import annotations

from functools import partial

import numpy as np

from convnotes import arguments
from convnotes.annotations import Array, ArrayLike, Function, IntOrPair, SizeLike
from convnotes.fast.algorithms import argmax, sliding
from convnotes.fast.algorithms.planes import Part, treat
from convnotes.fast.machine.workspace import spans
from convnotes.windows import Windows

# The gradients that are divided at a time, where each is that of a whole plane.
SHARES = 2**20


def max_pool2d(input: ArrayLike, kernel_size: IntOrPair, stride: IntOrPair | None = None, padding: IntOrPair = 0,
               dilation: IntOrPair = 1, ceil_mode: bool = False) -> Array:  # fmt: skip
    """The maximum down the rows, then the maximum of these across."""
    X, p = arguments.max_pool2d(input, kernel_size, stride, padding, dilation, ceil_mode)
    Y = np.empty((*X.shape[:2], *p.count), X.dtype)
    treat(p, [X], [Y], lambda X, Y, part: sliding.reduce(np.maximum, -np.inf, X, Y, part.p), sliding.held)
    return Y


def max_pool2d_grad_input(input: ArrayLike, grad_output: ArrayLike, kernel_size: IntOrPair,
                          stride: IntOrPair | None = None, padding: IntOrPair = 0, dilation: IntOrPair = 1,
                          ceil_mode: bool = False, ties: str = "first") -> Array:  # fmt: skip
    """By the place of every window's first maximum, found along the rows first."""
    X, dY, p = arguments.max_pool2d_grad_input(
        input, grad_output, kernel_size, stride, padding, dilation, ceil_mode, ties=ties
    )
    dX = np.empty(X.shape, X.dtype)
    if ties == "first":
        treat(p, [X, dX], [dY], argmax.adder(), partial(argmax.held, itemsize=X.itemsize), zero=[dX])
    else:
        treat(p, [X, dX], [dY], _add_to_all, lambda q: sliding.held(q) + 4 * q.positions, zero=[dX])
    return dX


def _add_to_all(X: Array, dX: Array, dY: Array, part: Part) -> None:
    """Add the gradient of every window to every one of its maxima."""
    p, Y = part.p, np.empty(dY.shape, X.dtype)
    sliding.reduce(np.maximum, -np.inf, X, Y, p)
    for down, met_down in p.meetings(0):
        for across, met_across in p.meetings(1):
            entry = X[:, met_down, met_across]
            wins = (entry == Y[:, down, across]) | np.isnan(entry)
            dX[:, met_down, met_across] += np.where(wins, dY[:, down, across], 0)


def avg_pool2d(input: ArrayLike, kernel_size: IntOrPair, stride: IntOrPair | None = None, padding: IntOrPair = 0,
               ceil_mode: bool = False, count_include_pad: bool = True,
               divisor_override: int | None = None) -> Array:  # fmt: skip
    """Sums down the rows, then sums of these across."""
    X, p, count_include_pad, divisor_override = arguments.avg_pool2d(
        input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )
    if _is_whole(p):
        # A product with a row of weights.
        weights = np.full(p.area, 1 / (divisor_override or p.area), X.dtype)
        return (X.reshape(-1, p.area) @ weights).reshape(*X.shape[:2], 1, 1)
    Y = np.empty((*X.shape[:2], *p.count), X.dtype)
    weight = _weight(p, count_include_pad, divisor_override, X.dtype)

    def reduce(X: Array, Y: Array, part: Part) -> None:
        # What the line makes of the places between windows is no news.
        with np.errstate(invalid="ignore", over="ignore"):
            sliding.reduce(np.add, 0, X, Y, part.p)
        Y *= weight(part)

    treat(p, [X], [Y], reduce, sliding.held)
    return Y


def avg_pool2d_grad_input(input_size: SizeLike, grad_output: ArrayLike, kernel_size: IntOrPair,
                          stride: IntOrPair | None = None, padding: IntOrPair = 0, ceil_mode: bool = False,
                          count_include_pad: bool = True, divisor_override: int | None = None) -> Array:  # fmt: skip
    """Shares spread across, then down the rows."""
    dY, p, count_include_pad, divisor_override = arguments.avg_pool2d_grad_input(
        input_size, grad_output, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )
    dX = np.empty((*dY.shape[:2], *p.size), dY.dtype)
    if _is_whole(p):
        for n in spans(len(dX), SHARES // max(1, dX.shape[1])):
            dX[n] = dY[n] / (divisor_override or p.area)
        return dX
    weight = _weight(p, count_include_pad, divisor_override, dY.dtype)

    def add(dX: Array, dY: Array, part: Part) -> None:
        sliding.spread(dY * weight(part), dX, part.p)

    treat(p, [dX], [dY], add, sliding.spread_held, zero=[dX])
    return dX


def _is_whole(p: Windows) -> bool:
    """Whether there is one window, which is the whole image."""
    return p.kernel == p.size and not any(map(any, p.padding))


def _weight(p: Windows, count_include_pad: bool, divisor_override: int | None, dtype: np.dtype) -> Function:
    """A function of a part: one over the number of entries of its windows, (H_Y, W_Y), or one number for all."""
    # The declared padding may count; the overhang of ceil_mode does not.
    counted = p.on_padded_input() if count_include_pad else p
    padded = any(map(any, counted.padding)) or min(counted.remainder) < 0
    if divisor_override or not padded:
        return lambda part: dtype.type(1 / (divisor_override or p.area))

    def weight(part: Part) -> np.ndarray:
        q = counted.part(part.windows[1:])[1] if len(part.windows) > 1 else counted
        numbers = [np.zeros(number) for number in q.count]
        for axis, number in enumerate(numbers):
            for places, _ in q.meetings(axis):
                number[places] += 1
        with np.errstate(divide="ignore"):
            return (1 / np.outer(*numbers)).astype(dtype)

    return weight
