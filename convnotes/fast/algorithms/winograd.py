"""Convolution by Winograd's tiles: F(4x4, 3x3) multiplies 36 times, windows 144 times.

A tile of n inputs along an axis, transformed, is multiplied entry by entry with the transformed kernel of r weights,
and gives m results, n = m + r - 1. Summed over channels that is one matrix product for each of a tile's entries. Each
transform, of all tiles at once, is one product with the Kronecker product of the two axes' matrices. Along an axis where
the kernel has one entry there is nothing to transform. The weight gradient is the transpose of all that.

In float32 the errors are three to twenty times those of sums of products. Zero weights and whole numbers give no exact
results either, since a tile's results are sums of what its entries gave, each rounded.

Source: Lavin and Gray, arXiv 1509.09308. Derived in notebooks/09_fast_convolution.ipynb.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import product as pairs
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from convnotes.fast.algorithms.blocks import Block, Sizes, blocks, fitting, number, whole
from convnotes.fast.algorithms.toom_cook import in_two_axes
from convnotes.fast.machine.cost import Work, product
from convnotes.fast.machine.gemm import multiply, multiply_transposed
from convnotes.fast.machine.workspace import Buffers, spans
from convnotes.windows import Convolution

rule = "kernels of up to 7 rows and columns, but not of one pixel, without stride or dilation"

# The results along an axis of a tile, and its inputs, at most: with more errors are larger than what is promised.
RESULTS, INPUTS = (2, 3, 4), 8
# The entries of a block's transformed tiles, and of the transformed filters that are held at a time.
ENTRIES, FILTERS = 2**19, 2**20
# The entries of tiles on their way to be transformed: they stay in a core's own cache.
CACHED = 2**17


class Tiles(NamedTuple):
    """Tiles of m results, of kernels of r weights, along both axes."""

    m: tuple[int, int]
    r: tuple[int, int]

    @property
    def n(self) -> tuple[int, int]:
        """The inputs of a tile."""
        return tuple(m + r - 1 for m, r in zip(self.m, self.r))

    def count(self, rows: int, columns: int) -> tuple[int, int]:
        """Rows and columns of tiles for so many windows."""
        return -(-rows // self.m[0]), -(-columns // self.m[1])


def takes(p: Convolution) -> bool:
    """Small kernels without stride or dilation."""
    return 1 < p.area and max(p.kernel) <= INPUTS - 1 and p.stride == p.dilation == (1, 1)


def suspect(p: Convolution, K, Y) -> np.ndarray:
    """The result: tiles subtract neighbours."""
    return Y


def work(p: Convolution) -> Work:
    """That of the tiles predicted to be the fastest."""
    return _fastest(p)[1]


def forward(X, K, p: Convolution, Y, b=None, most=float("inf")) -> None:
    """Y = A^T ((G K G^T) * (B^T X B)) A, tile by tile."""
    tiles = _fastest(p)[0]
    A, G, B = in_two_axes(*tiles, X.dtype.name)
    buffers, known = Buffers(X.dtype), {}
    for block in blocks(p, _sizes(p, tiles, most), tiles.m):
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
            _put(results, out[some], tiles, not block.begins)


def grad_weight(X, dY, p: Convolution, dK, most=float("inf")) -> None:
    """dK += G^T (sum over tiles of (A dY A^T) * (B^T X B)) G: `forward` transposed in the weight."""
    tiles = _fastest(p)[0]
    A, G, B = in_two_axes(*tiles, X.dtype.name)
    buffers, known = Buffers(X.dtype), {}
    for block in blocks(p, _sizes(p, tiles, most), tiles.m):
        V = _inputs(block, X, tiles, B, buffers, known)
        count = tiles.count(*block.p.count)
        U = _transformed(block.output(dY), A.T, tiles, count, (0, 0), tiles.m, buffers, "results")
        P = buffers("product", *U.shape[:3], V.shape[2])
        P[...] = 0
        multiply_transposed(U, V, P)
        part = block.weight(dK)
        part += (P.transpose(1, 2, 3, 0) @ G).reshape(part.shape)


def _inputs(block: Block, X, tiles: Tiles, B, buffers, known) -> np.ndarray:
    """A block's transformed inputs (n*n, G, C, tiles), which are those of the block before where only filters differ."""
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
        D = _tiles_of(A[some], count, tiles.m, before, side, buffers)
        multiply(B, D, V[:, *some].reshape(len(B), -1))
    return V


