"""Convolution by Winograd's tiles: F(4x4, 3x3) multiplies 36 times, windows 144 times.

A tile of n inputs along an axis, transformed, is multiplied entry by entry with the transformed kernel of r weights,
and gives m results, n = m + r - 1. Summed over channels that is one matrix product for each of a tile's entries. Each
transform, of all tiles at once, is one product with the Kronecker product of the two axes' matrices. Along an axis
where the kernel has one entry there is nothing to transform. The weight gradient is the transpose of all that.

In float32 the errors are three to twenty times those of sums of products. Zero weights and whole numbers give no exact
results either, since a tile's results are sums of what its entries gave, each rounded.

Source: Lavin and Gray, arXiv 1509.09308. Derived in notebooks/09_fast_convolution.ipynb.
"""

from collections.abc import Iterator
from math import prod

import numpy as np

from convnotes.fast.algorithms.blocks import Block, blocks
from convnotes.fast.algorithms.toom_cook import in_two_axes
from convnotes.fast.algorithms.winograd_tiles import CACHED, INPUTS, Tiles, fastest, held, put, sizes_of, tiles_of
from convnotes.fast.machine.cost import Work
from convnotes.fast.machine.gemm import multiply, multiply_transposed
from convnotes.fast.machine.workspace import Buffers, spans
from convnotes.windows import Convolution

rule = "kernels of up to 7 rows and columns, but not of one pixel, without stride or dilation"


def takes(p: Convolution) -> bool:
    """Small kernels without stride or dilation."""
    return 1 < p.area and max(p.kernel) <= INPUTS - 1 and p.stride == p.dilation == (1, 1)


def suspect(p: Convolution, K, Y) -> np.ndarray:
    """The result: tiles subtract neighbours."""
    return Y


def work(p: Convolution, which: str) -> Work:
    """That of the tiles predicted to be the fastest."""
    return fastest(p)[1]


def workspace(p: Convolution, most: float) -> int:
    """The entries that it holds."""
    tiles = fastest(p)[0]
    return held(p, tiles, sizes_of(p, tiles, most))


def forward(X, K, p: Convolution, Y, b=None, most=float("inf")) -> None:
    """Y = A^T ((G K G^T) * (B^T X B)) A, tile by tile."""
    tiles = fastest(p)[0]
    A, G, B = in_two_axes(*tiles, X.dtype.name)
    buffers, known = Buffers(X.dtype), {}
    for block in blocks(p, sizes_of(p, tiles, most), tiles.m):
        V, out = _inputs(block, X, tiles, B, buffers, known), block.output(Y)
        U = _filters(block, K, G, buffers, known)
        P = buffers("product", *U.shape[:3], V.shape[3])
        multiply(U, V, P)
        if b is not None and block.begins:
            # Every result counts the point (1, 1) once.
            one = [min(1, n - 1) for n in tiles.n]
            P[one[0] * tiles.n[1] + one[1]] += block.bias(b)[..., 0, 0]
        for some in _few(out, len(P) * P.shape[3]):
            each = P[:, *some].reshape(len(P), -1)
            results = buffers("results", len(A), each.shape[1])
            multiply(A, each, results)
            put(results, out[some], tiles, not block.begins)


def grad_weight(X, dY, p: Convolution, dK, most=float("inf"), add=True) -> None:
    """dK += G^T (sum over tiles of (A dY A^T) * (B^T X B)) G: `forward` transposed in the weight."""
    tiles = fastest(p)[0]
    A, G, B = in_two_axes(*tiles, X.dtype.name)
    buffers, known = Buffers(X.dtype), {}
    for block in blocks(p, sizes_of(p, tiles, most), tiles.m):
        V = _inputs(block, X, tiles, B, buffers, known)
        count = tiles.count(*block.p.count)
        U = _transformed(block.output(dY), A.T, tiles, count, (0, 0), tiles.m, buffers, "results")
        P = buffers("product", *U.shape[:3], V.shape[2])
        multiply_transposed(U, V, P)
        part = block.weight(dK)
        part += (P.transpose(1, 2, 3, 0) @ G).reshape(part.shape)


def _inputs(block: Block, X, tiles: Tiles, B, buffers, known) -> np.ndarray:
    """A block's transformed inputs (n*n, G, C, tiles): those of the block before where only filters differ."""
    key = block.cut._replace(filters=None)
    if known.get("input") != key:
        before = [before for before, _ in block.p.padding]
        count = tiles.count(*block.p.count)
        V = _transformed(block.input(X), B, tiles, count, before, tiles.n, buffers, "transformed")
        known |= {"input": key, "V": V}
    return known["V"]


def _filters(block: Block, K, G, buffers, known) -> np.ndarray:
    """A block's transformed filters (n*n, G, F, C), which may be those of the block before."""
    key = block.cut.groups, block.cut.filters, block.cut.channels
    if known.get("weight") == key:
        return known["U"]
    weight = block.weight(K)
    if weight.strides[-1] < 0:
        # A kernel that is turned round as a view: turn the transform instead, and copy nothing.
        weight, G = weight[..., ::-1, ::-1], G[:, ::-1]
    exchanged = weight.strides[1] < weight.strides[2]
    if exchanged:
        # So are channels and filters exchanged as a view.
        weight = weight.swapaxes(1, 2)
    U = buffers("filters", len(G), *weight.shape[:3])
    multiply(G, weight.reshape(-1, G.shape[1]).T, U.reshape(len(U), -1))
    known |= {"weight": key, "U": U.swapaxes(2, 3) if exchanged else U}
    return known["U"]


def _transformed(A, B, tiles: Tiles, count, before, side, buffers, name) -> np.ndarray:
    """B times the tiles of (G, C, N, H, W), of a few channels at a time: (len(B), G, C, tiles)."""
    T = A.shape[2] * prod(count)
    V = buffers(name, len(B), *A.shape[:2], T)
    for some in _few(A, len(B) * T):
        D = tiles_of(A[some], count, tiles.m, before, side, buffers)
        multiply(B, D, V[:, *some].reshape(len(B), -1))
    return V


def _few(A: np.ndarray, entries: int) -> Iterator[tuple[slice, slice]]:
    """A few groups, or channels of one, of (G, C, ...) at a time, so that what is between stays in a core's cache."""
    G, C = A.shape[:2]
    most = max(1, CACHED // entries)
    for g in spans(G, most // C):
        for c in spans(C, most if g.stop - g.start == 1 else C):
            yield g, c
