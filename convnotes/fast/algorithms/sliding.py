"""Reductions over windows, one axis after the other: along lines where windows are dense, else tap by tap.

Padded images written one after the other are one line. On it window (y, x) begins at row y*S_H and column x*S_W, and
its entry (i, j) lies i*D_H rows and j*D_W places behind. That holds from every place on, whether a window begins there
or not. So one operation on the line and itself, shifted, serves all windows at once, in the longest runs there are.
What it makes of the other places is dropped.

Derived in notebooks/09_fast_convolution.ipynb.
"""

from collections.abc import Callable

import numpy as np

from convnotes.fast.algorithms import argmax_by_tap
from convnotes.fast.algorithms.planes import Part, Way
from convnotes.windows import Windows

# With strides whose product is greater, most places of a line are those of no window, and not worth their work.
DENSE = 4


def ways(ufunc: np.ufunc, start, p: Windows, weight=None) -> list[Way]:
    """To write `ufunc` over every window, where `start` stands on the padding; a sum times a weight, or a part's."""

    def by(function: Callable) -> Callable:
        def reduce(X: np.ndarray, out: np.ndarray, part: Part) -> None:
            if weight is None:
                function(ufunc, start, X, out, part.p)
                return
            # What lines make of the places between windows is no news.
            with np.errstate(invalid="ignore", over="ignore"):
                function(ufunc, start, X, out, part.p)
            out *= weight(part) if callable(weight) else weight

        return reduce

    dense = p.stride[0] * p.stride[1] <= DENSE
    return [Way(by(lines), lines_held)] * dense + [Way(by(taps.reduce), taps.held)]


def along(ufunc: np.ufunc, A: np.ndarray, size: int, step: int = 1) -> np.ndarray:
    """`ufunc` over every `size` entries, `step` apart, of the last axis; put together from those over 1, 2, 4, ...

    About log2(size) passes, and unlike running sums no cancellation. May return a view of A.
    """
    count = A.shape[-1] - (size - 1) * step
    total, start, each, own = None, 0, 1, False
    # A holds those over `each` entries; the bits of `size` say which of them a window consists of.
    while True:
        if size & each:
            part = A[..., start : start + count]
            out = part if own and 2 * each > size else None
            total = part if total is None else ufunc(total, part, out=out)
            start += each * step
        shift, each = each * step, 2 * each
        if each > size:
            return total
        A, own = ufunc(A[..., :-shift], A[..., shift:]), True


def lines_held(p: Windows) -> int:
    """The entries that `lines` holds of a plane, and weights."""
    height, width = canvas_size(p)
    return 4 * height * width + 4 * p.positions


def lines(ufunc: np.ufunc, start, X: np.ndarray, out: np.ndarray, p: Windows) -> None:
    """Write `ufunc` over every window of X (planes, H, W), on whose padding `start` stands, to `out`."""
    whole = canvas(X, p, start)
    step = whole.shape[2]
    line = along(ufunc, whole.reshape(-1), p.kernel[0], p.dilation[0] * step)
    line = along(ufunc, line, p.kernel[1], p.dilation[1])
    out[...] = at_windows(line, whole.shape, p, p.stride[1])


def canvas_size(p: Windows, step: int = 1) -> tuple[int, int]:
    """The height and width of a padded plane, as far as windows reach; the width is a multiple of `step`."""
    height, width = (
        max(covered, before + size)
        for covered, size, (before, _) in zip(p.covered, p.size, p.padding)
    )
    return height, -(-width // step) * step


def canvas(X: np.ndarray, p: Windows, value, step: int = 1) -> np.ndarray:
    """X, planes (planes, H, W), with `value` around them where windows reach, in one run."""
    (N, H, W), ((top, _), (left, _)) = X.shape, p.padding
    size = canvas_size(p, step)
    if size == (H, W):
        return np.ascontiguousarray(X)
    whole = np.empty((N, *size), X.dtype)
    whole[:, :top] = whole[:, top + H :] = value
    rows = whole[:, top : top + H]
    rows[..., :left] = rows[..., left + W :] = value
    rows[..., left : left + W] = X
    return whole


def at_windows(line: np.ndarray, shape: tuple, p: Windows, step: int) -> np.ndarray:
    """A view of a line at the places where windows begin, (planes, H_Y, W_Y).

    shape: of the planes in the line, which may be shorter than these, as far as no window begins there
    step: the places between two windows of a row
    """
    N, height, width = shape
    strides = (height * width, p.stride[0] * width, step)
    strides = tuple(line.itemsize * places for places in strides)
    return np.ndarray((N, *p.count), line.dtype, line, 0, strides)


def spread_held(p: Windows) -> int:
    """The entries that `spread` holds of a plane, weights, and what it spreads."""
    return p.size[0] * p.count[1] + 5 * p.positions


def spread(Y: np.ndarray, out: np.ndarray, p: Windows) -> None:
    """The transpose of a sum: every entry of Y is added to all the entries that its window has on the input, in `out`.

    Y: (planes, H_Y, W_Y); out: (planes, H, W)
    """
    rows = np.zeros((len(Y), p.size[0], p.count[1]), Y.dtype)
    for places, met in p.meetings(0):
        rows[:, met] += Y[:, places]
    for places, met in p.meetings(1):
        out[..., met] += rows[..., places]
