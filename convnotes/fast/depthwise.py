"""Convolution of every channel by itself: a small product with its rows laid out, and the sum of what it gives.

With one channel there is no large matrix product: every number read takes part in kH * kW multiply-adds and no
more. Laid out column by column a channel is a matrix of kW rows, and its kernel as it stands, kH x kW, multiplies
all of them at once. What row i of the kernel gives belongs i rows further up, and is added there.

Derived in notebooks/09_fast_convolution.ipynb.
"""

from collections.abc import Iterator
from math import prod

import numpy as np

from convnotes import windows
from convnotes.fast import phases
from convnotes.fast.blocks import Block, spans
from convnotes.fast.laid_out import lay_out
from convnotes.fast.separable import combine
from convnotes.fast.work import Work
from convnotes.windows import Convolution

# The entries of the rows laid out and of the products that are held at a time.
ENTRIES = 2**20
# Small images share a product until it has so many places: a call for each would take as long as a hundred of them.
PLACES = 2**9


def takes(p: Convolution) -> bool:
    """One filter for each channel, which is its group."""
    return p.groups == p.input_size[1] == p.weight_size[0]


def spreads(p: Convolution) -> bool:
    """Whether the input gradient is its own too: not of images so large that a channel is too much at a time."""
    return (
        takes(p) and sum(p.kernel) * p.count[0] * p.size[1] <= ENTRIES
    )


def work(p: Convolution) -> Work:
    """kW copies, kH sums, and a small product for each channel."""
    (N, C, H, _), (kH, kW) = p.input_size, p.kernel
    laid, added = (
        N * C * kW * H * p.count[1],
        N * C * kH * p.positions,
    )
    blocks = -(-(laid + added) // ENTRIES)
    return Work(
        copied=added + (laid if p.stride[1] == 1 else 0),
        strided=0 if p.stride[1] == 1 else laid,
        calls=blocks * (16 + 2 * kH) + N * C * (kH + kW) // 100,
    )


def workspace(p: Convolution) -> int:
    """The rows laid out, the columns that they are shifts of, and the products with them, of one block."""
    return (sum(p.kernel) + 1) * _places(p)


def gather(
    X: np.ndarray,
    K: np.ndarray,
    p: Convolution,
    Y: np.ndarray,
    b: np.ndarray | None = None,
) -> None:
    """Y_c = sum over i of row i of K_c R_c, shifted by i rows."""
    filters = np.ascontiguousarray(K[:, 0])
    for block, c, q, R, Z in _laid_out(X, p):
        np.matmul(filters[c], _flat(R), out=_flat(Z))
        out = Y[block.images, c, block.rows].swapaxes(0, 1)
        combine(np.add, 0, _shifted(Z, q), out)
        if b is not None:
            out += b[c, None, None, None]


def correlate(
    X: np.ndarray, dY: np.ndarray, p: Convolution
) -> np.ndarray:
    """Row i of dK_c = dY_c, shifted by i rows, times R_c^T."""
    dK = np.zeros((p.groups, *p.kernel), X.dtype)
    for block, c, q, R, Z in _laid_out(X, p):
        upstream = dY[block.images, c, block.rows].swapaxes(0, 1)
        Z[...] = 0
        for place, part in _shifted(Z, q):
            part[...] = upstream[place]
        dK[c] += _flat(Z) @ _flat(R).transpose(0, 2, 1)
    return dK.reshape(p.weight_size)


def spread(
    K: np.ndarray, dY: np.ndarray, p: Convolution, dX: np.ndarray
) -> None:
    """Put dX in place of zeros: products with dY laid out for each phase of the columns, sums for each of the rows."""
    rows, columns = phases.axes(p)
    filters = [
        np.ascontiguousarray(K[:, 0][..., column.entries])
        for column in columns
    ]
    row = sum(p.kernel) * p.size[1]
    for n in spans(len(dY), PLACES // p.positions):
        channels = ENTRIES // ((n.stop - n.start) * p.count[0] * row)
        for c in spans(p.groups, channels):
            for column, weights in zip(columns, filters):
                q = phases.meeting(phases.every(p.count[0]), column)
                met = dY[n, c, :, column.outputs]
                shape = (
                    met.shape[1],
                    column.kernel,
                    len(met),
                    *q.count,
                )
                R = np.empty(shape, dY.dtype)
                lay_out(met, q, R)
                Z = (weights[c] @ _flat(R)).reshape(
                    len(R), p.kernel[0], *shape[2:]
                )
                for phase in rows:
                    place = dX[n, c, phase.places, column.places]
                    _put(
                        Z[:, phase.entries, :, phase.outputs],
                        phases.meeting(phase, column),
                        place.swapaxes(0, 1),
                    )


def _put(Z, q, out) -> None:
    """Write a phase of dX; with gaps between its places only once it is summed."""
    if out.strides[-1] == out.itemsize:
        combine(np.add, 0, _shifted(Z, q), out)
    else:
        total = np.empty(out.shape, out.dtype)
        combine(np.add, 0, _shifted(Z, q), total)
        out[...] = total


def _laid_out(X, p):
    """Every block with its windows, its rows laid out, and as much space for each row of the kernel."""
    places = _places(p)
    buffers = [np.empty(k * places, X.dtype) for k in p.kernel[::-1]]
    for block, channels in _blocks(p):
        rows, q = p.of_rows(block.rows)
        for c in spans(p.groups, channels):
            R, Z = (
                _view(
                    buffer, c, k, block.count, q.size[0], q.count[1]
                )
                for buffer, k in zip(buffers, p.kernel[::-1])
            )
            lay_out(X[block.images, c, rows], q, R)
            yield block, c, q, R, Z


def _view(buffer, c, *shape):
    """A part of the buffer, as an array of the channels c."""
    shape = c.stop - c.start, *shape
    return buffer[: prod(shape)].reshape(shape)


def _flat(A):
    """One matrix for each channel."""
    return A.reshape(*A.shape[:2], -1)


def _shifted(Z, q):
    """For each row of the kernel, the rows of windows that have it on the image, and where in Z it is for them."""
    return [
        ((..., places, slice(None)), Z[:, i, :, met])
        for i, (places, met) in enumerate(q.meetings(0))
    ]


def _blocks(p: Convolution) -> Iterator[tuple[Block, int]]:
    """A few small images or one, and how many channels of them at a time; or a band of one large channel."""
    row = sum(p.kernel) * p.count[1]
    for n in spans(p.input_size[0], PLACES // p.positions):
        channels = ENTRIES // ((n.stop - n.start) * p.size[0] * row)
        band = p.count[0]
        if channels < 1:
            extent = windows.extent(p.kernel[0], p.dilation[0])
            band = (ENTRIES // row - extent) // p.stride[0] + 1
        for rows in spans(p.count[0], band):
            yield Block(n, rows), min(channels or 1, p.groups)


def _places(p: Convolution) -> int:
    """The places of the largest block: one for every row of the image and every column of windows."""
    return (
        max(
            (
                channels
                * block.count
                * p.of_rows(block.rows)[1].size[0]
                for block, channels in _blocks(p)
            ),
            default=0,
        )
        * p.count[1]
    )
