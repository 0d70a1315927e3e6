"""Lowering and lifting along an axis: what the entries of a kernel, its taps, read is copied side by side, or added.

Arrays have axes for groups, channels, then taps if any, images, rows and columns. Each step adds or takes away the taps
of one axis. Columns are lowered first and lifted last, since copies of rows are longer runs of memory.
"""

from math import prod
from typing import NamedTuple

import numpy as np

from convnotes.fast.machine.workspace import Buffers
from convnotes.windows import Windows


# Windows at a step of one on an axis without padding, with a kernel of one entry, neither lower nor lift.
def active(p: Windows, axis: int) -> bool:
    return (p.kernel[axis], p.stride[axis], p.padding[axis]) != (1, 1, (0, 0))


def all_meet(p: Windows, axis: int) -> bool:
    return all(places.start < places.stop for places, _ in p.meetings(axis))


def lifted(p: Windows, axes: tuple) -> tuple:
    """The axes that are not lowered, but need to be one or the other."""
    return tuple(axis for axis in (0, 1) if axis not in axes and active(p, axis))


class Step(NamedTuple):
    """What the entries of a kernel do along an axis: pairs of places in the result and in what they are read from."""

    axis: int
    size: int
    taps: list[tuple[slice, slice]]


def steps_of(p: Windows, axes: tuple, transposed: bool = False) -> list[Step]:
    """Windows that read an input; transposed, inputs that read the windows."""
    if transposed:
        return [
            Step(axis, p.size[axis], [(met, places) for places, met in p.meetings(axis)])
            for axis in axes
            if active(p, axis)
        ]
    return [Step(axis, p.count[axis], list(p.meetings(axis))) for axis in axes if active(p, axis)]


def along(axis: int, part: slice) -> tuple:
    """An index of part of the rows, 0, or of the columns, 1."""
    return (..., part, slice(None)) if axis == 0 else (..., part)


def lower(A: np.ndarray, steps: list[Step], buffers: Buffers, name: str) -> np.ndarray:
    """(G, C, ..., H, W) -> (G, C, taps, ..., H, W) for each step: beside each other what the taps read, or zeros."""
    for axis, size, taps in reversed(steps):
        shape = (*A.shape[2:-2], size, A.shape[-1]) if axis == 0 else (*A.shape[2:-1], size)
        out = buffers(f"{name} {axis}", *A.shape[:2], len(taps), *shape)
        for k, (places, read) in enumerate(taps):
            plane, part = out[:, :, k], A[along(axis, read)]
            if places.step is not None and part.shape[axis - 2] < size:
                plane[...] = 0
            else:
                plane[along(axis, slice(0, places.start))] = 0
                plane[along(axis, slice(places.stop, size))] = 0
            plane[along(axis, places)] = part
        A = out
    return A


def lift(A: np.ndarray, steps: list[Step], out: np.ndarray, buffers: Buffers, add: bool) -> None:
    """(G, F, taps, ..., H, W) -> (G, F, ..., H, W) for each step: the sum of what the taps read, in `out` or added."""
    for i, (axis, size, taps) in enumerate(steps):
        total, more = out, add
        if i < len(steps) - 1:
            shape = (*A.shape[3:-2], size, A.shape[-1]) if axis == 0 else (*A.shape[3:-1], size)
            total, more = buffers(f"lifted {axis}", *A.shape[:2], *shape), False
        parts = [(along(axis, places), A[:, :, k][along(axis, read)]) for k, (places, read) in enumerate(taps)]
        if not more:
            first = next((part for part in parts if part[1].shape == total.shape), None)
            total[...] = 0 if first is None else first[1]
            parts = [part for part in parts if part is not first]
        for places, part in parts:
            total[places] += part
        A = total
    if not steps:
        if add:
            out += A
        else:
            out[...] = A


def unfold(Z, out, steps, like) -> np.ndarray:
    """A product as (G, channels, taps, images, H, W): the channels are those of `out`, the planes those of `like`."""
    return Z.reshape(*out.shape[:2], *(len(step.taps) for step in steps), *like.shape[-3:])


def flat(A: np.ndarray) -> np.ndarray:
    """A stack of matrices, one for each group: channels and taps are rows, places are columns."""
    return A.reshape(len(A), prod(A.shape[1:-3]), prod(A.shape[-3:]))


def flat_view(A: np.ndarray) -> np.ndarray | None:
    """The same where it needs no copy."""
    try:
        return A.reshape(*A.shape[:2], -1, copy=False)
    except ValueError:
        return None


def order(lifted: tuple) -> tuple:
    """The axes of a weight (G, F, C, kH, kW): those that are lifted belong to the filters."""
    lowered = (axis for axis in (0, 1) if axis not in lifted)
    return 0, 1, *(3 + axis for axis in lifted), 2, *(3 + axis for axis in lowered)


def matrix(K: np.ndarray, lifted: tuple) -> np.ndarray:
    """A weight (G, F, C, kH, kW) as one matrix for each group, (filters and lifted taps, channels and lowered taps)."""
    taps = prod(K.shape[3 + axis] for axis in lifted)
    return K.transpose(order(lifted)).reshape(len(K), K.shape[1] * taps, -1)
