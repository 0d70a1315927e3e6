"""Convolution by lowering: copies that turn it into one matrix product, and sums that turn the product into the result.

Along each axis of the kernel there is a choice. The axis is *lowered* where the inputs that its entries meet are copied
beside each other before the product. It is *lifted* where the product has a result for each of its entries, which are
added up afterwards.

    both axes lowered      im2col: kH*kW copies of every channel
    both axes lifted       kn2row: kH*kW sums for every filter, and no copy
    one of each            balanced: kW copies of every channel, kH sums for every filter

So im2col suits many filters, kn2row few, and the balanced form a depthwise layer, whose groups have one of each. The
input gradient is the transpose: where the forward pass lowers, it lifts. That of im2col is col2im. A kernel of one
pixel needs neither, and is a product as it is.

Source: Hadjis, Abuzaid, Zhang and Re, "Caffe con Troll", arXiv 1504.04343; for kn2row Vasudevan, Anderson and Gregg,
arXiv 1704.04428; for the balanced form also Cho and Brand, arXiv 1706.06873.
Derived in notebooks/06_matrix_multiplication.ipynb and 09_fast_convolution.ipynb.
"""

from functools import lru_cache
from math import prod
from typing import NamedTuple

import numpy as np

from convnotes.fast.algorithms.blocks import Sizes, blocks, fitting, number, whole
from convnotes.fast.machine.cost import Work, product
from convnotes.fast.machine.gemm import LONG, multiply, multiply_transposed
from convnotes.fast.machine.workspace import Buffers
from convnotes.windows import Convolution, Windows

# The entries that a block should hold: they fit in the cache that all cores share.
ENTRIES = 2**20


class Lowering:
    """The three maps of a convolution by lowering the axes of the kernel that `lowers` names: 0 for rows, 1 for columns."""

    def __init__(self, lowers, rule: str):
        self.lowers, self.rule = lowers, rule

    def takes(self, p: Convolution) -> bool:
        """Every problem where both axes are lowered; else all windows, and all their entries, must meet the image."""
        return self.lowers(p) == (0, 1) or (p.all_meet_input() and all(map(_all_meet, (p, p), (0, 1))))

    def suspect(self, p: Convolution, K, Y) -> np.ndarray | None:
        """Products with padding are left out along an axis that is lifted: of infinite weights they are not zero."""
        return min(K, Y, key=np.size) if _lifted(p, self.lowers(p)) else None

    def forward(self, X, K, p: Convolution, Y, b=None, most=float("inf")) -> None:
        """Write Y: lower X, multiply, and lift."""
        axes, buffers = self.lowers(p), Buffers(X.dtype)
        for block in blocks(p, self.sizes(p, most, copies=not K.flags.c_contiguous)):
            lifted, out = _lifted(block.p, axes), block.output(Y)
            R = _lower(block.input(X), _steps(block.p, axes), buffers, "input")
            weight, columns = _matrix(block.weight(K), lifted), _flat(R)
            direct = block.begins and not lifted and out.shape[2] == 1
            Z = _flat_view(out) if direct else None
            if Z is not None:
                multiply(weight, columns, Z)
            else:
                Z = buffers("product", *weight.shape[:2], columns.shape[2])
                multiply(weight, columns, Z)
                steps = _steps(block.p, lifted)
                _lift(_unfold(Z, out, steps, R), steps, out, buffers, not block.begins)
            if b is not None and block.begins:
                out += block.bias(b)

    def grad_weight(self, X, dY, p: Convolution, dK, most=float("inf")) -> None:
        """Add to dK: lower X, lower dY along the other axes, and multiply."""
        axes, buffers = self.lowers(p), Buffers(X.dtype)
        for block in blocks(p, self.sizes(p, most, copies=True)):
            lifted = _lifted(block.p, axes)
            R = _lower(block.input(X), _steps(block.p, axes), buffers, "input")
            V = _lower(block.output(dY), _steps(block.p, lifted, True), buffers, "output")
            V, R = _flat(V), _flat(R)
            part = block.weight(dK).transpose(_order(lifted))
            total = part.reshape(len(V), V.shape[1], -1)
            if not np.may_share_memory(total, part):
                total[...] = 0
            multiply_transposed(V, R, total)
            if not np.may_share_memory(total, part):
                part += total.reshape(part.shape)

    def grad_input(self, K, dY, p: Convolution, dX, most=float("inf")) -> None:
        """Add to dX: lower dY along the axes that `forward` lifts, multiply, and lift along the others."""
        axes, buffers = self.lowers(p), Buffers(dY.dtype)
        for block in blocks(p, self.sizes(p, most, copies=not K.flags.c_contiguous)):
            lifted, out = _lifted(block.p, axes), block.input(dX)
            V = _lower(block.output(dY), _steps(block.p, lifted, True), buffers, "output")
            weight = _matrix(block.weight(K), lifted).swapaxes(1, 2)
            columns = _flat(V)
            Z = buffers("product", *weight.shape[:2], columns.shape[2])
            multiply(weight, columns, Z)
            steps = _steps(block.p, axes, True)
            _lift(_unfold(Z, out, steps, V), steps, out, buffers, True)

    def sizes(self, p: Convolution, most: float, copies: bool) -> Sizes:
        """The sizes of its blocks; `copies`: whether a block of the weight is copied."""
        return _sizes(p, self.lowers(p), most, copies)

    def work(self, p: Convolution) -> Work:
        """What each of the three maps does."""
        axes, sizes = self.lowers(p), self.sizes(p, float("inf"), copies=True)
        cut, total = number(p, sizes), Work(calls=10)
        for entries, run, taps in _stages(p, axes, whole(p)):
            total += Work(copied=entries, runs=entries / max(1, run), calls=cut * taps)
        if _lifted(p, axes):
            # The weight is turned, so that taps that are lifted belong to its filters.
            runs = prod(p.weight_size) / (p.kernel[1] if 1 in axes else 1)
            total += Work(copied=prod(p.weight_size), runs=runs)
        (M, K, N), matrices = _product(p, axes, whole(p)), cut * sizes.groups
        return total + product(M, K, N * p.groups / max(1, matrices), matrices)


