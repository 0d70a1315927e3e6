"""The entry of every window that max pooling takes: found along the rows first, then among the rows' winners.

That order is the row-major one in which the first of equal maxima wins: of rows with the same maximum the first, and
in it the first entry. A winner is named by how far behind the window's first entry it lies in the image: small numbers
of one byte in most layers, on which operations cost next to nothing.

Derived in notebooks/09_fast_convolution.ipynb.
"""

from collections.abc import Callable

import numpy as np

from convnotes.fast.gaps import every
from convnotes.fast.padded_lines import at_windows, padded
from convnotes.windows import Windows


def winners(images: np.ndarray, p: Windows) -> np.ndarray:
    """The first maximum of every window, or the first not-a-number: how far behind its first entry it lies.

    images: (images, H, W); returns a view (images, H_Y, W_Y) of unsigned integers. Of windows that lie wholly on the
    padding it says nothing.
    """
    S, K, D = p.stride[1], p.kernel[1], p.dilation[1]
    whole = padded(images, p, -np.inf, S)
    shape, line = (
        (*whole.shape[:2], whole.shape[2] // S),
        whole.reshape(-1),
    )
    # Without the columns between: entry j of a window is in phase j*D % S, and there j*D // S places behind.
    phases = {
        b: _phase(line, S, b)
        for b in dict.fromkeys(j * D % S for j in range(K))
    }
    better = np.greater
    best, offset = _across(phases, shape[2], p, better)
    if np.isnan(best.max()):
        better = better_or_nan
        best, offset = _across(phases, shape[2], p, better)
    return _down(best, offset, shape, p, better)


def held(p: Windows, itemsize: int) -> int:
    """The entries that finding the winners holds of an image, and places of their gradients.

    They are those of padded rows, their phases and their gradients; for every entry of a phase a maximum down and one
    across, their numbers and comparisons; and for every window two places, a gradient and a comparison.
    """
    S, size = p.stride[1], _dtype(p).itemsize
    (top, _), (left, _) = p.padding
    height, width = p.covered
    height = max(height, top + p.size[0])
    width = -(-max(width, left + p.size[1]) // S)
    in_line = 2 * itemsize + 4 * size + 5
    padded = 3 * S * itemsize + in_line
    total = height * width * padded + p.positions * (26 + itemsize)
    return -(-total // itemsize)


def _phase(line: np.ndarray, S: int, first: int) -> np.ndarray:
    """Every S-th entry of a line, whose length is a multiple of S."""
    if S == 1:
        return line
    return every(line, S, first, np.empty(len(line) // S, line.dtype))


def _across(
    phases: dict[int, np.ndarray],
    width: int,
    p: Windows,
    better: Callable,
) -> tuple[np.ndarray, np.ndarray]:
    """The best entry of windows in every row of the padded images, and its column, each as one line."""
    (_, S), (_, D), (_, K) = p.stride, p.dilation, p.kernel
    length = len(phases[0]) - (K - 1) * D // S
    best, dtype = phases[0][:length], _dtype(p)
    offset = np.zeros(length, dtype) if K == 1 else None
    for j in range(1, K):
        shift = j * D // S
        entry = phases[j * D % S][shift : shift + length]
        won = better(entry, best)
        # The first entry on the image is taken even if it is minus infinity, as the padding is.
        for x in p.first_on_input(1, j):
            won[x::width] = True
        best = np.maximum(best, entry, out=best if j > 1 else None)
        column = won.view(np.uint8)
        if dtype != np.uint8 or j * D > 1:
            column = np.multiply(column, j * D, dtype=dtype)
        if offset is not None:
            # Later columns have larger numbers.
            np.maximum(offset, column, out=column)
        offset = column
    return best, offset


def _down(best, offset, shape, p: Windows, better) -> np.ndarray:
    """Of the rows of every window, the one with the best entry; the offset of that entry."""
    (D, _), (K, _), W = p.dilation, p.kernel, p.size[1]
    step, dtype = D * shape[2], _dtype(p)
    length = len(best) - (K - 1) * step
    top, chosen = best[:length], offset[:length]
    for i in range(1, K):
        run = slice(i * step, i * step + length)
        won = better(best[run], top)
        for y in p.first_on_input(0, i):
            at_windows(won, shape, p)[:, y] = True
        if i < K - 1:
            out = top if i > 1 else None
            top = np.maximum(top, best[run], out=out)
        # What lies further down has a larger number, too.
        other = offset[run] + dtype.type(i * D * W)
        other *= won.view(np.uint8)
        chosen = np.maximum(chosen, other, out=other)
    return at_windows(chosen, shape, p)


def _dtype(p: Windows) -> np.dtype:
    """The smallest integers in which the last entry of a window has a number."""
    (D_H, D_W), (K_H, K_W) = p.dilation, p.kernel
    return np.min_scalar_type(
        (K_H - 1) * D_H * p.size[1] + (K_W - 1) * D_W
    )


def better_or_nan(entry, best) -> np.ndarray:
    """Where an entry is greater than the best, or the first that is not a number."""
    return (entry > best) | (np.isnan(entry) & ~np.isnan(best))
