"""Reductions over windows in little space, tap by tap: for windows so large that their lines would need too much.

Each step is one operation on a shifted view, of the entries of windows alone.
"""

import numpy as np

from convnotes.fast.algorithms.planes import Part
from convnotes.windows import Windows


def held(p: Windows) -> int:
    """The entries that `reduce` holds of a plane, and weights."""
    return p.count[0] * p.size[1] + 4 * p.positions


def reduce(ufunc: np.ufunc, start, X: np.ndarray, out: np.ndarray, p: Windows) -> None:
    """Write `ufunc` over every window of X (planes, H, W), or `start` where it meets nothing, to `out`."""
    rows = np.empty((len(X), p.count[0], p.size[1]), X.dtype)
    _combine(ufunc, start, X.swapaxes(1, 2), rows.swapaxes(1, 2), p, 0)
    _combine(ufunc, start, rows, out, p, 1)


def _combine(ufunc, start, A, out, p, axis) -> None:
    """`ufunc` over windows along the last axis, which is that axis of a plane; `start` where they meet nothing."""
    out[...] = start
    for places, met in p.meetings(axis):
        some = out[..., places]
        ufunc(some, A[..., met], out=some)


def add_held(p: Windows) -> int:
    """The entries that `add` holds of a plane."""
    return p.size[0] * p.count[1] + 24 * p.positions


def add(X: np.ndarray, dX: np.ndarray, dY: np.ndarray, part: Part) -> None:
    """Add every gradient in dY to dX at the first maximum of its window in X."""
    p = part.p
    if not X.size:
        return
    (N, H, _), (H_Y, W_Y) = X.shape, p.count
    rows = np.empty((N, H, W_Y), X.dtype)
    _combine(np.maximum, -np.inf, X, rows, p, 1)
    across = rows.swapaxes(1, 2)
    row = _first(p, 0, (N, W_Y, H_Y), lambda places, met: across[..., met])
    row, n = row.swapaxes(1, 2), np.arange(N)[:, None, None]

    def entries(places: slice, met: slice) -> np.ndarray:
        return X[n, row[..., places], np.arange(met.start, met.stop, met.step)]

    column = _first(p, 1, dY.shape, entries)
    # Of a window that lies wholly on the padding there is none.
    live = (row >= 0) & (column >= 0)
    n = np.broadcast_to(n, dY.shape)
    np.add.at(dX, (n[live], row[live], column[live]), dY[live])


def _first(p: Windows, axis: int, shape: tuple, entries) -> np.ndarray:
    """Where on an axis the first maximum of every window lies, -1 where there is none.

    entries: a function of windows along the axis, which is the last, and of the places that a tap of them meets
    """
    best, chosen = np.full(shape, -np.inf), np.full(shape, -1)
    for places, met in p.meetings(axis):
        value, known, found = (
            entries(places, met),
            best[..., places],
            chosen[..., places],
        )
        won = better_or_nan(value, known) | (found < 0)
        np.copyto(known, value, where=won)
        np.copyto(found, np.arange(met.start, met.stop, met.step), where=won)
    return chosen


def better_or_nan(value, best) -> np.ndarray:
    """Where a value is greater than the best, or the first that is not a number."""
    return (value > best) | (np.isnan(value) & ~np.isnan(best))
