"""Convolution with 3 x 3 kernels by Winograd's F(4x4, 3x3): 36 multiplications where windows take 144.

The image is cut into tiles of 6 x 6 that overlap by 2. A tile, transformed, is multiplied entry by entry with
the transformed kernel; summed over channels that is one matrix product for each of the 36 entries. Both
transforms of all tiles are one product each, with the Kronecker square of a 6 x 6 matrix.

The weight gradient is F(3x3, 4x4): there tiles of 4 x 4 of dY are the kernel, and 3 x 3 results come out.

Its errors in float32 are three to twelve times those of sums of products, the more the channels.

Source: Lavin and Gray, arXiv 1509.09308. Derived in notebooks/09_fast_convolution.ipynb.
"""

from math import prod

import numpy as np

from convnotes.fast.blocks import Block, blocks, padded, spans
from convnotes.fast.toom_cook import in_two_axes
from convnotes.fast.work import Work, product
from convnotes.windows import Convolution

M, R = 4, 3
N2 = (M + R - 1) ** 2
# The entries of a block's transformed tiles and of its transformed filters, so that they stay in a cache,
ENTRIES = 2**19
# and the tiles and filters that a block has all the same, since each transform must serve for many products.
LEAST = 96


def takes(p: Convolution) -> bool:
    """Kernels of 3 x 3 without stride, dilation or groups."""
    return (
        p.kernel == (R, R)
        and p.stride == p.dilation == (1, 1)
        and p.groups == 1
    )


