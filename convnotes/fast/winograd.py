"""Convolution with small square kernels by Winograd's tiles: F(4x4, 3x3) multiplies 36 times, windows 144 times.

A tile of n x n inputs, transformed, is multiplied entry by entry with the transformed kernel of r x r weights, and
gives m x m results, n = m + r - 1. Summed over channels that is one matrix product for each of the n * n entries. Each
transform, of all tiles at once, is one product with the Kronecker square of an n x n matrix. The weight gradient is
the transpose of all that.

In float32 the errors are three to twenty times those of sums of products. Zero weights and whole numbers give no exact
results either, since a tile's results are sums of what its entries gave, each rounded. A result that is not finite is
made again by im2col (see `finite`).

Source: Lavin and Gray, arXiv 1509.09308. Derived in notebooks/09_fast_convolution.ipynb.
"""

from collections.abc import Iterator
from math import prod

import numpy as np

from convnotes.fast import columns
from convnotes.fast.blocks import length, spans
from convnotes.fast.buffers import rows
from convnotes.fast.finite import all_finite, silence
from convnotes.fast.products import multiply
from convnotes.fast.tile_sizes import (
    SHORT,
    fastest,
    filters,
    held,
    most_tiles,
    sizes,
)
from convnotes.fast.toom_cook import in_two_axes
from convnotes.fast.work import Work
from convnotes.windows import Convolution

# The sides of kernels.
KERNELS = (2, 3, 4, 5)


def takes(p: Convolution) -> bool:
    """Square kernels of 2 x 2 to 5 x 5 without stride or dilation."""
    return (
        p.kernel[0] == p.kernel[1]
        and p.kernel[0] in KERNELS
        and p.stride == p.dilation == (1, 1)
    )


def work(p: Convolution, correlating: bool = False) -> Work:
    """That of the tiles predicted to be the fastest."""
    return fastest(p, correlating)[1]


def workspace(p: Convolution) -> int:
    """Of a block its tiles before and after their transform, filters, their products, results, and its rows."""
    if not p.input_size[0]:
        return 0
    both = {fastest(p, backward)[0] for backward in (False, True)}
    return max(map(held, both))


def gather(
    X: np.ndarray,
    K: np.ndarray,
    p: Convolution,
    Y: np.ndarray,
    b: np.ndarray | None = None,
) -> None:
    """Y = A^T ((G K G^T) * (B^T X B)) A, tile by tile."""
    tiles = fastest(p)[0]
    buffers = [np.empty(size, X.dtype) for size in sizes(tiles)]
    with silence():
        for c, f in _groups(p):
            bias = None if b is None else b[f]
            _gather(tiles, X[:, c], K[f], Y[:, f], bias, buffers)
    if not all_finite(Y):
        del buffers
        columns.gather(X, K, p, Y, b)


def correlate(
    X: np.ndarray, dY: np.ndarray, p: Convolution
) -> np.ndarray:
    """dK = G^T (sum over tiles of (A dY A^T) * (B^T X B)) G: `gather` transposed in the weight."""
    tiles = fastest(p, correlating=True)[0]
    buffers = [np.empty(size, X.dtype) for size in sizes(tiles)]
    dK = np.empty(p.weight_size, X.dtype)
    with silence():
        for c, f in _groups(p):
            dK[f] = _correlate(tiles, X[:, c], dY[:, f], buffers)
    if all_finite(dK):
        return dK
    del buffers
    return columns.correlate(X, dY, p)


def _groups(p: Convolution) -> Iterator[tuple[slice, slice]]:
    """The channels of the input and of the output that belong to each group."""
    F, C = p.weight_size[0] // p.groups, p.weight_size[1]
    for g in range(p.groups):
        yield slice(g * C, (g + 1) * C), slice(g * F, (g + 1) * F)


def _gather(tiles, X, K, Y, b, buffers):
    F, m, n, known = len(K), tiles.m, tiles.n, None
    A, G, B = _transforms(tiles, X.dtype)
    for block, shape, V in _inputs(tiles, X, B, buffers):
        T = prod(shape)
        for f in spans(F, filters(tiles)):
            each = length(f)
            if f != known:
                U, known = _transformed(G, K[f], buffers[2]), f
            P = rows(buffers[0], n * n, each * T)
            multiply(U, V, P.reshape(n * n, each, T))
            if b is not None:
                # Every result counts the point (1, 1) once.
                P[n + 1].reshape(each, T)[...] += b[f, None]
            results = rows(buffers[3], m * m, each * T)
            multiply(A, P, results)
            place = results.reshape(m, m, each, *shape)
            tiles.put(place, block, Y[:, f], buffers[0])


def _correlate(tiles, X, dY, buffers):
    (F, C), m, n = (dY.shape[1], X.shape[1]), tiles.m, tiles.n
    A, G, B = _transforms(tiles, X.dtype)
    dK = np.empty((F, C, G.shape[1]), X.dtype)
    for i, (block, shape, V) in enumerate(
        _inputs(tiles, X, B, buffers)
    ):
        T = prod(shape)
        met = V.transpose(0, 2, 1)
        if T < SHORT:
            met = np.ascontiguousarray(met)
        for f in spans(F, filters(tiles)):
            each = length(f)
            upstream = rows(buffers[3], m * m, each * T)
            place = upstream.reshape(m, m, each, *shape)
            tiles.outputs(dY[:, f], block, place, buffers[0])
            U = rows(buffers[0], n * n, each * T)
            multiply(A.T, upstream, U)
            P = rows(buffers[2], n * n, each * C)
            P = P.reshape(n * n, each, C)
            multiply(U.reshape(n * n, each, T), met, P)
            # For each filter a product with the transform, by which its weights come to lie in order.
            P = P.transpose(1, 2, 0)
            if i:
                dK[f] += P @ G
            else:
                np.matmul(P, G, out=dK[f])
    return dK.reshape(F, C, *tiles.p.kernel)


def _inputs(tiles, X, B, buffers):
    """Every block, the shape of its tiles, and its transformed inputs (n*n, C, tiles), which the next overwrites."""
    C, n = X.shape[1], tiles.n
    for block in tiles.blocks(most_tiles(tiles)):
        shape = block.count, block.height, tiles.count[1]
        size = C * prod(shape)
        D, V = (rows(buffer, n * n, size) for buffer in buffers[:2])
        tiles.inputs(X, block, D.reshape(n, n, C, *shape), buffers[1])
        multiply(B, D, V)
        yield block, shape, V.reshape(n * n, C, -1)


def _transforms(tiles, dtype):
    return in_two_axes(tiles.m, tiles.p.kernel[0], dtype.name)


def _transformed(G, K, buffer):
    """The filters' transforms, one matrix (F, C) for each entry."""
    F, C, r, _ = K.shape
    if K.strides[2] < 0:
        # A kernel that is turned round as a view: turn the transform instead, and copy nothing.
        G, K = G[:, ::-1].copy(), K[:, :, ::-1, ::-1]
    U = rows(buffer, len(G), F * C)
    if K.strides[0] < K.strides[1]:
        # Channels exchanged as a view: exchange them back, and exchange those of the result.
        multiply(
            G, K.transpose(1, 0, 2, 3).reshape(C * F, r * r).T, U
        )
        return U.reshape(-1, C, F).transpose(0, 2, 1)
    multiply(G, K.reshape(F * C, r * r).T, U)
    return U.reshape(-1, F, C)