# Windows at a step of one on an axis without padding, with a kernel of one entry, neither lower nor lift.
def _active(p: Windows, axis: int) -> bool:
    return (p.kernel[axis], p.stride[axis], p.padding[axis]) != (1, 1, (0, 0))


def _all_meet(p: Windows, axis: int) -> bool:
    return all(places.start < places.stop for places, _ in p.meetings(axis))


def _lifted(p: Windows, axes: tuple) -> tuple:
    """The axes that are not lowered, but need to be one or the other."""
    return tuple(axis for axis in (0, 1) if axis not in axes and _active(p, axis))


class Step(NamedTuple):
    """What the entries of a kernel do along an axis: pairs of places in the result and in what they are read from."""

    axis: int
    size: int
    taps: list[tuple[slice, slice]]


def _steps(p: Windows, axes: tuple, transposed: bool = False) -> list[Step]:
    """Windows that read an input; transposed, inputs that read the windows."""
    if transposed:
        return [
            Step(axis, p.size[axis], [(met, places) for places, met in p.meetings(axis)])
            for axis in axes
            if _active(p, axis)
        ]
    return [Step(axis, p.count[axis], list(p.meetings(axis))) for axis in axes if _active(p, axis)]


def _along(axis: int, part: slice) -> tuple:
    """An index of part of the rows, 0, or of the columns, 1."""
    return (..., part, slice(None)) if axis == 0 else (..., part)


def _lower(A: np.ndarray, steps: list[Step], buffers: Buffers, name: str) -> np.ndarray:
    """(G, C, ..., H, W) -> (G, C, taps, ..., H, W) for each step: beside each other what the taps read, or zeros."""
    for axis, size, taps in reversed(steps):
        shape = (*A.shape[2:-2], size, A.shape[-1]) if axis == 0 else (*A.shape[2:-1], size)
        out = buffers(f"{name} {axis}", *A.shape[:2], len(taps), *shape)
        for k, (places, read) in enumerate(taps):
            plane, part = out[:, :, k], A[_along(axis, read)]
            if places.step is not None and part.shape[axis - 2] < size:
                plane[...] = 0
            else:
                plane[_along(axis, slice(0, places.start))] = 0
                plane[_along(axis, slice(places.stop, size))] = 0
            plane[_along(axis, places)] = part
        A = out
    return A


def _lift(A: np.ndarray, steps: list[Step], out: np.ndarray, buffers: Buffers, add: bool) -> None:
    """(G, F, taps, ..., H, W) -> (G, F, ..., H, W) for each step: the sum of what the taps read, in `out` or added."""
    for i, (axis, size, taps) in enumerate(steps):
        total, more = out, add
        if i < len(steps) - 1:
            shape = (*A.shape[3:-2], size, A.shape[-1]) if axis == 0 else (*A.shape[3:-1], size)
            total, more = buffers(f"lifted {axis}", *A.shape[:2], *shape), False
        parts = [(_along(axis, places), A[:, :, k][_along(axis, read)]) for k, (places, read) in enumerate(taps)]
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