def work(p: Convolution) -> Work:
    """36 products, the three transforms, and the gathering and scattering of tiles with gaps between."""
    F, C, *_ = p.weight_size
    cut = list(_blocks(p))
    fs = list(spans(F, _filters(p)))
    tiles = sum(b.count * b.height for b in cut) * _tiles(p)[1]
    each = tiles // max(1, len(cut))
    weights = (len(cut) if len(fs) > 1 else 1) * product(
        N2, R * R, F * C
    )
    products = (
        len(cut) * len(fs) * N2 * product(F // len(fs), C, each)
    )
    transforms = (
        product(N2, N2, C * tiles)
        + product(M * M, N2, F * tiles)
        + weights
    )
    return Work(
        products=products + transforms,
        copied=prod(p.input_size),
        strided=N2 * C * tiles + M * M * F * tiles,
        calls=len(cut) * (N2 + 4 + len(fs) * (N2 + M * M + 4)),
    )


def workspace(p: Convolution) -> int:
    """Of a block, its tiles, filters and products, each before and after its transform, beside those of the last."""
    block = next(_blocks(p), None)
    if block is None:
        return 0
    F, C = min(p.weight_size[0], _filters(p)), p.weight_size[1]
    tiles = block.count * block.height * _tiles(p)[1]
    canvas = (
        block.count
        * C
        * (M * block.height + 2)
        * (M * _tiles(p)[1] + 2)
    )
    return (
        2 * canvas
        + 3 * N2 * C * tiles
        + 2 * (N2 + R * R) * F * C
        + 2 * (N2 + M * M) * F * tiles
    )


def gather(
    X: np.ndarray, K: np.ndarray, p: Convolution, Y: np.ndarray
) -> None:
    """Y = A^T ((G K G^T) * (B^T X B)) A, tile by tile."""
    F, C, *_ = p.weight_size
    A, G, B = in_two_axes(M, R, X.dtype.name)
    filters = list(spans(F, _filters(p)))
    U = _transformed(G, K[filters[0]])
    for k, block in enumerate(_blocks(p)):
        V = B @ _input_tiles(X, p, block).reshape(N2, -1)
        V = V.reshape(N2, C, -1)
        for f in filters:
            if len(filters) > 1 and (k or f.start):
                U = _transformed(G, K[f])
            products = (U @ V).reshape(N2, -1)
            _put_tiles(Y, A @ products, p, block, f)


def correlate(
    X: np.ndarray, dY: np.ndarray, p: Convolution
) -> np.ndarray:
    """dK = A^T (sum over tiles of (G dY G^T) * (B^T X B)) A, where dY is the kernel: F(3x3, 4x4)."""
    F, C, *_ = p.weight_size
    A, G, B = in_two_axes(R, M, X.dtype.name)
    dK = np.zeros((R * R, F, C), X.dtype)
    for block in _blocks(p):
        V = (
            (B @ _input_tiles(X, p, block).reshape(N2, -1))
            .reshape(N2, C, -1)
            .transpose(0, 2, 1)
        )
        for f in spans(F, _filters(p)):
            tiles = _output_tiles(dY[block.images, f], p, block)
            U = (G @ tiles.reshape(M * M, -1)).reshape(
                N2, f.stop - f.start, -1
            )
            dK[:, f] += (A @ (U @ V).reshape(N2, -1)).reshape(
                R * R, -1, C
            )
    return dK.transpose(1, 2, 0).reshape(p.weight_size)


def _transformed(G, K):
    """The filters' transforms, one matrix (F, C) for each of the 36 entries."""
    F, C, *_ = K.shape
    if K.strides[2] < 0:
        # A kernel that is turned round as a view: turn the transform instead, and copy nothing.
        G, K = G[:, ::-1].copy(), K[:, :, ::-1, ::-1]
    if K.strides[0] < K.strides[1]:
        # Channels exchanged as a view: exchange them back, and exchange those of the result.
        return (
            (G @ K.transpose(1, 0, 2, 3).reshape(C * F, R * R).T)
            .reshape(N2, C, F)
            .transpose(0, 2, 1)
        )
    return (G @ K.reshape(F * C, R * R).T).reshape(N2, F, C)


def _input_tiles(X, p, block):
    """The tiles of the padded input, (6, 6, C, images * rows * columns of tiles)."""
    H_T, W_T = block.height, _tiles(p)[1]
    rows = slice(M * block.rows.start, M * block.rows.stop)
    canvas = padded(
        X,
        p,
        Block(block.images, rows),
        M * H_T + 2,
        M * W_T + 2,
    ).transpose(1, 0, 2, 3)
    n = M + R - 1
    tiles = np.empty(
        (n, n, p.weight_size[1], block.count, H_T, W_T), X.dtype
    )
    for a, b in np.ndindex(n, n):
        tiles[a, b] = canvas[
            :, :, a : a + M * H_T - 3 : M, b : b + M * W_T - 3 : M
        ]
    return tiles


def _output_tiles(dY, p, block):
    """The tiles of the output gradient, (4, 4, F, images * rows * columns of tiles), with zeros beyond its end."""
    (H_Y, _), (H_T, W_T), top = (
        p.count,
        (block.height, _tiles(p)[1]),
        M * block.rows.start,
    )
    tiles = np.zeros((M, M, dY.shape[1], len(dY), H_T, W_T), dY.dtype)
    for a, b in np.ndindex(M, M):
        part = dY[
            :, :, top + a : min(top + M * H_T, H_Y) : M, b::M
        ].transpose(1, 0, 2, 3)
        tiles[a, b, :, :, : part.shape[2], : part.shape[3]] = part
    return tiles


def _put_tiles(Y, tiles, p, block, f):
    """Lay the results, 4 x 4 for each tile, out in the output; those beyond its end are dropped."""
    (H_Y, _), (H_T, W_T), top = (
        p.count,
        (block.height, _tiles(p)[1]),
        M * block.rows.start,
    )
    tiles = tiles.reshape(
        M, M, f.stop - f.start, block.count, H_T, W_T
    )
    for a, b in np.ndindex(M, M):
        place = Y[
            block.images,
            f,
            top + a : min(top + M * H_T, H_Y) : M,
            b::M,
        ].transpose(1, 0, 2, 3)
        place[...] = tiles[
            a, b, :, :, : place.shape[2], : place.shape[3]
        ]


def _tiles(p: Convolution) -> tuple[int, int]:
    """Rows and columns of tiles in an image."""
    return tuple(-(-number // M) for number in p.count)


def _blocks(p: Convolution):
    """Blocks whose rows are rows of tiles."""
    H_T, W_T = _tiles(p)
    tiles = max(LEAST, ENTRIES // (N2 * max(p.weight_size[:2])))
    return blocks(p.input_size[0], H_T, max(1, tiles // max(1, W_T)))


def _filters(p: Convolution) -> int:
    """The filters of a block."""
    return max(LEAST, ENTRIES // (N2 * p.weight_size[1]))
