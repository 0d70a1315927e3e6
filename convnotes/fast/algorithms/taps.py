"""Lowering and lifting: what the entries of a kernel, its taps, read is copied side by side; what they give is added.

Arrays have axes for groups, channels, then taps if any, images, rows and columns.
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided

from convnotes.annotations import Index
from convnotes.windows import Windows


def active(p: Windows, axis: int) -> bool:
    """Whether windows are more than the entries of an axis one by one, which neither lower nor lift."""
    return p.kernel[axis] > 1 or p.size[axis] != p.count[axis] or p.padding[axis] != (0, 0)


def all_meet(p: Windows) -> bool:
    """Whether every window meets the input, and every tap does in some window."""
    return p.all_meet_input() and all(places.start < places.stop for axis in (0, 1) for places, _ in p.meetings(axis))


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


def lower(A: np.ndarray, p: Windows, axis: int, transposed: bool = False) -> np.ndarray:
    """One axis lowered: (G, C, N, H, W) -> (G, C, taps, N, ...), side by side what the taps read, or zeros.

    Windows read an input; transposed, inputs read the windows that they are in.
    """
    size, shape = (p.size if transposed else p.count)[axis], list(A.shape)
    shape[3 + axis] = size
    out = np.empty((*shape[:2], p.kernel[axis], *shape[2:]), A.dtype)
    for k, (places, read) in enumerate(p.meetings(axis)):
        if transposed:
            places, read = read, places
        plane, in_a_run = out[:, :, k], places.step in (None, 1)
        for rest in (slice(0, places.start), slice(places.stop, size)) if in_a_run else (slice(None),):
            plane[along(axis, rest)] = 0
        plane[along(axis, places)] = A[along(axis, read)]
    return out


def lift(A: np.ndarray, p: Windows, axis: int, out: np.ndarray, transposed: bool = False, add: bool = False) -> None:
    """One axis lifted: (G, C, taps, ..., H, W) -> (G, C, ..., H, W), for each place the sum of what the taps give."""
    parts = []
    for k, pair in enumerate(p.meetings(axis)):
        places, read = pair[::-1] if transposed else pair
        parts.append((A[:, :, k][along(axis, read)], out[along(axis, places)]))
    if not add:
        # Whichever tap has something for all places writes them, and the others add.
        first = next((part for part in parts if part[1].shape == out.shape), None)
        out[...] = 0 if first is None else first[0]
        parts = [part for part in parts if part is not first]
    for given, place in parts:
        place += given


def along(axis: int, part: slice) -> Index:
    """An index of part of the rows, 0, or of the columns, 1."""
    return (..., part, slice(None)) if axis == 0 else (..., part)
