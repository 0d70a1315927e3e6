"""Reductions over windows, one axis after the other: K + K steps for each result instead of K * K.

Each step is one operation on a shifted view of the whole block, and what a window has on the padding is left
out by taking the part of the view that lies on the input.

Derived in notebooks/09_fast_convolution.ipynb.
"""

from collections.abc import Iterable
from itertools import chain, islice

import numpy as np

from convnotes.fast.blocks import beside
from convnotes.windows import Windows

# The bytes of the images that are worked on together: they stay in a core's cache, and are worth their calls.
CACHE = 2**19
# The parts of a reduction that are known at a time, of a long kernel.
TAPS = 2**10


def held(p: Windows) -> int:
    """The entries that `reduce` holds of an image: the rows of windows, of which their columns are left."""
    return p.count[0] * p.size[1]


def reduce(
    ufunc: np.ufunc, start, X: np.ndarray, p: Windows, out: np.ndarray
) -> np.ndarray:
    """`ufunc` over the entries that every window has on the input; `start` where it has none.

    X: (images, H, W); out: (images, H_Y, W_Y)
    """
    # Down the rows first: there the entries of a row lie side by side, and what is left is smaller.
    rows = np.empty((len(X), p.count[0], X.shape[2]), X.dtype)
    met_down = ((places, X[:, met]) for places, met in p.meetings(0))
    combine(ufunc, start, met_down, rows, axis=-2)
    met_across = (
        (places, rows[..., met]) for places, met in p.meetings(1)
    )
    combine(ufunc, start, met_across, out)
    return out


def spread(Y: np.ndarray, p: Windows, out: np.ndarray) -> np.ndarray:
    """The transpose of a sum: every entry of Y is added to all the entries that its window has on the input, in `out`.

    Y: (images, H_Y, W_Y); out: (images, H, W)
    """
    rows = np.zeros((len(Y), p.size[0], Y.shape[2]), Y.dtype)
    for places, met in p.meetings(0):
        rows[:, met] += Y[:, places]
    for places, met in p.meetings(1):
        out[:, :, met] += rows[:, :, places]
    return out


def combine(
    ufunc: np.ufunc,
    start,
    parts: Iterable,
    out: np.ndarray,
    axis: int = -1,
) -> None:
    """Combine the parts, pairs of places along an axis and what belongs there; `start` stands where there are none."""
    out = out.swapaxes(axis, -1)
    rest = (
        (places, part.swapaxes(axis, -1))
        for places, part in parts
        if part.shape[axis]
    )
    # The longest come first: where they fill the whole, nothing is set before.
    first = sorted(
        islice(rest, TAPS), key=lambda pair: -pair[1].shape[-1]
    )
    if first and first[0][1].shape == out.shape:
        _, whole = first.pop(0)
        places, part = first.pop(0) if first else (slice(0, 0), None)
        for other in beside(places, out.shape[-1]):
            out[..., other] = whole[..., other]
        if part is not None:
            ufunc(whole[..., places], part, out=out[..., places])
    else:
        out[...] = start
    for places, part in chain(first, rest):
        ufunc(out[..., places], part, out=out[..., places])
