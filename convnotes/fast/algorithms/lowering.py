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

from math import prod

import numpy as np

from convnotes.fast.algorithms import taps
from convnotes.fast.algorithms.blocks import Sizes, blocks
from convnotes.fast.algorithms.lowering_work import held, sizes_of, work_of
from convnotes.fast.machine.cost import Work
from convnotes.fast.machine.gemm import multiply, multiply_transposed
from convnotes.fast.machine.workspace import Buffers
from convnotes.windows import Convolution, Windows

# The entries of columns that one copy makes.
SMALL = 2**15


class Lowering:
    """The maps of a convolution by lowering the axes of the kernel that `lowers` names: 0 for rows, 1 for columns."""

    def __init__(self, lowers, rule: str):
        self.lowers, self.rule = lowers, rule

    def takes(self, p: Convolution) -> bool:
        """Every problem where both axes are lowered; else all windows, and all their entries, must meet the image."""
        return self.lowers(p) == (0, 1) or taps.all_meet(p)

    def suspect(self, p: Convolution, K, Y) -> np.ndarray | None:
        """Products with padding are left out along an axis that is lifted: of infinite weights they are not zero."""
        return min(K, Y, key=np.size) if taps.lifted(p, self.lowers(p)) else None

    def forward(self, X, K, p: Convolution, Y, b=None, most=float("inf")) -> None:
        """Write Y: lower X, multiply, and lift."""
        axes, buffers = self.lowers(p), Buffers(X.dtype)
        for block in blocks(p, self.sizes(p, most, copies=not K.flags.c_contiguous)):
            lifted, out = taps.lifted(block.p, axes), block.output(Y)
            R = _lowered(block.input(X), block.p, axes, buffers)
            weight, columns = _matrix(block.weight(K), lifted), _flat(R)
            direct = block.begins and not lifted and out.shape[2] == 1
            Z = _flat_view(out) if direct else None
            if Z is not None:
                multiply(weight, columns, Z)
            else:
                Z = buffers("product", *weight.shape[:2], columns.shape[2])
                multiply(weight, columns, Z)
                steps = taps.steps_of(block.p, lifted)
                taps.lift(taps.unfold(Z, out, steps, R), steps, out, buffers, not block.begins)
            if b is not None and block.begins:
                out += block.bias(b)

    def grad_weight(self, X, dY, p: Convolution, dK, most=float("inf"), add=False) -> None:
        """Write dK in place of zeros, or add: lower X, lower dY along the other axes, and multiply."""
        axes, buffers = self.lowers(p), Buffers(X.dtype)
        for block in blocks(p, self.sizes(p, most, copies=True)):
            lifted = taps.lifted(block.p, axes)
            R = _flat(_lowered(block.input(X), block.p, axes, buffers))
            V = taps.lower(block.output(dY), taps.steps_of(block.p, lifted, True), buffers, "output")
            part = block.weight(dK).transpose(_order(lifted))
            total = _flat_view(part) if part.flags.c_contiguous else None
            if total is not None:
                multiply_transposed(_flat(V), R, total.reshape(len(R), -1, R.shape[1]), add or not block.is_first)
            else:
                total = np.empty((len(R), prod(V.shape[1:-3]), R.shape[1]), X.dtype)
                multiply_transposed(_flat(V), R, total)
                part += total.reshape(part.shape)

    def grad_input(self, K, dY, p: Convolution, dX, most=float("inf")) -> None:
        """Add to dX: lower dY along the axes that `forward` lifts, multiply, and lift along the others."""
        axes, buffers = self.lowers(p), Buffers(dY.dtype)
        for block in blocks(p, self.sizes(p, most, copies=not K.flags.c_contiguous)):
            lifted, out = taps.lifted(block.p, axes), block.input(dX)
            V = taps.lower(block.output(dY), taps.steps_of(block.p, lifted, True), buffers, "output")
            weight, columns = _matrix(block.weight(K), lifted).swapaxes(1, 2), _flat(V)
            Z = buffers("product", *weight.shape[:2], columns.shape[2])
            multiply(weight, columns, Z)
            steps = taps.steps_of(block.p, axes, True)
            taps.lift(taps.unfold(Z, out, steps, V), steps, out, buffers, True)

    def sizes(self, p: Convolution, most: float, copies: bool = True) -> Sizes:
        """The sizes of its blocks; `copies`: whether a block of the weight is copied."""
        return sizes_of(p, self.lowers(p), most, copies)

    def workspace(self, p: Convolution, most: float) -> int:
        """The entries that it holds, which are `most` at most where there is a way to cut the problem so far."""
        return held(p, self.lowers(p), self.sizes(p, most))

    def work(self, p: Convolution, which: str) -> Work:
        """What one of the three maps does."""
        return work_of(p, self.lowers(p), which)


def _lowered(X, p: Windows, axes: tuple, buffers: Buffers) -> np.ndarray:
    """An input lowered along some axes; a small one along both at once, since there time goes by calls."""
    planes = prod(X.shape[:3])
    if len(axes) == 2 and planes * max(p.area * p.positions, prod(p.covered)) <= SMALL and p.area > 1:
        view = taps.windows_of(X, p)
        return view.reshape(*view.shape[:1], -1, *view.shape[4:])
    return taps.lower(X, taps.steps_of(p, axes), buffers, "input")


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
    matrix = K.transpose(_order(lifted)).reshape(len(K), K.shape[1] * taps, -1)
    # BLAS takes rows that lie apart, but not what has gaps within them, or is turned round.
    return matrix if matrix.strides[-1] == matrix.itemsize else np.ascontiguousarray(matrix)


# One line registers an algorithm, here and in `dispatch`.
im2col = Lowering(lambda p: (0, 1), "every problem")
kn2row = Lowering(lambda p: (), "windows that all meet the image")
balanced = Lowering(lambda p: (1,) if p.stride[1] == 1 else (0,), "windows that all meet the image")
