"""Convolution by im2col along the rows alone: kW copies of the image instead of kH * kW, and kH products.

Column j of every window is laid out once for all rows of the image. Row i of the windows then starts W_Y
entries further on, which is a view of the same array and needs no copy. The kH products are added up.

Source: the idea of Cho and Brand, "MEC: memory-efficient convolution", arXiv 1706.06873.
Derived in notebooks/09_fast_convolution.ipynb.
"""

from math import prod

import numpy as np

from convnotes.fast import products
from convnotes.fast.blocks import (
    Block,
    blocks,
    canvases,
    padded,
    sides,
)
from convnotes.fast.products import multiply, multiply_transposed
from convnotes.fast.work import Work, product_of
from convnotes.windows import Convolution

# The entries of the rows laid out and of the products, at most.
ENTRIES = 2**19
# The columns of a product, at least: with fewer of them a product is slower for each.
COLUMNS = 256


def takes(p: Convolution) -> bool:
    """Kernels of several rows that move down one row at a time."""
    return p.stride[0] == 1 and p.kernel[0] > 1


def work(p: Convolution, correlating: bool = False) -> Work:
    """kH products, kW copies, and the sums of the products."""
    F, C, kH, kW = p.weight_size
    N, G = p.input_size[0], p.groups
    cut = N * -(-p.count[0] // _height(p))
    columns = N * p.positions // max(1, cut)
    copied = N * G * C * kW * prod(p.count)
    padding = (
        N * prod(p.input_size[1:]) if any(map(any, p.padding)) else 0
    )
    return Work(
        # The views lie where rows begin, and not where a product would have its operands begin.
        products=8
        * G
        * cut
        * kH
        * product_of(F // G, C * kW, columns, correlating)
        // 7,
        copied=padding
        + (0 if correlating else (kH - 1) * 2 * prod(p.output_size))
        + (copied if p.stride[1] == 1 else 0),
        # The filters are copied too, row by row.
        strided=prod(p.weight_size)
        + (copied if p.stride[1] > 1 else 0),
        calls=G * cut * (kW + 2 * kH + 4),
    )


def workspace(p: Convolution) -> int:
    """The rows laid out, the padded rows they are copied from, the filters row by row, and a product beside the sum."""
    F, C, kH, kW = p.weight_size
    F, height = F // p.groups, sides(1, p.count[0], _height(p))[1]
    count, entries = height * p.count[1], C * kW
    return (
        (height + p.dilation[0] * (kH - 1)) * entries * p.count[1]
        + canvases(p, p.input_size[1], 1, height)
        + prod(p.weight_size)
        + max(
            2 * F * count + products.workspace(F, entries, count),
            products.workspace_transposed(F, entries, count),
        )
    )


def gather(
    X: np.ndarray,
    K: np.ndarray,
    p: Convolution,
    Y: np.ndarray,
    b: np.ndarray | None = None,
) -> None:
    """Y = sum over i of K_i M_i, M_i a view of the rows laid out once."""
    F, C, kH, kW = p.weight_size
    # Row i of all filters of a group is one matrix (F/G, C*kW).
    filters = np.ascontiguousarray(
        K.reshape(p.groups, F // p.groups, C, kH, kW).transpose(
            3, 0, 1, 2, 4
        )
    )
    filters = filters.reshape(kH, p.groups, F // p.groups, C * kW)
    by_group = Y.reshape(len(X), p.groups, F // p.groups, p.positions)
    W_Y = p.count[1]
    for g, block, laid_out in _rows_laid_out(X, p):
        start, length = block.rows.start * W_Y, block.height * W_Y
        total = by_group[
            block.images.start, g, :, start : start + length
        ]
        part = np.empty(total.shape, X.dtype)
        for i in range(kH):
            first = i * p.dilation[0] * W_Y
            multiply(
                filters[i, g],
                laid_out[:, first : first + length],
                part if i else total,
            )
            if i:
                total += part
        if b is not None:
            total += b.reshape(p.groups, -1, 1)[g]


def correlate(
    X: np.ndarray, dY: np.ndarray, p: Convolution
) -> np.ndarray:
    """Row i of dK = sum over blocks of dY M_i^T."""
    F, C, kH, kW = p.weight_size
    dK = np.zeros((p.groups, kH, F // p.groups, C * kW), X.dtype)
    by_group = dY.reshape(
        len(X), p.groups, F // p.groups, p.positions
    )
    W_Y = p.count[1]
    for g, block, laid_out in _rows_laid_out(X, p):
        start, length = block.rows.start * W_Y, block.height * W_Y
        part = by_group[
            block.images.start, g, :, start : start + length
        ]
        for i in range(kH):
            first = i * p.dilation[0] * W_Y
            met = laid_out[:, first : first + length]
            later = block.images.start > 0 or block.rows.start > 0
            multiply_transposed(part, met, dK[g, i], later)
    return (
        dK.reshape(p.groups, kH, F // p.groups, C, kW)
        .transpose(0, 2, 3, 1, 4)
        .reshape(p.weight_size)
    )


def _rows_laid_out(X, p):
    """Every block of every group, with its rows laid out: (C*kW, rows * W_Y); they are overwritten by the next."""
    C, kW, W_Y = p.weight_size[1], p.kernel[1], p.count[1]
    (S, D), extra, buffer = (
        (p.stride[1], p.dilation[1]),
        p.dilation[0] * (p.kernel[0] - 1),
        None,
    )
    for block in _blocks(p):
        canvas = padded(X, p, block)[0]
        height = block.height + extra
        size = C * kW * height * W_Y
        if buffer is None:
            # The first band is no lower than others.
            buffer = np.empty(size, X.dtype)
        laid_out = buffer[:size].reshape(C, kW, height, W_Y)
        for g in range(p.groups):
            for j in range(kW):
                laid_out[:, j] = canvas[
                    g * C : (g + 1) * C,
                    :,
                    j * D : j * D + (W_Y - 1) * S + 1 : S,
                ]
            yield g, block, laid_out.reshape(C * kW, -1)


def _blocks(p: Convolution):
    """One image, or a band of it, at a time."""
    for n in range(p.input_size[0]):
        for block in blocks(1, p.count[0], _height(p)):
            yield Block(slice(n, n + 1), block.rows)


def _height(p: Convolution) -> int:
    """The output rows of a band."""
    row = max(1, p.weight_size[1] * p.kernel[1] * p.count[1])
    most = ENTRIES // row - p.dilation[0] * (p.kernel[0] - 1)
    least = COLUMNS // max(1, p.count[1])
    return max(1, min(max(most, least), p.count[0]))
