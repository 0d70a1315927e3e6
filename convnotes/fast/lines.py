"""Windows along one axis, for a whole block at once: everything is one line, shifted by a tap.

Window x has tap k of its kernel on entry  x*S + k*D - P  of an axis. Where the axis is S times as long as the number of
windows, as in most layers, that goes on over its end: the next row's windows are S entries apart from this row's
too. So a copy or an addition for one tap is a single run over all rows, all channels and all images. What a window on
the padding meets of a neighbouring row does not belong to it, and belongs to no other: it is set to zero.

Arrays are (outer, size, inner) with the axis in the middle, or one such for each tap. `take` and `add` make the sums
over windows, `spread` and `put` are their transposes.

Derived in notebooks/09_fast_convolution.ipynb.
"""

from typing import NamedTuple

import numpy as np

from convnotes.fast.blocks import beside
from convnotes.fast.buffers import copy_rows
from convnotes.fast.gaps import among_zeros, every
from convnotes.fast.separable import combine
from convnotes.windows import Windows, inside


class Axis(NamedTuple):
    """An axis of `size` entries and `count` windows that lie S apart.

    taps: for every tap, the entry on which the first window has it, and the windows that have it on the padding
    in_line: whether windows keep their distance over the ends of the axis
    """

    size: int
    count: int
    S: int
    taps: list[tuple[int, list[slice]]]
    in_line: bool

    def met(self, start: int, outer: int) -> tuple[slice, slice]:
        """The windows that have a tap on the axis, or on the line of all of them, and what they meet there."""
        if self.in_line:
            return inside(
                start, self.S, outer * self.count, outer * self.size
            )
        return inside(start, self.S, self.count, self.size)

    def whole(self) -> int | None:
        """A tap that the windows have on the axis all of them, if there is one, and as it lies."""
        for k, (start, others) in enumerate(self.taps):
            if start == 0 and not others:
                return k
        return None


def axis_of(size: int, count: int, S: int, starts: list[int]) -> Axis:
    """Windows whose taps lie at `starts` for the first of them."""
    taps = [
        (start, beside(inside(start, S, count, size)[0], count))
        for start in starts
    ]
    return Axis(size, count, S, taps, size == S * count)


def along(p: Windows, axis: int) -> Axis:
    """The windows of `p` along its rows, 0, or its columns, 1."""
    D, (before, _) = p.dilation[axis], p.padding[axis]
    starts = [k * D - before for k in range(p.kernel[axis])]
    return axis_of(
        p.size[axis], p.count[axis], p.stride[axis], starts
    )


def take(X: np.ndarray, axis: Axis, R: np.ndarray) -> None:
    """R_(k, x) = X_(x*S + k*D - P), and 0 on the padding: what every tap of the windows meets."""
    source = _line(X, axis)
    for (start, others), plane in zip(axis.taps, R):
        windows, met = axis.met(start, len(X))
        target = _line(plane, axis)[..., windows, :]
        if axis.S > 1 and X.shape[-1] == 1:
            every(source[..., 0], axis.S, met.start, target[..., 0])
        else:
            copy_rows(source[..., met, :], target)
        for other in others:
            plane[:, other] = 0


def take_rows(X: np.ndarray, meetings, planes) -> None:
    """For each tap, the rows of X that windows have on the image, in their places, and zeros in the others.

    X: (..., H, W); meetings: pairs of the windows and the rows that they meet; planes: (..., H_Y, W) for each tap,
    which need not follow one another
    """
    for (windows, met), plane in zip(meetings, planes):
        copy_rows(X[..., met, :], plane[..., windows, :])
        for other in beside(windows, plane.shape[-2]):
            plane[..., other, :] = 0


def add(Z: np.ndarray, axis: Axis, Y: np.ndarray) -> None:
    """Y_x = sum over k of Z_(k, x*S + k*D - P); what windows on the padding meet in Z is overwritten."""
    parts = []
    for (start, others), plane in zip(axis.taps, Z):
        _clear(plane, axis, start, others)
        windows, met = axis.met(start, len(Y))
        parts.append((windows, _line(plane, axis)[..., met, :]))
    combine(np.add, 0, parts, _line(Y, axis), axis=-2)


def spread(Y: np.ndarray, axis: Axis, V: np.ndarray) -> None:
    """V_(k, x*S + k*D - P) = Y_x, the transpose of `add`; with a stride, in place of zeros."""
    source = _line(Y, axis)
    for (start, others), plane in zip(axis.taps, V):
        windows, met = axis.met(start, len(Y))
        target = _line(plane, axis)
        if axis.S > 1 and Y.shape[-1] == 1:
            values, places = source[..., windows, 0], target[..., 0]
            among_zeros(values, places, axis.S, met.start)
        else:
            target[..., met, :] = source[..., windows, :]
        if axis.S == 1:
            for rest in beside(met, target.shape[-2]):
                target[..., rest, :] = 0
        _clear(plane, axis, start, others)


def put(Z: np.ndarray, axis: Axis, X: np.ndarray) -> None:
    """X_(x*S + k*D - P) = sum over k of Z_(k, x), in place of zeros: the transpose of `take`."""
    S = axis.S
    for phase in range(S):
        taps = [
            (start // S, plane)
            for (start, _), plane in zip(axis.taps, Z)
            if start % S == phase
        ]
        if not taps:
            continue
        starts, planes = zip(*taps)
        out = X[:, phase::S]
        # Entry h is met by window h - start: that is a sum over windows, too.
        turned = axis_of(
            axis.count, out.shape[1], 1, [-start for start in starts]
        )
        if S == 1:
            add(planes, turned, out)
        else:
            # The entries of a phase lie side by side as long as they are being added.
            total = np.empty(out.shape, out.dtype)
            add(planes, turned, total)
            # Behind the entries of later phases the first one's lie already.
            if phase == 0 and X.shape[-1] == 1:
                among_zeros(total[..., 0], X[..., 0], S, 0)
            else:
                copy_rows(total, out)


def _line(A, axis):
    """The array with its axis in one line, if windows keep their distance over the ends."""
    return A.reshape(-1, A.shape[-1]) if axis.in_line else A


def _clear(plane, axis, start, others) -> None:
    """Zeros for what windows on the padding meet of a neighbour."""
    if axis.in_line:
        for other in others:
            for x in range(other.start, other.stop):
                plane[:, (x * axis.S + start) % axis.size] = 0
