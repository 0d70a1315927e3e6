"""The place of every window's first maximum: found along the rows first, then among the rows' winners.

That order is the row-major one in which the first of equal maxima wins: of rows with the same maximum the first, and
in it the first entry. A winner is named by how far behind the window's first entry it lies: by one byte in most layers.
"""

from collections.abc import Iterable, Iterator
from functools import cache

import numpy as np

from convnotes.annotations import Function, Index
from convnotes.fast.algorithms.planes import Part
from convnotes.fast.algorithms.sliding import MORE, at_windows, canvas, canvas_size, first_places
from convnotes.fast.algorithms.taps import along
from convnotes.windows import Windows


def offsets(X: np.ndarray, p: Windows) -> np.ndarray:
    """How far behind the first entry of every window of X (planes, H, W) its first maximum lies, or the first NaN.

    Returns unsigned integers (planes, H_Y, W_Y). Of windows that lie wholly on the padding they say nothing.
    """
    lines, taps = _read(p, X.itemsize)
    across, down, at = (_by_lines if lines <= MORE * taps else _by_taps)(X, p)
    dtype, (D_H, D_W) = _dtype(p), p.dilation
    for better in (np.greater, _better_or_nan):
        best, column = _first(((entry, None, j * D_W) for j, entry in enumerate(across())), dtype, better)
        if not np.isnan(best.max()):
            break
    rows = ((*pair, i * D_H * p.size[1]) for i, pair in enumerate(zip(down(best, -np.inf), down(column, 0))))
    chosen = at(_first(rows, dtype, better)[1])
    if p.padding[0][0] or p.padding[1][0]:
        # Where all is minus infinity, so is the padding: then the first entry on the image wins.
        chosen = np.maximum(chosen, _first_on_image(p))
    return chosen


def _by_lines(X: np.ndarray, p: Windows) -> tuple[Function, Function, Function]:
    """The taps across, those down a line of these, and a line at windows: of all places of padded planes."""
    (S_H, S), (K_H, K_W), (D_H, D_W) = p.stride, p.kernel, p.dilation
    whole = canvas(X, p, -np.inf, S)
    (_, height, width), line = whole.shape, whole.reshape(-1)
    width, count = width // S, len(line) // S - (K_W - 1) * D_W // S
    # Without the columns between: tap j of a window is in phase j*D % S, and there j*D // S places behind.
    phases = {b: line[b::S].copy() for b in {j * D_W % S for j in range(K_W)}} if S > 1 else [line]

    def down(A: np.ndarray, value: float) -> list[np.ndarray]:
        count = len(A) - (K_H - 1) * D_H * width
        return [A[i * D_H * width :][:count] for i in range(K_H)]

    return (
        lambda: (phases[j * D_W % S][j * D_W // S :][:count] for j in range(K_W)),
        down,
        lambda A: at_windows(A, height * width, S_H * width, 1, p),
    )


def _by_taps(X: np.ndarray, p: Windows) -> tuple[Function, Function, Function]:
    """The same of no places but those of windows."""

    def met(A: np.ndarray, axis: int, value: float) -> Iterator[np.ndarray]:
        shape = list(A.shape)
        shape[1 + axis] = p.count[axis]
        for places, read in p.meetings(axis):
            out = np.full(shape, value, A.dtype)
            out[along(axis, places)] = A[along(axis, read)]
            yield out

    return lambda: met(X, 1, -np.inf), lambda A, value: met(A, 0, value), lambda A: A


def adder() -> Function:
    """A function that adds every gradient in dY to dX at the first maximum of its window in X, for a call's planes."""
    known = cache(first_places)

    def add(X: np.ndarray, dX: np.ndarray, dY: np.ndarray, part: Part) -> None:
        p, apart = part.p, not dX.flags.c_contiguous
        line = np.zeros(X.size, X.dtype) if apart else dX.reshape(-1)
        target = np.add(known(len(X), p), offsets(X, p), dtype=np.intp)
        if p.dilation != (1, 1) and not p.all_meet_input():
            live = np.logical_and.outer(p.meet_input(0), p.meet_input(1))
            target, dY = target[:, live], dY[:, live]
        target, dY = target.reshape(-1), dY.reshape(-1)
        if p.overlap():
            np.add.at(line, target, dY)
        else:
            line[target] = dY
        if apart:
            dX += line.reshape(X.shape)

    return add


def held(p: Windows, itemsize: int) -> int:
    """The entries that it holds of a plane: of what taps read, of windows' places, and where it is cut of itself."""
    lines, taps = _read(p, itemsize)
    of_windows = (26 + itemsize) * p.positions // itemsize + p.size[0] * p.size[1]
    return of_windows + (lines if lines <= MORE * taps else taps)


def _read(p: Windows, itemsize: int) -> tuple[int, int]:
    """The entries of a canvas and its phases, with maxima, numbers and comparisons; and those of taps alone."""
    height, width = canvas_size(p, p.stride[1])
    each = 2 * itemsize + 4 * _dtype(p).itemsize + 5
    return height * (2 * width + width // p.stride[1] * each // itemsize), 6 * p.size[0] * p.count[1]


def _first(entries: Iterable[Index], dtype: np.dtype, better: Function) -> tuple[np.ndarray, np.ndarray]:
    """The best of some entries and its number; of equal ones the first.

    entries: triples of values, numbers or None for zeros, and a number that is added to these; it grows from 0
    """
    rest = iter(entries)
    best, number, _ = next(rest)
    chosen = np.zeros(best.shape, dtype) if number is None else number
    for k, (value, number, further) in enumerate(rest, 1):
        won = better(value, best)
        best = np.maximum(best, value, out=best if k > 1 else None)
        won = won.view(np.uint8)
        if number is None:
            number = won if dtype == np.uint8 and further == 1 else np.multiply(won, further, dtype=dtype)
        else:
            number = number + dtype.type(further)
            number *= won
        # Later entries have larger numbers.
        chosen = np.maximum(chosen, number, out=number)
    return best, chosen


def _dtype(p: Windows) -> np.dtype:
    """The smallest integers in which the last entry of a window has a number."""
    (D_H, D_W), (K_H, K_W) = p.dilation, p.kernel
    return np.min_scalar_type((K_H - 1) * D_H * p.size[1] + (K_W - 1) * D_W)


def _first_on_image(p: Windows) -> np.ndarray:
    """How far behind the first entry of every window its first one on the image lies."""
    taps = [
        np.clip(-(-(before - S * np.arange(number)) // D), 0, K - 1) * D
        for number, K, S, D, (before, _) in zip(p.count, p.kernel, p.stride, p.dilation, p.padding)
    ]
    return np.add.outer(taps[0] * p.size[1], taps[1]).astype(_dtype(p))


def _better_or_nan(value: np.ndarray, best: np.ndarray) -> np.ndarray:
    """Where a value is greater than the best, or the first that is not a number."""
    return (value > best) | (np.isnan(value) & ~np.isnan(best))
