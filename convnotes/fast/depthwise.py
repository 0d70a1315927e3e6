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

import numpy as np

from convnotes import windows
from convnotes.fast import col2im, columns, dots, lines
from convnotes.fast.blocks import length
from convnotes.fast.buffers import apart, rows
from convnotes.fast.finite import all_finite, silence
from convnotes.fast.lines import along
from convnotes.fast.parts import Part, parts
from convnotes.fast.work import Work
from convnotes.windows import Convolution, Windows

# The entries of what is laid out and of the products with it that are held at a time.
ENTRIES = 2**21


def takes(p: Convolution) -> bool:
    """One filter for each channel, which is its group, and windows that all meet the image."""
    alone = p.groups == p.input_size[1] == p.weight_size[0]
    return alone and p.all_meet_input()


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
    """What is laid out and the products with it, of one part, and copies of the part and of the filters."""
    planes, band = _most(p)
    height, width = _plane(p)
    if planes:
        planes, rows = min(planes, prod(p.input_size[:2])), p.size[0]
    else:
        band = p.of_rows(slice(0, max(1, min(band, p.count[0]))))[1]
        planes, rows, (height, width) = 1, band.size[0], _plane(band)
    copies = planes * (rows * p.size[1] + p.area) + height * width
    laid_out = (sum(p.kernel) + 1) * apart(planes * height * width)
    filters = 2 * (prod(p.weight_size) + p.groups * max(p.kernel))
    return filters + max(
        laid_out + copies, dots.workspace(p) if dots.takes(p) else 0
    )


def gather(
    X: np.ndarray,
    K: np.ndarray,
    p: Convolution,
    Y: np.ndarray,
    b: np.ndarray | None = None,
) -> None:
    """Y_c: the sums, along one axis, of K_c times X_c laid out along the other.

    Products with padding are left out. Of weights that are not finite they are not zero: then by im2col.
    """
    if any(map(any, p.padding)) and not all_finite(K):
        columns.gather(X, K, p, Y, b)
        return
    first, axes, last = _first(p), (along(p, 0), along(p, 1)), None
    second = 1 - first
    filters = K[:, 0] if first else K[:, 0].swapaxes(1, 2)
    whole = axes[second].whole()
    if b is not None and whole is not None:
        # The weights of a row of ones, for a tap that no window lacks.
        last = np.zeros((*filters.shape[:2], 1), K.dtype)
        last[:, whole, 0] = b
        filters = np.concatenate([filters, last], 2)
    filters = np.ascontiguousarray(filters)
    for part, axis, R, Z in _laid_out(X, p, axes, last is not None):
        c, out = part.channels, part.of(Y, part.rows, copy=False)
        np.matmul(filters[c], part.matrices(R), out=part.matrices(Z))
        lines.add(_seen(Z, second), axis, _seen(out, second))
        if b is not None and last is None:
            Y[part.images, c, part.rows] += b[c, None, None]


def correlate(
    X: np.ndarray, dY: np.ndarray, p: Convolution
) -> np.ndarray:
    """dK_c: dY_c spread along one axis times X_c laid out along the other; by `dots` where it has windows enough.

    A result that is not finite is made again by im2col (see `finite`).
    """
    with silence():
        by = dots.correlate if dots.takes(p) else _laid_out_times
        dK = by(X, dY, p)
    return dK if all_finite(dK) else columns.correlate(X, dY, p)


def _laid_out_times(X, dY, p):
    dK, first = np.zeros((p.groups, *p.kernel), X.dtype), _first(p)
    by_first = dK if first else dK.swapaxes(1, 2)
    second, axes = 1 - first, (along(p, 0), along(p, 1))
    for part, axis, R, V in _laid_out(X, p, axes, zero=True):
        upstream = part.of(dY, part.rows)
        lines.spread(_seen(upstream, second), axis, _seen(V, second))
        turned = part.matrices(R).swapaxes(-1, -2)
        by_first[part.channels] += (part.matrices(V) @ turned).sum(0)
    return dK.reshape(p.weight_size)


def spread(
    K: np.ndarray, dY: np.ndarray, p: Convolution, dX: np.ndarray
) -> None:
    """Put dX_c in place of zeros: K_c times dY_c spread along its columns, put on the rows.

    Zeros between the columns would meet weights that are not finite: then by col2im.
    """
    if not all_finite(K):
        col2im.spread(K, dY, p, dX)
        return
    filters, known = np.ascontiguousarray(K[:, 0]), None
    down, across, all_rows = (
        along(p, 0),
        along(p, 1),
        slice(p.size[0]),
    )
    for part in _parts(p, first=0):
        shape = part.planes, p.count[0], p.size[1]
        if known is None:
            size = apart(prod(shape))
            buffers = [np.empty(k * size, dY.dtype) for k in p.kernel]
        Z, V = (
            _stack(*each, shape) for each in zip(buffers, p.kernel)
        )
        if shape != known and across.S > 1:
            V[...] = 0
        known = shape
        upstream = part.of(dY, part.rows)
        lines.spread(_seen(upstream, 1), across, _seen(V, 1))
        c = part.channels
        np.matmul(filters[c], part.matrices(V), out=part.matrices(Z))
        lines.put(Z, down, part.of(dX, all_rows, copy=False))


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

    With `zero` these planes are zero where windows leave gaps, and stay so.
    """
    first, known, most = _first(p), (None, None), -1
    taps = p.kernel[first] + with_ones, p.kernel[1 - first]
    met, plane = slice(0, p.size[0]), _plane(p)
    for part in _parts(p):
        if length(part.rows) < p.count[0] and part.rows != known[0]:
            met, q = p.of_rows(part.rows)
            axes, plane = (along(q, 0), along(q, 1)), _plane(q)
        shape = part.planes, *plane
        if prod(shape) > most:
            most = prod(shape)
            buffers = [
                np.empty(k * apart(most), X.dtype) for k in taps
            ]
        R, Z = (_stack(*each, shape) for each in zip(buffers, taps))
        if (part.rows, shape) != known:
            R[p.kernel[first] :] = 1
            if zero and axes[1 - first].S > 1:
                Z[...] = 0
        known = part.rows, shape
        images = _seen(part.of(X, met), first)
        lines.take(images, axes[first], _seen(R, first))
        yield part, axes[1 - first], R, Z


def _stack(buffer, number, shape):
    """Planes of a shape for each of a number of taps."""
    return rows(buffer, number, prod(shape)).reshape(number, *shape)


def _seen(A, axis):
    """The planes with one of their axes in the middle."""
    if axis == 0:
        return A
    return A.reshape(*A.shape[:-3], -1, A.shape[-1], 1)


def _parts(
    p: Convolution, first: int | None = None
) -> Iterator[Part]:
    """The parts that are worked on one at a time."""
    return parts(p, *_most(p, first))


def _most(p: Windows, first: int | None = None) -> tuple[int, int]:
    """The planes of a part, or, if that is none, the rows of one."""
    height, width = _plane(p, first)
    row = (sum(p.kernel) + 1) * width
    band = ENTRIES // row
    if _first(p):
        extent = windows.extent(p.kernel[0], p.dilation[0])
        band = (band - extent) // p.stride[0]
    return ENTRIES // (height * row), band
