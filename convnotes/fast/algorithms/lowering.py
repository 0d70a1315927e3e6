"""Convolution by lowering: copies that turn it into one matrix product, and sums that turn the product into the result.

Along each axis of the kernel there is a choice. The axis is *lowered* where the inputs that its entries meet are copied
beside each other before the product. It is *lifted* where the product has a result for each of its entries, which are
added up afterwards.

    both axes lowered      im2col: kH*kW copies of every channel
    one of each            balanced: kW copies of every channel, kH sums for every filter

So im2col suits many filters, and the balanced form a depthwise layer, whose groups have one of each. The input gradient
is the transpose: where the forward pass lowers, it lifts. That of im2col is col2im. A kernel of one pixel needs
neither, and is a product as it is.

Source: Hadjis, Abuzaid, Zhang and Re, "Caffe con Troll", arXiv 1504.04343; for the balanced form also Cho and Brand,
arXiv 1706.06873. Derived in notebooks/06_matrix_multiplication.ipynb and 12_inside_fast.ipynb.
"""

from math import prod

import numpy as np

from convnotes.annotations import Array, Function
from convnotes.fast.algorithms import taps
from convnotes.fast.algorithms.blocks import Block, blocks
from convnotes.fast.algorithms.lowering_work import held, lifted_axes, sizes_of, work_of
from convnotes.fast.machine.cost import Work
from convnotes.fast.machine.gemm import multiply, multiply_transposed
from convnotes.windows import Convolution, Windows


class Lowering:
    """The maps of a convolution by lowering the axes of the kernel that `lowers` names: 0 for rows, 1 for columns."""

    def __init__(self, lowers: Function, rule: str) -> None:
        self.lowers, self.rule = lowers, rule

    def takes(self, p: Convolution) -> bool:
        """Every problem where both axes are lowered; else all windows, and all their entries, must meet the image."""
        return self.lowers(p) == (0, 1) or taps.all_meet(p)

    def suspect(self, p: Convolution, K: Array, Y: Array) -> Array | None:
        """Products with padding are left out along an axis that is lifted: of infinite weights they are not zero."""
        return min(K, Y, key=np.size) if lifted_axes(p, self.lowers(p)) else None

    def forward(self, X: Array, K: Array, p: Convolution, Y: Array, most: float = float("inf")) -> None:
        """Write Y: lower X, multiply, and lift."""
        for block in blocks(p, sizes_of(p, self.lowers(p), most, not K.flags.c_contiguous)):
            self._forward(block, block.input(X), block.weight(K), block.output(Y))

    def grad_weight(self, X: Array, dY: Array, p: Convolution, dK: Array, most: float = float("inf")) -> None:
        """Write dK in place of zeros: lower X, lower dY along the other axes, and multiply."""
        for block in blocks(p, sizes_of(p, self.lowers(p), most)):
            self._grad_weight(block, block.input(X), block.output(dY), block.weight(dK))

    def grad_input(self, K: Array, dY: Array, p: Convolution, dX: Array, most: float = float("inf")) -> None:
        """Add to dX: lower dY along the axes that `forward` lifts, multiply, and lift along the others."""
        for block in blocks(p, sizes_of(p, self.lowers(p), most, not K.flags.c_contiguous)):
            self._grad_input(block.p, block.weight(K), block.output(dY), block.input(dX))

    def _forward(self, block: Block, X: Array, K: Array, out: Array) -> None:
        lifted = lifted_axes(block.p, self.lowers(block.p))
        R = self._lowered(X, block.p)
        weight, columns = _matrix(K, lifted), _flat(R)
        if block.begins and not lifted and (Z := _view(out, *out.shape[:2], -1)) is not None:
            multiply(weight, columns, Z)
            return
        Z = _unfold(multiply(weight, columns), out, block.p, lifted, R)
        if lifted:
            taps.lift(Z, block.p, lifted[0], out, add=not block.begins)
        else:
            np.add(Z, 0 if block.begins else out, out=out)

    def _grad_weight(self, block: Block, X: Array, dY: Array, out: Array) -> None:
        lifted = lifted_axes(block.p, self.lowers(block.p))
        R, V = _flat(self._lowered(X, block.p)), _flat(self._upstream(dY, block.p))
        part = out.transpose(_order(lifted))
        if (total := _view(part, len(R), V.shape[1], R.shape[1])) is not None:
            multiply_transposed(V, R, total, not block.is_first)
        else:
            total = np.empty((len(R), V.shape[1], R.shape[1]), X.dtype)
            multiply_transposed(V, R, total)
            part += total.reshape(part.shape)

    def _grad_input(self, p: Windows, K: Array, dY: Array, out: Array) -> None:
        axes, lifted = self.lowers(p), lifted_axes(p, self.lowers(p))
        V = self._upstream(dY, p)
        Z = _unfold(multiply(_matrix(K, lifted).swapaxes(1, 2), _flat(V)), out, p, axes, V)
        if len(axes) == 2:
            # Rows first: they are the longer runs of memory.
            total = np.empty((*Z.shape[:2], *Z.shape[3:5], out.shape[3], Z.shape[6]), Z.dtype)
            taps.lift(Z, p, 0, total, transposed=True)
            Z = total
        taps.lift(Z, p, axes[-1], out, transposed=True, add=True)

    def workspace(self, p: Convolution, most: float) -> int:
        """The entries that it holds, which are `most` at most where there is a way to cut the problem so far."""
        return held(p, self.lowers(p), sizes_of(p, self.lowers(p), most))

    def work(self, p: Convolution, which: str) -> Work:
        """What one of the three maps does."""
        return work_of(p, self.lowers(p), which)

    def _lowered(self, X: Array, p: Windows) -> Array:
        """An input of which both axes are lowered as a view, or else one as a copy."""
        axes = self.lowers(p)
        if len(axes) == 2:
            return taps.windows_of(X, p)
        return taps.lower(X, p, *axes) if taps.active(p, *axes) else X

    def _upstream(self, dY: Array, p: Windows) -> Array:
        """An output gradient, lowered along the axis that is lifted, if any."""
        lifted = lifted_axes(p, self.lowers(p))
        return taps.lower(dY, p, lifted[0], transposed=True) if lifted else dY


