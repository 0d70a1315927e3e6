"""The place of every window's first maximum: found along the rows first, then among the rows' winners.

That order is the row-major one in which the first of equal maxima wins: of rows with the same maximum the first, and
in it the first entry. A winner is named by how far behind the window's first entry it lies: by one byte in most layers.
"""

from collections.abc import Iterable

import numpy as np

from convnotes.fast.algorithms.planes import Part
from convnotes.windows import Windows


def offsets(X: np.ndarray, p: Windows) -> np.ndarray:
    """How far behind the first entry of every window of X (planes, H, W) its first maximum lies, or the first NaN.

    Returns unsigned integers (planes, H_Y, W_Y). Of windows that lie wholly on the padding they say nothing.
    """
    (D_H, D_W), (H_Y, W_Y), dtype = p.dilation, p.count, _dtype(p)
    for better in (np.greater, _better_or_nan):
        best, column = _first(
            ((_met(X, -1, tap, W_Y, -np.inf), None, j * D_W) for j, tap in enumerate(p.meetings(1))), dtype, better
        )
        if not np.isnan(best.max()):
            break
    down = enumerate(p.meetings(0))
    rows = ((_met(best, -2, tap, H_Y, -np.inf), _met(column, -2, tap, H_Y, 0), i * D_H * p.size[1]) for i, tap in down)
    _, chosen = _first(rows, dtype, better)
    if p.padding[0][0] or p.padding[1][0]:
        # Where all is minus infinity, so is the padding: then the first entry on the image wins.
        chosen = np.maximum(chosen, _first_on_image(p))
    return chosen


def add_at_first(X: np.ndarray, dX: np.ndarray, dY: np.ndarray, part: Part) -> None:
    """Add every gradient in dY to dX, which is zero, or another part's, at the first maximum of its window in X."""
    p, apart = part.p, not dX.flags.c_contiguous
    if not X.size:
        return
    line = np.zeros(X.size, X.dtype) if apart else dX.reshape(-1)
    (H, W), (S_H, S_W), ((top, _), (left, _)) = p.size, p.stride, p.padding
    y, x = (np.arange(number) for number in p.count)
    # The place of every window's first entry; on padding it can lie before the image.
    target = np.add.outer(np.arange(len(X)) * (H * W), np.add.outer((y * S_H - top) * W, x * S_W - left))
    target += offsets(X, p)
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


def held(p: Windows) -> int:
    """The entries that it holds of a plane: of rows' winners, of windows' winners and places, and of the plane itself."""
    return 5 * p.size[0] * p.count[1] + 12 * p.positions + p.size[0] * p.size[1]


def _met(A: np.ndarray, axis: int, tap: tuple, number: int, value) -> np.ndarray:
    """What so many windows have at a tap along an axis of A (planes, H, W); `value` where that lies on the padding."""
    (places, met), rest = tap, (slice(None),) * (-1 - axis)
    part = A[(..., met, *rest)]
    if part.shape[axis] == number:
        return part if axis == -2 else np.ascontiguousarray(part)
    shape = list(A.shape)
    shape[axis] = number
    out = np.full(shape, value, A.dtype)
    out[(..., places, *rest)] = part
    return out


def _first(entries: Iterable, dtype: np.dtype, better) -> tuple[np.ndarray, np.ndarray]:
    """The best of some entries and its number; of equal ones the first.

    entries: triples of values, numbers or None for zeros, and a number that is added to these; it grows from 0
    """
    best = None
    for k, (value, number, further) in enumerate(entries):
        if best is None:
            best, chosen = value, np.zeros(value.shape, dtype) if number is None else number
            continue
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


def _better_or_nan(value, best) -> np.ndarray:
    """Where a value is greater than the best, or the first that is not a number."""
    return (value > best) | (np.isnan(value) & ~np.isnan(best))
