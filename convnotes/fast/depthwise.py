"""Convolution of every channel by itself: one axis is laid out, the other added up, and between is a small product.

With one channel there is no large matrix product: every number read takes part in kH * kW multiply-adds and no
more. Laid out column by column a channel is a matrix of kW long rows, and its kernel as it stands, kH x kW,
multiplies all of them at once. What row i of the kernel gives belongs i rows further up, and is added there. Where
windows move by more than a column, rows are laid out and columns added, since whole rows are copied faster than
entries with gaps between.

Derived in notebooks/09_fast_convolution.ipynb.
"""

from collections.abc import Iterator
from math import prod
from typing import NamedTuple

import numpy as np

from convnotes import windows
from convnotes.fast.blocks import length, spans
from convnotes.fast.buffers import apart, rows
from convnotes.fast.lines import (
    add,
    along,
    put,
    take,
)
from convnotes.fast.lines import (
    spread as spread_along,
)
from convnotes.fast.work import Work
from convnotes.windows import Convolution, Windows

# The entries of what is laid out and of the products with it that are held at a time.
ENTRIES = 2**20


class Part(NamedTuple):
    """Several images, or some channels of one, or some rows of a single channel: one run of memory."""

    images: slice
    channels: slice
    rows: slice


def takes(p: Convolution) -> bool:
    """One filter for each channel, which is its group."""
    return p.groups == p.input_size[1] == p.weight_size[0]


def spreads(p: Convolution) -> bool:
    """Whether the input gradient is its own too: not of images so large that a channel is too much at a time."""
    return (
        takes(p)
        and (sum(p.kernel) + 1) * prod(_plane(p, first=0)) <= ENTRIES
    )