def _flat(A: Array) -> Array:
    """A stack of matrices, one for each group: channels and taps are rows, places are columns."""
    return A.reshape(len(A), prod(A.shape[1:-3]), prod(A.shape[-3:]))


def _view(A: Array, *shape: int) -> Array | None:
    """An array in another shape where that needs no copy."""
    try:
        return A.reshape(shape, copy=False)
    except ValueError:
        return None


def _unfold(Z: Array, out: Array, p: Windows, axes: tuple[int, ...], like: Array) -> Array:
    """A product as (G, channels, taps of some axes, images, H, W): channels as in `out`, planes as in `like`."""
    return Z.reshape(*out.shape[:2], *(p.kernel[axis] for axis in axes), *like.shape[-3:])


def _order(lifted: tuple[int, ...]) -> tuple[int, ...]:
    """The axes of a weight (G, F, C, kH, kW): the one that is lifted belongs to the filters."""
    lowered = (axis for axis in (0, 1) if axis not in lifted)
    return 0, 1, *(3 + axis for axis in lifted), 2, *(3 + axis for axis in lowered)


def _matrix(K: Array, lifted: tuple[int, ...]) -> Array:
    """A weight (G, F, C, kH, kW) as one matrix for each group, (filters and lifted taps, channels and lowered taps)."""
    rows = K.shape[1] * prod(K.shape[3 + axis] for axis in lifted)
    matrix = K.transpose(_order(lifted)).reshape(len(K), rows, -1)
    # BLAS takes rows that lie apart, but not what has gaps within them, or is turned round.
    return matrix if matrix.strides[-1] == matrix.itemsize else np.ascontiguousarray(matrix)


# One line registers an algorithm, here and in `dispatch`.
im2col = Lowering(lambda p: (0, 1), "every problem")
balanced = Lowering(lambda p: (1,) if p.stride[1] == 1 else (0,), "windows that all meet the image")
