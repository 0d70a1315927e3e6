"""Reductions over windows, one axis after the other: K + K steps for each result instead of K * K.

Padded planes written one after the other are one line. On it the entry (i, j) of a window lies i*D_H rows and j*D_W
places behind its first one. That holds from every place on, whether a window begins there or not. So one operation on
the line and itself, shifted, serves all windows at once, in the longest runs there are. What it makes of the other
places is dropped. Where windows are so large, or so far apart, that most of the line would be dropped, only rows where
windows begin are reduced.
"""

import numpy as np

from convnotes.windows import Windows

# How much more than rows lines may hold.
MORE = 4


def reduce(ufunc: np.ufunc, start: float, X: np.ndarray, out: np.ndarray, p: Windows) -> None:
    """Write `ufunc` over every window of X (planes, H, W), on whose padding `start` stands, to `out`."""
    (left, _), W, step, apart = p.padding[1], p.size[1], canvas_size(p)[1], p.stride[0]
    if in_lines(p):
        line = along(ufunc, canvas(X, p, start).reshape(-1), p.kernel[0], p.dilation[0] * step)
    else:
        rows, apart = np.full((len(X), p.count[0], step), start, X.dtype), 1
        for places, met in p.meetings(0):
            some = rows[:, places, left : left + W]
            ufunc(some, X[:, met], out=some)
        line = rows.reshape(-1)
    line = along(ufunc, line, p.kernel[1], p.dilation[1])
    height = canvas_size(p)[0] if in_lines(p) else p.count[0]
    out[...] = at_windows(line, height * step, apart * step, p.stride[1], p)


def at_windows(line: np.ndarray, plane: int, row: int, column: int, p: Windows) -> np.ndarray:
    """A view of a line at the places where windows begin, (planes, H_Y, W_Y), which lie so many places apart.

    The line may end behind the last window's first place.
    """
    planes = -(-len(line) // plane)
    strides = tuple(line.itemsize * places for places in (plane, row, column))
    return np.ndarray((planes, *p.count), line.dtype, line, 0, strides)


def in_lines(p: Windows) -> bool:
    """Whether lines hold little more than rows."""
    lines, rows = _planes_held(p)
    return lines <= MORE * rows


def held(p: Windows) -> int:
    """The entries that `reduce` holds of a plane, and weights of windows."""
    return 4 * p.positions + _planes_held(p)[not in_lines(p)]


def _planes_held(p: Windows) -> tuple[int, int]:
    height, width = canvas_size(p)
    return 4 * height * width, 4 * p.count[0] * width


def canvas_size(p: Windows, step: int = 1) -> tuple[int, int]:
    """The height and width of a padded plane, as far as windows reach; the width is a multiple of `step`."""
    height, width = (max(covered, before + size) for covered, size, (before, _) in zip(p.covered, p.size, p.padding))
    return height, -(-width // step) * step


def canvas(X: np.ndarray, p: Windows, value: float, step: int = 1) -> np.ndarray:
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


def along(ufunc: np.ufunc, A: np.ndarray, size: int, step: int = 1) -> np.ndarray:
    """`ufunc` over every `size` entries, `step` apart, of the last axis; put together from those over 1, 2, 4, ...

    About log2(size) passes, and unlike running sums no cancellation. May return a view of A.
    """
    count = A.shape[-1] - (size - 1) * step
    total, start, each, own = A, 0, 1, False
    # A holds those over `each` entries; the bits of `size` say which of them a window consists of.
    while True:
        if size & each:
            part = A[..., start : start + count]
            out = part if own and 2 * each > size else None
            total = ufunc(total, part, out=out) if start else part
            start += each * step
        shift, each = each * step, 2 * each
        if each > size:
            return total
        A, own = ufunc(A[..., :-shift], A[..., shift:]), True


def first_places(planes: int, p: Windows) -> np.ndarray:
    """The place of every window's first entry in planes written as one line; on padding it can lie before them."""
    (H, W), (S_H, S_W), ((top, _), (left, _)) = p.size, p.stride, p.padding
    y, x = (np.arange(number) for number in p.count)
    return np.add.outer(np.arange(planes) * (H * W), np.add.outer((y * S_H - top) * W, x * S_W - left))


def spread(Y: np.ndarray, out: np.ndarray, p: Windows) -> None:
    """The transpose of a sum: every entry of Y is added to all the entries that its window has on the input, in `out`.

    Y: (planes, H_Y, W_Y); out: (planes, H, W)
    """
    rows = np.zeros((len(Y), p.size[0], p.count[1]), Y.dtype)
    for places, met in p.meetings(0):
        rows[:, met] += Y[:, places]
    for places, met in p.meetings(1):
        out[..., met] += rows[..., places]


def spread_held(p: Windows) -> int:
    """The entries that `spread` holds of a plane, weights, and what it spreads."""
    return p.size[0] * p.count[1] + 5 * p.positions