def _unfold(Z, out, steps, like) -> np.ndarray:
    """A product as (G, channels, taps, images, H, W): the channels are those of `out`, the planes those of `like`."""
    return Z.reshape(*out.shape[:2], *(len(step.taps) for step in steps), *like.shape[-3:])


def _flat(A: np.ndarray) -> np.ndarray:
    """A stack of matrices, one for each group: channels and taps are rows, places are columns."""
    return A.reshape(len(A), prod(A.shape[1:-3]), prod(A.shape[-3:]))


def _flat_view(A: np.ndarray) -> np.ndarray | None:
    """The same where it needs no copy."""
    try:
        return A.reshape(*A.shape[:2], -1, copy=False)
    except ValueError:
        return None


def _order(lifted: tuple) -> tuple:
    """The axes of a weight (G, F, C, kH, kW): those that are lifted belong to the filters."""
    lowered = (axis for axis in (0, 1) if axis not in lifted)
    return 0, 1, *(3 + axis for axis in lifted), 2, *(3 + axis for axis in lowered)


def _matrix(K: np.ndarray, lifted: tuple) -> np.ndarray:
    """A weight (G, F, C, kH, kW) as one matrix for each group, (filters and lifted taps, channels and lowered taps)."""
    taps = prod(K.shape[3 + axis] for axis in lifted)
    return K.transpose(_order(lifted)).reshape(len(K), K.shape[1] * taps, -1)


def _stages(p: Convolution, axes: tuple, s: Sizes) -> list[tuple[int, int, int]]:
    """Of every step the entries that it copies or adds, the length of runs of them, and its taps."""
    kernel, count = (s.down, s.across), (s.rows, s.columns)
    met = [
        min(size, (n - 1) * S + (K - 1) * D + 1)
        for size, n, S, K, D in zip(p.size, count, p.stride, kernel, p.dilation)
    ]
    inner = [count[axis] if axis in axes else met[axis] for axis in (0, 1)]
    stages = []
    for channels, mine in ((s.channels, axes), (s.filters, _lifted(p, axes))):
        planes = s.groups * s.images * channels
        active = [axis for axis in mine if _active(p, axis)]
        if 1 in active:
            # Before rows are lowered, or after they are lifted.
            height = inner[0] if 0 not in active else met[0] if mine is axes else count[0]
            slow = 3 if p.stride[1] > 1 else 1
            stages.append((slow * planes * s.across * height * inner[1], inner[1], s.across))
        if 0 in active:
            run = inner[1] * (inner[0] if p.stride[0] == 1 else 1)
            taps = s.down * (s.across if 1 in active else 1)
            stages.append((planes * taps * prod(inner), run, s.down))
    return stages


def _product(p: Convolution, axes: tuple, s: Sizes) -> tuple[int, int, int]:
    """The rows, terms and columns of a block's product for each of its groups."""
    kernel, lifted = (s.down, s.across), _lifted(p, axes)
    count = (s.rows, s.columns)
    met = [min(p.size[axis], (count[axis] - 1) * p.stride[axis] + (kernel[axis] - 1) * p.dilation[axis] + 1) for axis in (0, 1)]
    N = s.images * prod(met[axis] if axis in lifted else count[axis] for axis in (0, 1))
    M = s.filters * prod(kernel[axis] for axis in lifted)
    return M, s.channels * prod(kernel[axis] for axis in (0, 1) if axis not in lifted), N


@lru_cache(maxsize=1024)
def _sizes(p: Convolution, axes: tuple, most: float, copies: bool) -> Sizes:
    def held(s: Sizes) -> int:
        M, K, N = _product(p, axes, s)
        product = s.groups * N * (M + K)
        weight = s.matrix * (2 + N // LONG) if copies or s.matrix < prod(p.weight_size) else 0
        return product + sum(entries for entries, *_ in _stages(p, axes, s)) + weight

    def lowered(s: Sizes) -> int:
        M, K, N = _product(p, axes, s)
        return s.groups * N * (K if axes == (0, 1) else K + M)

    return fitting(whole(p), lowered, ENTRIES, held, most)


# One line registers an algorithm, here and in `dispatch`.
im2col = Lowering(lambda p: (0, 1), "every problem")
kn2row = Lowering(lambda p: (), "windows that all meet the image")
balanced = Lowering(lambda p: (1,) if p.stride[1] == 1 else (0,), "windows that all meet the image")
