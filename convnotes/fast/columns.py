"""Convolution by im2col in blocks: a part of the matrix of columns at a time, in a buffer that is used again.

The products are those of `convnotes.matmul`. The columns of one block stay in a cache until the product has
read them, and the memory that they need has a bound. Where an image has few positions, several images
share a product, which then reads the weight once for all of them.

Derived in notebooks/09_fast_convolution.ipynb.
"""

from math import prod

import numpy as np

from convnotes.fast import products
from convnotes.fast.blocks import ALONE, blocks, number, sides
from convnotes.fast.lines import along, take, take_rows
from convnotes.fast.products import multiply, multiply_transposed
from convnotes.fast.work import Work, product_of
from convnotes.windows import Convolution

# The entries of the buffer, at most: they fit in the cache that all cores share.
ENTRIES = 2**20
# The columns of a product, at least: with fewer of them a product is slower for each.
COLUMNS = 256


def takes(p: Convolution) -> bool:
    """Every problem."""
    return True


def work(p: Convolution, correlating: bool = False) -> Work:
    """A product of the size of the whole, and a copy of every entry of the matrix of columns."""
    F, C, *_ = p.weight_size
    N, G = p.input_size[0], p.groups
    cut = number(N, p.count[0], band(p))
    columns = N * p.positions // max(1, cut)
    copied = N * G * C * p.area * p.positions
    padding = (
        N * prod(p.input_size[1:]) if any(map(any, p.padding)) else 0
    )
    together = 2 * prod(p.output_size) if columns > p.positions else 0
    return Work(
        products=G
        * cut
        * product_of(F // G, C * p.area, columns, correlating),
        copied=padding + together + copied,
        strided=N * prod(p.input_size[1:])
        if p.stride != (1, 1)
        else 0,
        calls=G * cut * (2 * p.kernel[0] + 4 * p.kernel[1] + 10),
    )


def workspace(p: Convolution) -> int:
    """The buffer, the rows laid out that it is filled from, and the product of several images."""
    F, C, *_ = p.weight_size
    N, F, kW, W_Y = (
        p.input_size[0],
        F // p.groups,
        p.kernel[1],
        p.count[1],
    )
    images, height = sides(N, p.count[0], band(p))
    count, entries = images * height * W_Y, C * p.area
    rows = C * images * p.of_rows(slice(0, height))[1].size[0]
    with_ones = prod(p.weight_size) + p.groups * F
    return (
        (entries + 1) * count
        + rows * kW * W_Y
        + (with_ones if entries < N * p.positions else 0)
        + max(
            rows * p.size[1],
            F * count + products.workspace(F, entries, count),
            F * count
            + products.workspace_transposed(F, entries, count),
        )
    )


def gather(
    X: np.ndarray,
    K: np.ndarray,
    p: Convolution,
    Y: np.ndarray,
    b: np.ndarray | None = None,
) -> None:
    """Y = K M, for a block of the columns M at a time.

    Where there are more positions than weights to copy, the bias is the weight of a row of ones below the columns.
    """
    (F, C, *_), G = p.weight_size, p.groups
    filters = K.reshape(G, F // G, C * p.area)
    with_ones = b is not None and C * p.area < len(X) * p.positions
    if b is not None:
        b = b.reshape(G, F // G, 1)
    if with_ones:
        filters = np.concatenate([filters, b], 2)
    by_group = Y.reshape(len(X), G, F // G, p.positions)
    for g, block, columns in _blocks_of_columns(X, p, with_ones):
        start = block.rows.start * p.count[1]
        places = slice(start, start + block.height * p.count[1])
        out = by_group[block.images.start, g, :, places]
        if block.count > 1:
            out = np.empty((F // G, columns.shape[1]), X.dtype)
        multiply(filters[g], columns, out)
        if b is not None and not with_ones:
            out += b[g]
        if block.count > 1:
            together = out.reshape(F // G, block.count, -1)
            by_image = together.swapaxes(0, 1)
            by_group[block.images, g, :, places] = by_image


def correlate(
    X: np.ndarray, dY: np.ndarray, p: Convolution
) -> np.ndarray:
    """dK = sum over blocks of dY M^T."""
    F, C, *_ = p.weight_size
    dK = np.zeros((p.groups, F // p.groups, C * p.area), X.dtype)
    by_group = dY.reshape(
        len(X), p.groups, F // p.groups, p.positions
    )
    for g, block, columns in _blocks_of_columns(X, p):
        start = block.rows.start * p.count[1]
        places = slice(start, start + block.height * p.count[1])
        part = by_group[block.images, g, :, places]
        if block.count > 1:
            part = part.swapaxes(0, 1)
        part = part.reshape(F // p.groups, -1)
        later = block.images.start > 0 or block.rows.start > 0
        multiply_transposed(part, columns, dK[g], later)
    return dK.reshape(p.weight_size)


def _blocks_of_columns(X, p, with_ones=False):
    """Every block of every group, with its columns (C*kH*kW, images * rows * W_Y); they are overwritten by the next."""
    C, W_Y = p.weight_size[1], p.count[1]
    cut = list(blocks(len(X), p.count[0], band(p)))
    most = max((b.count * b.height for b in cut), default=0) * W_Y
    entries = C * p.area
    buffer = np.empty((entries + with_ones) * most, X.dtype)
    rows = max(
        (b.count * p.of_rows(b.rows)[1].size[0] for b in cut),
        default=0,
    )
    laid_out = np.empty(C * p.kernel[1] * rows * W_Y, X.dtype)
    for block in cut:
        shape = C, *p.kernel, block.count, block.height, W_Y
        length = prod(shape[3:])
        columns = buffer[: (entries + with_ones) * length]
        columns = columns.reshape(-1, length)
        columns[entries:] = 1
        rows, q = p.of_rows(block.rows)
        for g in range(p.groups):
            images = X[block.images, g * C : (g + 1) * C, rows]
            _fill(
                columns[:entries].reshape(shape), images, q, laid_out
            )
            yield g, block, columns


def _fill(entries, X, p, buffer):
    """Write the columns (C, kH, kW, images, H_Y, W_Y) of images: each column of the kernel for all rows, then rows."""
    (C, _, kW, N, _, W_Y), (H, W) = entries.shape, p.size
    laid_out = buffer[: kW * C * N * H * W_Y].reshape(kW, -1, W_Y, 1)
    take(X.swapaxes(0, 1).reshape(-1, W, 1), along(p, 1), laid_out)
    laid_out = laid_out.reshape(kW, C, N, H, W_Y).swapaxes(0, 1)
    take_rows(laid_out, p.meetings(0), entries.swapaxes(0, 1))


def band(p: Convolution) -> int:
    """How many output rows a block has: enough for a product worth its call, and no more than the buffer holds."""
    least, most = COLUMNS, ENTRIES // (p.weight_size[1] * p.area)
    if p.positions >= ALONE:
        most = min(most, p.positions)
    return max(1, max(least, most) // max(1, p.count[1]))
