"""The place of every window's first maximum: found along the rows first, then among the rows' winners.

That order is the row-major one in which the first of equal maxima wins: of rows with the same maximum the first, and
in it the first entry. A winner is named by how far behind the window's first entry it lies: by one byte in most layers.

Derived in notebooks/09_fast_convolution.ipynb.
"""

from collections.abc import Callable
from functools import cache, partial

import numpy as np

from convnotes.fast.algorithms import argmax_by_tap
from convnotes.fast.algorithms.planes import Part, Way
from convnotes.fast.algorithms.sliding import at_windows, canvas, canvas_size
from convnotes.fast.algorithms.argmax_by_tap import better_or_nan
from convnotes.windows import Windows


def offsets(X: np.ndarray, p: Windows) -> np.ndarray:
    """How far behind the first entry of every window of X (planes, H, W) its first maximum lies, or the first NaN.

    Returns unsigned integers (planes, H_Y, W_Y). Of windows that lie wholly on the padding they say nothing.
    """
    S, K, D, dtype = p.stride[1], p.kernel[1], p.dilation[1], _dtype(p)
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
    for better in (np.greater, better_or_nan):
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
        Way(argmax_by_tap.add, argmax_by_tap.add_held),
    ]


def _held(p: Windows, itemsize: int) -> int:
    """The entries that `_adder`'s function holds of a plane.

    Of padded rows and their phases; of maxima down and across, their numbers and comparisons; of windows' places.
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