def _few(A: np.ndarray, entries: int) -> Iterator[tuple[slice, slice]]:
    """A few groups, or channels of one, of (G, C, ...) at a time, so that what is between stays in a core's cache."""
    G, C = A.shape[:2]
    most = max(1, CACHED // entries)
    for g in spans(G, most // C):
        for c in spans(C, most if g.stop - g.start == 1 else C):
            yield g, c


def _tiles_of(A: np.ndarray, count, apart, before, side, buffers) -> np.ndarray:
    """(G, C, N, H, W) -> (side*side, G * C * N * tiles): the tiles' entries, with zeros beyond the image.

    count: rows and columns of tiles, which lie `apart`; before: the zeros before the image; side: of a tile
    """
    height, width = ((number - 1) * m + n for number, m, n in zip(count, apart, side))
    (H, W), (top, left) = A.shape[3:], before
    if (H, W) != (height, width):
        canvas = buffers("canvas", *A.shape[:3], height, width)
        canvas[...] = 0
        canvas[..., top : top + H, left : left + W] = A
        A = canvas
    *planes, down, across = A.strides
    steps = (down, across, *planes, apart[0] * down, apart[1] * across)
    out = buffers("tiles", *side, *A.shape[:3], *count)
    out[...] = as_strided(A, out.shape, steps)
    return out.reshape(prod(side), -1)


def _put(results: np.ndarray, out: np.ndarray, tiles: Tiles, add: bool) -> None:
    """Write tiles (m*m, ...) to their places in (G, F, N, H, W), or add them; those beyond its end are dropped."""
    results = results.reshape(*tiles.m, *out.shape[:3], *tiles.count(*out.shape[3:]))
    for a, b in np.ndindex(tiles.m):
        place = out[..., a :: tiles.m[0], b :: tiles.m[1]]
        some = results[a, b][..., : place.shape[-2], : place.shape[-1]]
        if add:
            place += some
        else:
            place[...] = some


@lru_cache(maxsize=1024)
def _fastest(p: Convolution) -> tuple[Tiles, Work]:
    """The tiles predicted to be the fastest, and their work."""
    sides = [RESULTS if r > 1 else (1,) for r in p.kernel]
    found = [Tiles(m, p.kernel) for m in pairs(*sides)]
    found = [tiles for tiles in found if max(tiles.n) <= INPUTS]
    return min(((tiles, _work(p, tiles)) for tiles in found), key=lambda pair: pair[1].seconds())


def _work(p: Convolution, tiles: Tiles) -> Work:
    """A product for each entry of a tile, three transforms, and the copies between."""
    n2, m2, sizes = prod(tiles.n), prod(tiles.m), _sizes(p, tiles, float("inf"))
    cut, (N, C, *_), F, G = number(p, sizes), p.input_size, p.weight_size[0], p.groups
    T = N * prod(tiles.count(*p.count))
    parts = -(-whole(p).filters // max(1, sizes.filters))
    spatial = max(1, cut * sizes.groups // (parts * G))
    times = spatial if parts > 1 else 1
    total = product(F // G // parts, C // G, T / spatial, n2 * G * spatial * parts)
    # Many small products and long thin ones take longer than one large one.
    total = Work(1.2 * total.products, calls=total.calls)
    total += product(n2, n2, C * T) + product(m2, n2, F * T)
    total += product(n2, p.area, F // G * C * times)
    # Entries of tiles lie m apart in a row of the image.
    gaps = 3 * (n2 * C + m2 * F) * T
    runs = (n2 * C + m2 * F) * T / max(1, tiles.count(*p.count)[1])
    return total + Work(copied=gaps + prod(p.input_size), runs=runs, calls=cut * (m2 + 20))


@lru_cache(maxsize=1024)
def _sizes(p: Convolution, tiles: Tiles, most: float) -> Sizes:
    n2, m2 = prod(tiles.n), prod(tiles.m)

    def cached(s: Sizes) -> int:
        T = s.images * prod(tiles.count(s.rows, s.columns))
        return n2 * s.groups * T * max(s.channels, s.filters)

    def held(s: Sizes) -> int:
        T = s.images * prod(tiles.count(s.rows, s.columns))
        planes = T * ((2 * n2 + 2 * m2) * s.channels + (n2 + 2 * m2) * s.filters)
        return s.groups * (planes + 2 * n2 * s.filters * s.channels) + 2 * s.matrix

    # Transformed filters are larger than the filters: so many of them are held at a time.
    few = max(1, FILTERS // (n2 * p.weight_size[1]))
    F, G = min(whole(p).filters, few), min(p.groups, max(1, few // whole(p).filters))
    sizes = fitting(whole(p)._replace(filters=F, groups=G), cached, ENTRIES, held, most, m2)
    return sizes._replace(down=p.kernel[0], across=p.kernel[1])
