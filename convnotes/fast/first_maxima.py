"""The place of every window's first maximum in little space, for windows so large that lines would need too much.

The maxima of the rows of all windows come first; among them the first largest row is found, and in it the first entry.
"""

from collections.abc import Iterable

import numpy as np

from convnotes.fast.separable import combine
from convnotes.fast.winners import better_or_nan
from convnotes.windows import Windows


def held(p: Windows) -> int:
    """The entries of the maxima of rows, and of places and what they are compared with."""
    return p.size[0] * p.count[1] + 24 * p.positions


def add(
    X: np.ndarray, dY: np.ndarray, dX: np.ndarray, p: Windows
) -> None:
    """Add every gradient in dY to dX, of images (images, H, W), at the first maximum of its window."""
    N, H, W = X.shape
    if not X.size:
        return
    n, y, x = np.ogrid[:N, :H, :W]
    rows = np.empty((N, H, p.count[1]), X.dtype)
    across = ((places, X[..., met]) for places, met in p.meetings(1))
    combine(np.maximum, -np.inf, across, rows)
    row = _first(
        dY.shape,
        (
            ((slice(None), places), rows[:, met], y[:, met])
            for places, met in p.meetings(0)
        ),
    )
    column = _first(
        dY.shape,
        (
            (
                (..., places),
                X[n, row[..., places], x[..., met]],
                x[..., met],
            )
            for places, met in p.meetings(1)
        ),
    )
    n = np.broadcast_to(n, dY.shape)
    # Of a window that lies wholly on the padding there is none.
    live = (row >= 0) & (column >= 0)
    np.add.at(dX, (n[live], row[live], column[live]), dY[live])


def _first(shape: tuple, entries: Iterable) -> np.ndarray:
    """The number of the first maximum, -1 where there is none.

    entries: triples of where results have an entry, its values, and its number
    """
    best, chosen = np.full(shape, -np.inf), np.full(shape, -1)
    for places, entry, number in entries:
        known, found = best[places], chosen[places]
        won = better_or_nan(entry, known) | (found < 0)
        np.copyto(known, entry, where=won)
        np.copyto(found, number, where=won)
    return chosen
