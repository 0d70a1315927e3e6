"""The input gradient by the transpose of im2col: a product, and every entry of it added back to where it came from.

Derived in notebooks/06_matrix_multiplication.ipynb and 09_fast_convolution.ipynb.
"""

from math import prod

import numpy as np

from convnotes import windows
from convnotes.fast.blocks import ALONE, blocks, number, sides
from convnotes.fast.buffers import copy_rows
from convnotes.fast.lines import along, put
from convnotes.fast.separable import combine
from convnotes.fast.work import Work, product
from convnotes.windows import Convolution, inside

# The entries of the products that are held at a time.
ENTRIES = 2**21


def work(p: Convolution) -> Work:
    """The products, and an addition for every entry of the matrix of columns."""
    F, C, *_ = p.weight_size
    N, G = p.input_size[0], p.groups
    cut = number(N, p.count[0], _rows(p))
    columns = N * p.positions // max(1, cut)
    split = N * prod(p.input_size[1:]) if p.stride != (1, 1) else 0
    entries = N * G * C * p.area * p.positions
    return Work(
        products=G * cut * product(C * p.area, F // G, columns),
        copied=2 * N * prod(p.input_size[1:]) + 2 * entries,
        strided=split,
        calls=cut * (p.area + 10),
    )


def workspace(p: Convolution) -> int:
    """The products of a block with their operand, their sums by column, and these put on rows of the input."""
    (F, C, _, kW), W_Y = p.weight_size, p.count[1]
    images, height = sides(p.input_size[0], p.count[0], _rows(p))
    S, down = p.stride[0], windows.extent(p.kernel[0], p.dilation[0])
    # The rows of a phase that the block's outputs reach.
    rows = min(-(-p.size[0] // S), height + down // S + 1)
    channels = p.groups * C
    products = (channels * p.area + F) * images * height * W_Y
    added = channels * images * rows * (kW * W_Y + 2 * p.size[1])
    return products + added


def spread(
    K: np.ndarray,
    dY: np.ndarray,
    p: Convolution,
    dX: np.ndarray,
    add: bool = False,
) -> None:
    """dX = col2im(K^T dY), in place of zeros or added, for a few images or a band of one at a time."""
    (F, C, *_), G, W_Y = p.weight_size, p.groups, p.count[1]
    filters = K.reshape(G, F // G, C * p.area).transpose(0, 2, 1)
    by_group = dY.reshape(len(dY), G, F // G, p.positions)
    for block in blocks(len(dY), p.count[0], _rows(p)):
        n, start = block.images, block.rows.start
        places = slice(start * W_Y, block.rows.stop * W_Y)
        # Several images share a product, which then reads the weight once for all of them.
        together = by_group[n, :, :, places].transpose(1, 2, 0, 3)
        products = filters @ together.reshape(G, F // G, -1)
        shape = G * C, *p.kernel, block.count, block.height, W_Y
        result = dX[n].swapaxes(0, 1)
        _add(products.reshape(shape), p, start, result, add)


def _add(products, p, start, dX, add) -> None:
    """Add (C, kH, kW, images, rows, W_Y) to images (C, images, H, W): row by row of the kernel, then its columns."""
    (C, _, kW, N, height, W_Y), W = products.shape, p.size[1]
    S, D, (top, _) = p.stride[0], p.dilation[0], p.padding[0]
    taps = [divmod(i * D - top, S) for i in range(p.kernel[0])]
    for phase in sorted({phase for _, phase in taps}):
        out = dX[:, :, phase::S]
        shifts = {
            i: start + q
            for i, (q, r) in enumerate(taps)
            if r == phase
        }
        first = max(0, min(shifts.values()))
        last = min(out.shape[2], max(shifts.values()) + height)
        if first >= last:
            continue
        by_column = np.empty((kW, C, N, last - first, W_Y), dX.dtype)
        parts = [
            (met, products[:, i, :, :, y].transpose(1, 0, 2, 3, 4))
            for i, shift in shifts.items()
            for y, met in [
                inside(shift - first, 1, height, last - first)
            ]
        ]
        combine(np.add, 0, parts, by_column, axis=-2)
        total = np.zeros((C * N * (last - first), W, 1), dX.dtype)
        put(by_column.reshape(kW, -1, W_Y, 1), along(p, 1), total)
        total = total.reshape(C, N, last - first, W)
        if height == p.count[0] and not add:
            copy_rows(total, out[:, :, first:last])
        else:
            out[:, :, first:last] += total


def _rows(p: Convolution) -> int:
    """How many rows of outputs have products that fit in the space there is, of several images together or of one."""
    row = p.groups * p.weight_size[1] * p.area * max(1, p.count[1])
    most = ENTRIES // row
    return min(most, p.count[0]) if p.positions >= ALONE else most
