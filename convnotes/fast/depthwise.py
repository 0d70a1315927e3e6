"""Convolution of every channel by itself: for each, a row of kH * kW weights times its own matrix of columns.

The product is of one row and so does no more arithmetic than its columns have entries. What counts is
where these lie: channels are taken a few at a time, so that the columns are still in a cache.

Derived in notebooks/09_fast_convolution.ipynb.
"""

from math import prod

import numpy as np

from convnotes.fast.blocks import CACHE, Block, canvases, padded, spans, taps
from convnotes.fast.work import Work
from convnotes.windows import Convolution


def takes(p: Convolution) -> bool:
    """One filter for each channel, which is its group."""
    return p.groups == p.input_size[1] == p.weight_size[0]


def work(p: Convolution) -> Work:
    """A copy of every entry of the columns, and their sum."""
    N, C = p.input_size[:2]
    entries = N * C * p.area * p.positions
    channels, rows = _block(p)
    calls = N * -(-C // channels) * -(-p.count[0] // max(1, rows)) * (p.area + 5)
    strided = p.stride[1] > 1
    return Work(copied=entries if strided else 2 * entries, strided=entries if strided else 0, calls=calls)


def workspace(p: Convolution) -> int:
    """The columns and the padded rows of a few channels."""
    channels, rows = _block(p)
    return channels * p.area * rows * p.count[1] + canvases(p, channels, 1, rows)


def gather(X: np.ndarray, K: np.ndarray, p: Convolution) -> np.ndarray:
    """Y_c = K_c M_c."""
    Y = np.empty(p.output_size, X.dtype)
    weights = K.reshape(-1, 1, p.area)
    for n, c, places, columns in _columns(X, p):
        np.matmul(weights[c], columns, out=Y[n, c].reshape(-1, 1, p.positions)[:, :, places])
    return Y


def correlate(X: np.ndarray, dY: np.ndarray, p: Convolution) -> np.ndarray:
    """dK_c = sum over images of M_c dY_c."""
    dK = np.zeros((p.groups, p.area, 1), X.dtype)
    for n, c, places, columns in _columns(X, p):
        dK[c] += columns @ dY[n, c].reshape(-1, p.positions, 1)[:, places]
    return dK.reshape(p.weight_size)


def _columns(X, p):
    """The columns of a few channels of one image, (channels, kH*kW, positions); they are overwritten by the next."""
    (channels, height), (H_Y, W_Y) = _block(p), p.count
    buffer = np.empty(channels * p.area * height * W_Y, X.dtype)
    for n in range(len(X)):
        for rows in spans(H_Y, height):
            block = Block(slice(0, 1), rows)
            for c in spans(X.shape[1], channels):
                canvas = padded(X[n : n + 1, c], p, block)[0]
                shape = c.stop - c.start, *p.kernel, block.height, W_Y
                columns = buffer[: prod(shape)].reshape(shape)
                for (i, j), (down, across) in taps(p, block.height):
                    columns[:, i, j] = canvas[:, down, across]
                places = slice(rows.start * W_Y, rows.stop * W_Y)
                yield n, c, places, columns.reshape(len(columns), p.area, -1)


def _block(p: Convolution) -> tuple[int, int]:
    """How many channels, and rows of them, have columns that fit in the cache."""
    entries = CACHE // 4 // p.area
    channels = max(1, min(p.input_size[1], entries // max(1, p.positions)))
    rows = p.count[0] if channels > 1 else max(1, min(p.count[0], entries // max(1, p.count[1])))
    return channels, rows
