"""The place of every window's first maximum: found along the rows first, then among the rows' winners.

That order is the row-major one in which the first of equal maxima wins: of rows with the same maximum the first, and
in it the first entry. A winner is named by how far behind the window's first entry it lies in the image: small numbers
of one byte in most layers, on which operations cost next to nothing.

Derived in notebooks/09_fast_convolution.ipynb.
"""

from collections.abc import Callable
from functools import cache, partial

import numpy as np

from convnotes.fast.algorithms.planes import Part, Way
from convnotes.fast.algorithms.sliding import at_windows, canvas, canvas_size, combine
from convnotes.windows import Windows


def offsets(X: np.ndarray, p: Windows) -> np.ndarray:
    """How far behind the first entry of every window of X (planes, H, W) its first maximum lies, or the first NaN.

    Returns unsigned integers (planes, H_Y, W_Y). Of windows that lie wholly on the padding they say nothing.
    """
    S, K, D = p.stride[1], p.kernel[1], p.dilation[1]
    whole = canvas(X, p, -np.inf, S)
    (N, height, width), line = whole.shape, whole.reshape(-1)
    width //= S
    # Without the columns between: tap j of a window is in phase j*D % S, and there j*D // S places behind.
    phases = (
        {b: line[b::S].copy() for b in {j * D % S for j in range(K)}}
        if S > 1
        else [line]
    )
    count = len(line) // S - (K - 1) * D // S
    across = [(phases[j * D % S][j * D // S :][:count], None, j * D) for j in range(K)]
    dtype = _dtype(p)
    for better in (np.greater, _better_or_nan):
        best, column = _first(across, dtype, better)
        if not np.isnan(best.max()):
            break
    step, (D, _), (K, _) = p.dilation[0] * width, p.dilation, p.kernel
    count = len(best) - (K - 1) * step
    runs = [slice(i * step, i * step + count) for i in range(K)]
    down = [(best[run], column[run], i * D * p.size[1]) for i, run in enumerate(runs)]
    _, chosen = _first(down, dtype, better, last=True)
    chosen = at_windows(chosen, (N, height, width), p, 1)
    if p.padding[0][0] or p.padding[1][0]:
        # Where all is minus infinity, so is the padding: then the first entry on the image wins.
        chosen = np.maximum(chosen, _first_on_image(p))
    return chosen


def _first(entries: list, dtype, better, last: bool = False) -> tuple:
    """The best of some entries and its number; of equal ones the first.

    entries: triples of values, numbers or None for zeros, and a number that is added to these; it grows from 0.
    last: whether the best itself is not asked for
    """
    best, chosen, _ = entries[0]
    if chosen is None:
        chosen = np.zeros(len(best), dtype) if len(entries) == 1 else None
    for k, (value, number, further) in enumerate(entries[1:], 1):
        won = better(value, best)
        if not last or k < len(entries) - 1:
            best = np.maximum(best, value, out=best if k > 1 else None)
        won = won.view(np.uint8)
        if number is None:
            number = (
                won
                if dtype == np.uint8 and further == 1
                else np.multiply(won, further, dtype=dtype)
            )
        else:
            number = number + dtype.type(further)
            number *= won
        # Later entries have larger numbers.
        chosen = number if chosen is None else np.maximum(chosen, number, out=number)
    return best, chosen


def _better_or_nan(value, best) -> np.ndarray:
    """Where a value is greater than the best, or the first that is not a number."""
    return (value > best) | (np.isnan(value) & ~np.isnan(best))


def _dtype(p: Windows) -> np.dtype:
    """The smallest integers in which the last entry of a window has a number."""
    (D_H, D_W), (K_H, K_W) = p.dilation, p.kernel
    return np.min_scalar_type((K_H - 1) * D_H * p.size[1] + (K_W - 1) * D_W)


def _first_on_image(p: Windows) -> np.ndarray:
    """How far behind the first entry of every window its first one on the image lies."""
    taps = [
        np.clip(-(-(before - S * np.arange(number)) // D), 0, K - 1) * D
        for number, K, S, D, (before, _) in zip(
            p.count, p.kernel, p.stride, p.dilation, p.padding
        )
    ]
    return np.add.outer(taps[0] * p.size[1], taps[1]).astype(_dtype(p))


def ways(p: Windows, itemsize: int) -> list[Way]:
    """To add every gradient in dY to dX, which is zero before, at the first maximum of its window in X."""
    return [
        Way(_adder(), partial(_held, itemsize=itemsize)),
        Way(_add_by_taps, _held_by_taps),
    ]


def _held(p: Windows, itemsize: int) -> int:
    """The entries that `_adder`'s function holds of a plane.

    They are those of padded rows, their phases and their gradients; for every entry of a phase a maximum down and one
    across, their numbers and comparisons; and for every window two places, a gradient and a comparison.
    """
    S, size = p.stride[1], _dtype(p).itemsize
    height, width = canvas_size(p, S)
    in_line = 2 * itemsize + 4 * size + 5
    total = height * (width // S) * (3 * S * itemsize + in_line) + p.positions * (
        26 + itemsize
    )
    return -(-total // itemsize)


def _adder() -> Callable:
    """The way by lines, which knows for its call where windows begin."""
    known = cache(_places)

    def add(X: np.ndarray, dX: np.ndarray, dY: np.ndarray, part: Part) -> None:
        p, apart = part.p, not dX.flags.c_contiguous
        if not X.size:
            return
        line = np.zeros(X.size, X.dtype) if apart else dX.reshape(-1)
        target = np.add(offsets(X, p), known(len(X), p), dtype=np.intp)
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


def _places(planes: int, p: Windows) -> np.ndarray:
    """The place of every window's first entry in planes written as one line; on padding it can lie before them."""
    (H, W), (S_H, S_W), ((top, _), (left, _)) = p.size, p.stride, p.padding
    rows, columns = (np.arange(number) for number in p.count)
    plane = np.add.outer((rows * S_H - top) * W, columns * S_W - left)
    return np.add.outer(np.arange(planes) * (H * W), plane)


def _held_by_taps(p: Windows) -> int:
    """The entries that `_add_by_taps` holds of a plane."""
    return p.size[0] * p.count[1] + 24 * p.positions


def _add_by_taps(X: np.ndarray, dX: np.ndarray, dY: np.ndarray, part: Part) -> None:
    """The same in little space, for windows so large that their lines would need too much."""
    p = part.p
    if not X.size:
        return
    (N, H, _), (H_Y, W_Y) = X.shape, p.count
    rows = np.empty((N, H, W_Y), X.dtype)
    combine(np.maximum, -np.inf, X, rows, p, 1)
    across = rows.swapaxes(1, 2)
    row = _first_by_taps(p, 0, (N, W_Y, H_Y), lambda places, met: across[..., met])
    row, n = row.swapaxes(1, 2), np.arange(N)[:, None, None]

    def entries(places: slice, met: slice) -> np.ndarray:
        return X[n, row[..., places], np.arange(met.start, met.stop, met.step)]

    column = _first_by_taps(p, 1, dY.shape, entries)
    # Of a window that lies wholly on the padding there is none.
    live = (row >= 0) & (column >= 0)
    n = np.broadcast_to(n, dY.shape)
    np.add.at(dX, (n[live], row[live], column[live]), dY[live])


def _first_by_taps(p: Windows, axis: int, shape: tuple, entries) -> np.ndarray:
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
        won = _better_or_nan(value, known) | (found < 0)
        np.copyto(known, value, where=won)
        np.copyto(found, np.arange(met.start, met.stop, met.step), where=won)
    return chosen
