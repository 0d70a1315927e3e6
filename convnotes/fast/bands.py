"""How a pool is cut: channels of images a few at a time, and the windows of one that is large in bands.

A band has some rows of windows, or where that is too much some windows of a row. Those of usual images are one band.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from convnotes.fast import threads
from convnotes.fast.blocks import THREAD, halves, length, space, spans
from convnotes.windows import Windows

ALL = slice(None)


class Band(NamedTuple):
    """Some windows: where they lie in images of an output, what they meet of an input, and they as a problem."""

    windows: tuple
    met: tuple
    p: Windows


def room(X: np.ndarray, p: Windows, held: int) -> int:
    """The entries that each thread may hold beside input and output, where a channel of an image holds so many."""
    least, (N, C) = THREAD // X.itemsize, X.shape[:2]
    if N * C * held <= least:
        return least
    sizes = (1, C, *p.size), (1, C, *p.count)
    return space(*sizes, X.itemsize, threads.number())


def bands(p: Windows, held: Callable, most: int) -> list[Band]:
    """All windows of a channel, in bands that hold at most `most` entries as far as they can be divided."""
    if held(p) <= most:
        return [Band((..., ALL, ALL), (..., ALL, ALL), p)]
    return list(_divided(p, *map(slice, (0, 0), p.count), held, most))


def cut(
    X: np.ndarray, p: Windows, held: Callable
) -> tuple[list[Band], int]:
    """The bands of all windows, and the number of images of single channels that there is space for at a time."""
    entries = held(p)
    most = room(X, p, entries)
    return bands(p, held, most), most // entries


def _divided(p, rows, columns, held, most) -> Iterator[Band]:
    band = _band(p, rows, columns)
    if held(band.p) <= most or band.p.positions == 1:
        yield band
        return
    by_rows = [(half, columns) for half in halves(rows)]
    by_columns = [(rows, half) for half in halves(columns)]
    # What holds the least, of what is no longer the same.
    some = [
        both
        for both, axis in zip((by_rows, by_columns), (rows, columns))
        if length(axis) > 1
    ]
    for half in min(
        some, key=lambda both: held(_band(p, *both[1]).p)
    ):
        yield from _divided(p, *half, held, most)


def _band(p, rows, columns) -> Band:
    met, q = p.part((rows, columns))
    return Band((..., rows, columns), (..., *met), q)


def images(
    *arrays: np.ndarray, cache: int, most: float
) -> list[list[np.ndarray]]:
    """Views of a few images of single channels at a time, (images, H, W), of every array.

    cache: the bytes of the first, at most; most: the number of images that there is space for
    """
    flat = [array.reshape(-1, *array.shape[2:]) for array in arrays]
    H, W = arrays[0].shape[2:]
    planes = min(cache // (arrays[0].itemsize * H * W), most)
    return [
        [array[span] for array in flat]
        for span in spans(len(flat[0]), planes)
    ]
