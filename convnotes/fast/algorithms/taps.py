"""Lowering and lifting along an axis: what the entries of a kernel, its taps, read is copied side by side, or added.

Arrays have axes for groups, channels, then taps if any, images, rows and columns. Each step adds or takes away the taps
of one axis. Columns are lowered first and lifted last, since copies of rows are longer runs of memory.
"""

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from convnotes.windows import Windows, inside


def active(p: Windows, axis: int) -> bool:
    """Whether windows are more than the entries of an axis one by one, which neither lower nor lift."""
    return p.kernel[axis] > 1 or p.size[axis] != p.count[axis] or p.padding[axis] != (0, 0)


def all_meet(p: Windows) -> bool:
    """Whether every window meets the input, and every tap does in some window."""
    return p.all_meet_input() and all(places.start < places.stop for axis in (0, 1) for places, _ in p.meetings(axis))


def lifted(p: Windows, axes: tuple) -> tuple:
    """The axes that are not lowered, but need to be one or the other."""
    return tuple(axis for axis in (0, 1) if axis not in axes and active(p, axis))


class Step(NamedTuple):
    """What the taps of a kernel do along an axis: places in a result of a size, and what each reads for them."""

    axis: int
    size: int
    taps: list[tuple[slice, slice]]


def steps_of(p: Windows, axes: tuple, transposed: bool = False) -> list[Step]:
    """Windows that read an input; transposed, inputs that read the windows."""
    axes = [axis for axis in axes if active(p, axis)]
    if transposed:
        return [Step(axis, p.size[axis], [pair[::-1] for pair in p.meetings(axis)]) for axis in axes]
    return [Step(axis, p.count[axis], list(p.meetings(axis))) for axis in axes]


def along(axis: int, part: slice) -> tuple:
    """An index of part of the rows, 0, or of the columns, 1."""
    return (..., part, slice(None)) if axis == 0 else (..., part)


def lower(A: np.ndarray, steps: list[Step], buffers, name: str) -> np.ndarray:
    """(G, C, ..., H, W) -> (G, C, taps, ..., H, W) for each step: side by side what the taps read, or zeros."""
    for axis, size, taps in reversed(steps):
        shape = (*A.shape[2:-2], size, A.shape[-1]) if axis == 0 else (*A.shape[2:-1], size)
        out = buffers(f"{name} {axis}", *A.shape[:2], len(taps), *shape)
        for k, (places, read) in enumerate(taps):
            plane, number = out[:, :, k], len(range(size)[places])
            gaps = number < size and places.step is not None and places.step > 1
            if number == 0 or gaps:
                plane[...] = 0
            if not gaps and (runs := _in_line(plane, A, axis, places, read)):
                runs[0][...] = runs[1]
            else:
                plane[along(axis, places)] = A[along(axis, read)]
            if 0 < number and not gaps:
                for rest in (slice(0, places.start), slice(places.stop, size)):
                    if rest.start < rest.stop:
                        plane[along(axis, rest)] = 0
        A = out
    return A


def _in_line(target: np.ndarray, source: np.ndarray, axis: int, places: slice, read: slice) -> tuple | None:
    """The places of a target, and what they read of a source, as one run of memory over all rows.

    None where columns do not keep their distance over the ends of rows. At these ends a place may read another row.
    """
    t, s = places.step or 1, read.step or 1
    in_rows = all(A.strides[-2] == A.shape[-1] * A.strides[-1] for A in (target, source))
    if axis == 0 or not in_rows or places.start == places.stop or target.shape[-1] * s != source.shape[-1] * t:
        return None
    target, source = (A.reshape(*A.shape[:-2], -1) for A in (target, source))
    before, first = divmod(places.start, t)
    number = -(-(target.shape[-1] - first) // t)
    some, met = inside(read.start - before * s, s, number, source.shape[-1])
    return target[..., first::t][..., some], source[..., met]


def windows_of(A: np.ndarray, p: Windows) -> np.ndarray:
    """Both axes lowered as a view of the padded input: (G, C, N, H, W) -> (G, C, kH, kW, N, H_Y, W_Y)."""
    (top, _), (left, _) = p.padding
    if p.covered != A.shape[3:] or top or left:
        H, W = (min(size, n - before) for size, n, (before, _) in zip(p.size, p.covered, p.padding))
        canvas = np.zeros((*A.shape[:3], *p.covered), A.dtype)
        canvas[..., top : top + H, left : left + W] = A[..., : max(0, H), : max(0, W)]
        A = canvas
    (S_H, S_W), (D_H, D_W), (g, c, n, down, across) = p.stride, p.dilation, A.strides
    strides = g, c, D_H * down, D_W * across, n, S_H * down, S_W * across
    return as_strided(A, (*A.shape[:2], *p.kernel, A.shape[2], *p.count), strides)


def lift(A: np.ndarray, steps: list[Step], out: np.ndarray, buffers, add: bool) -> None:
    """(G, F, taps, ..., H, W) -> (G, F, ..., H, W) for each step: the sum of what the taps read, in `out` or added.

    A may be changed.
    """
    for i, (axis, size, taps) in enumerate(steps):
        total, more = out, add
        if i < len(steps) - 1:
            shape = (*A.shape[3:-2], size, A.shape[-1]) if axis == 0 else (*A.shape[3:-1], size)
            total, more = buffers(f"lifted {axis}", *A.shape[:2], *shape), False
        parts = [(A[:, :, k], *tap) for k, tap in enumerate(taps) if tap[0].start < tap[0].stop]
        if not more:
            first = next((part for part in parts if len(range(size)[part[1]]) == size), None)
            total[...] = 0 if first is None else first[0][along(axis, first[2])]
            parts = [part for part in parts if part is not first]
        for plane, places, read in parts:
            if runs := _in_line(total, plane, axis, places, read):
                # What would be added to another row is set to zero before.
                before, first = divmod(read.start, read.step or 1)
                columns = plane[..., first :: read.step]
                columns[..., :before] = columns[..., before + len(range(plane.shape[-1])[read]) :] = 0
                runs[0][...] += runs[1]
            else:
                total[along(axis, places)] += plane[along(axis, read)]
        A = total
    if not steps:
        if add:
            out += A
        else:
            out[...] = A


def unfold(Z, out, steps, like) -> np.ndarray:
    """A product as (G, channels, taps, images, H, W): the channels are those of `out`, the planes those of `like`."""
    return Z.reshape(*out.shape[:2], *(len(step.taps) for step in steps), *like.shape[-3:])