def work(p: Convolution, correlating: bool = False) -> Work:
    """A copy for each entry of a kernel along one axis, a sum for each along the other, and a small product."""
    N, C, *_ = p.input_size
    first = _first(p)
    height, width = _plane(p)
    laid = N * C * p.kernel[first] * height * width
    added = N * C * p.kernel[1 - first] * p.positions
    return Work(
        copied=laid + added,
        calls=-(-(laid + added) // ENTRIES) * 30 + N * C // 20,
    )


def workspace(p: Convolution) -> int:
    """What is laid out and the products with it, of one part."""
    return max(
        (
            (sum(p.kernel) + 1)
            * apart(
                _planes(part) * prod(_plane(p.of_rows(part.rows)[1]))
            )
            for part in _parts(p)
        ),
        default=0,
    )


def gather(
    X: np.ndarray,
    K: np.ndarray,
    p: Convolution,
    Y: np.ndarray,
    b: np.ndarray | None = None,
) -> None:
    """Y_c: the sums, along one axis, of K_c times X_c laid out along the other."""
    first, axes, last = _first(p), (along(p, 0), along(p, 1)), None
    filters = K[:, 0] if first else K[:, 0].swapaxes(1, 2)
    taps = axes[1 - first].taps
    whole = [k for k, tap in enumerate(taps) if tap == (0, [])]
    if b is not None and whole:
        # A tap that all windows have on the image brings the bias along, as the weight of a row of ones.
        last = np.zeros((*filters.shape[:2], 1), K.dtype)
        last[:, whole[0], 0] = b
        filters = np.concatenate([filters, last], 2)
    filters = np.ascontiguousarray(filters)
    for part, axis, R, Z in _laid_out(X, p, axes, last is not None):
        c = part.channels
        np.matmul(
            filters[c], _matrices(R, part), out=_matrices(Z, part)
        )
        add(
            _seen(Z, 1 - first), axis, _seen(_run(Y, part), 1 - first)
        )
        if b is not None and last is None:
            Y[part.images, c, part.rows] += b[c, None, None]


def correlate(
    X: np.ndarray, dY: np.ndarray, p: Convolution
) -> np.ndarray:
    """dK_c: dY_c spread along one axis times X_c laid out along the other."""
    dK, first = np.zeros((p.groups, *p.kernel), X.dtype), _first(p)
    by_first = dK if first else dK.swapaxes(1, 2)
    axes = along(p, 0), along(p, 1)
    for part, axis, R, V in _laid_out(X, p, axes, zero=True):
        spread_along(
            _seen(_run(dY, part), 1 - first),
            axis,
            _seen(V, 1 - first),
        )
        products = _matrices(V, part) @ _matrices(R, part).swapaxes(
            -1, -2
        )
        by_first[part.channels] += products.sum(0)
    return dK.reshape(p.weight_size)


def spread(
    K: np.ndarray, dY: np.ndarray, p: Convolution, dX: np.ndarray
) -> None:
    """Put dX_c in place of zeros: K_c times dY_c spread along its columns, put on the rows."""
    filters = np.ascontiguousarray(K[:, 0])
    down, across, known = along(p, 0), along(p, 1), None
    for part in _parts(p, first=0):
        shape = _planes(part), p.count[0], p.size[1]
        if known is None:
            buffers = [
                np.empty(k * apart(prod(shape)), dY.dtype)
                for k in p.kernel
            ]
        Z, V = (
            _stack(buffer, k, shape)
            for buffer, k in zip(buffers, p.kernel)
        )
        if shape != known:
            V[...], known = 0, shape
        spread_along(_seen(_run(dY, part), 1), across, _seen(V, 1))
        np.matmul(
            filters[part.channels],
            _matrices(V, part),
            out=_matrices(Z, part),
        )
        put(
            Z, down, _run(dX, part._replace(rows=slice(0, p.size[0])))
        )


def _first(p: Windows) -> int:
    """The axis that is laid out: columns, unless windows leave gaps between them, which whole rows do not mind."""
    return 1 if p.stride[1] == 1 else 0


def _plane(p: Windows, first: int | None = None) -> tuple[int, int]:
    """The rows and columns of one channel, laid out."""
    if (_first(p) if first is None else first) == 0:
        return p.count[0], p.size[1]
    return p.size[0], p.count[1]


def _laid_out(X, p, axes, with_ones=False, zero=False):
    """Every part laid out, with a row of ones if asked for; the other axis, and a plane for each of its taps.

    With `zero` these planes are zero at first, and stay so where nothing is written to them.
    """
    first, known, most = _first(p), (None, None), -1
    taps = p.kernel[first] + with_ones, p.kernel[1 - first]
    met, plane = slice(0, p.size[0]), _plane(p)
    for part in _parts(p):
        if length(part.rows) < p.count[0] and part.rows != known[0]:
            met, q = p.of_rows(part.rows)
            axes, plane = (along(q, 0), along(q, 1)), _plane(q)
        shape = _planes(part), *plane
        if prod(shape) > most:
            most = prod(shape)
            buffers = [
                np.empty(k * apart(most), X.dtype) for k in taps
            ]
        R, Z = (
            _stack(buffer, k, shape)
            for buffer, k in zip(buffers, taps)
        )
        if (part.rows, shape) != known:
            R[p.kernel[first] :] = 1
            if zero:
                Z[...] = 0
        known = part.rows, shape
        images = _run(X, part._replace(rows=met))
        take(_seen(images, first), axes[first], _seen(R, first))
        yield part, axes[1 - first], R, Z


def _stack(buffer, number, shape):
    """Planes of a shape for each of a number of taps."""
    return rows(buffer, number, prod(shape)).reshape(number, *shape)


def _run(A, part):
    """The planes of a part, one after the other; of a result they are where they lie."""
    return A[part].reshape(
        _planes(part), length(part.rows), A.shape[3]
    )


def _seen(A, axis):
    """The planes with one of their axes in the middle."""
    return (
        A
        if axis == 0
        else A.reshape(*A.shape[:-3], -1, A.shape[-1], 1)
    )


def _matrices(A, part):
    """A matrix for each image and channel, with a row for each tap."""
    k, N = len(A), length(part.images)
    return A.reshape(k, N, len(A[0]) // N, -1).transpose(1, 2, 0, 3)


def _planes(part: Part) -> int:
    return length(part.images) * length(part.channels)


def _parts(
    p: Convolution, first: int | None = None
) -> Iterator[Part]:
    """The parts that are worked on one at a time."""
    (N, C, *_), all_rows = p.input_size, slice(0, p.count[0])
    height, width = _plane(p, first)
    most = ENTRIES // ((sum(p.kernel) + 1) * height * width)
    if most >= C:
        for n in spans(N, most // C):
            yield Part(n, slice(0, C), all_rows)
    elif most:
        for n in range(N):
            for c in spans(C, most):
                yield Part(slice(n, n + 1), c, all_rows)
    else:
        band = ENTRIES // ((sum(p.kernel) + 1) * width)
        if _first(p):
            band = (
                band - windows.extent(p.kernel[0], p.dilation[0])
            ) // p.stride[0]
        for n, c in np.ndindex(N, C):
            for y in spans(p.count[0], band):
                yield Part(slice(n, n + 1), slice(c, c + 1), y)
