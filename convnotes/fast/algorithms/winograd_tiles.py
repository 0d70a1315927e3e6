"""How large Winograd's tiles are, where they lie, how many are worked on together, and what that costs.

A tile of m x m results reads n x n inputs, n = m + r - 1, for kernels of r x r. Tiles lie m pixels apart, so that their
inputs overlap. Those at the end hang over the image, and read zeros there. Large tiles save more multiplications. Small
ones waste less where an image does not fall into whole tiles, and their transformed kernels are smaller.

Derived in notebooks/09_fast_convolution.ipynb.
"""

from functools import lru_cache
from itertools import product as pairs
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from convnotes.fast.algorithms.blocks import Sizes, fitting, number, whole
from convnotes.fast.machine.cost import Work, product
from convnotes.windows import Convolution

# The results along an axis of a tile, and its inputs, at most: with more errors are larger than what is promised.
RESULTS, INPUTS = (2, 3, 4), 8
# The entries of a block's transformed tiles, and of the transformed filters that are held at a time.
ENTRIES, FILTERS = 2**19, 2**20
# The entries of a block's tiles where filters are too many for that, and have to be transformed anew for each block.
MANY = 2**21
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


def tiles_of(A: np.ndarray, count, apart, before, side, buffers) -> np.ndarray:
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


def put(results: np.ndarray, out: np.ndarray, tiles: Tiles, add: bool) -> None:
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
def fastest(p: Convolution) -> tuple[Tiles, Work]:
    """The tiles predicted to be the fastest, and their work."""
    sides = [RESULTS if r > 1 else (1,) for r in p.kernel]
    found = [Tiles(m, p.kernel) for m in pairs(*sides)]
    found = [tiles for tiles in found if max(tiles.n) <= INPUTS]
    return min(((tiles, _work(p, tiles)) for tiles in found), key=lambda pair: pair[1].seconds())


def _work(p: Convolution, tiles: Tiles) -> Work:
    """Of every block a product for each entry of a tile, three transforms, and the copies between."""
    n2, m2, s = prod(tiles.n), prod(tiles.m), sizes_of(p, tiles, float("inf"))
    blocks, parts, count = number(p, s), whole(p).filters / s.filters, tiles.count(s.rows, s.columns)
    T = s.images * prod(count)
    inputs, outputs, weights = (s.groups * each for each in (s.channels * T, s.filters * T, s.filters * s.channels))
    # Many small products and long thin ones take longer than one large one.
    each = (
        product(s.filters, s.channels, T, n2 * s.groups) * 1.2 + product(m2, n2, outputs) + _gaps(m2 * outputs, count)
    )
    transformed = product(n2, n2, inputs) + _gaps(n2 * inputs, count)
    filters = product(n2, p.area, weights) + Work(copied=3 * n2 * weights)
    # Blocks that differ in filters alone share their inputs; those that differ in places share a few filters.
    times = blocks if parts > 1 else p.groups / s.groups
    return each * blocks + transformed * (blocks / parts) + filters * times + Work(calls=(m2 + 20) * blocks)


def _gaps(entries: int, count: tuple[int, int]) -> Work:
    """Entries of tiles lie m apart in a row of the image."""
    return Work(copied=3 * entries, runs=entries / max(1, count[1]))


def held(p: Convolution, tiles: Tiles, s: Sizes) -> int:
    """The entries that a block holds: transformed tiles and filters, products, and what is between."""
    n2, T = prod(tiles.n), s.images * prod(tiles.count(s.rows, s.columns))
    planes = n2 * T * (s.channels + 2 * s.filters)
    canvas = 2 * CACHED + 2 * n2 * T
    return s.groups * (planes + 2 * n2 * s.filters * s.channels) + canvas + 2 * s.matrix


@lru_cache(maxsize=1024)
def sizes_of(p: Convolution, tiles: Tiles, most: float) -> Sizes:
    """The sizes of blocks that hold `most` entries at most."""
    n2 = prod(tiles.n)
    # Transformed filters are larger than the filters: so many of them are held at a time.
    few = max(1, FILTERS // (n2 * p.weight_size[1]))
    few = few // 32 * 32 or few
    F, G = min(whole(p).filters, few), min(p.groups, max(1, few // whole(p).filters))

    def cached(s: Sizes) -> int:
        T = s.images * prod(tiles.count(s.rows, s.columns))
        return n2 * s.groups * T * max(s.channels, s.filters)

    ideal = ENTRIES if F == whole(p).filters else MANY
    sizes = fitting(
        whole(p)._replace(filters=F, groups=G), cached, ideal, lambda s: held(p, tiles, s), most, prod(tiles.m)
    )
    return sizes._replace(down=p.kernel[0], across=p.kernel[1])
