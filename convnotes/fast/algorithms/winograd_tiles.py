"""Winograd's tiles: where they lie, how many are worked on together, and what that costs.

Along an axis, a tile of m results reads m + k - 1 inputs, for kernels of k weights. Tiles lie m pixels apart, so that
their inputs overlap. Those at the end hang over the image, and read zeros there.

Derived in notebooks/09_fast_convolution.ipynb, the count of work in 12_inside_fast.ipynb.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import prod

import numpy as np

from convnotes.fast.algorithms.blocks import Sizes, fitting, number, whole
from convnotes.fast.algorithms.taps import windows_of
from convnotes.fast.machine.cost import Work, product
from convnotes.parameters import Pair, both
from convnotes.windows import Convolution, Windows

# The results of a tile along an axis: with more, errors are larger than what is promised.
M = 4
# The entries of a block's transformed tiles, and of the transformed filters that are held at a time.
ENTRIES, FILTERS = 2**19, 2**20
# The entries of a block's tiles where filters are too many for that, and have to be transformed anew for each block.
MANY = 2**21


def inputs(p: Windows) -> tuple[int, int]:
    """The inputs of a tile."""
    return M + p.kernel[0] - 1, M + p.kernel[1] - 1


def count(rows: int, columns: int) -> tuple[int, int]:
    """Rows and columns of tiles for so many windows."""
    return -(-rows // M), -(-columns // M)


def tiles_of(A: np.ndarray, windows: Pair, before: Sequence[int], side: Pair) -> np.ndarray:
    """(G, C, N, H, W) -> (side*side, G, C, N * tiles): the tiles' entries, with zeros beyond the image.

    windows: rows and columns of windows; before: the zeros before the image; side: that of a tile
    """
    padding = both((zeros, 0) for zeros in before)
    tiles = Windows(A.shape[3:], side, (M, M), (1, 1), padding, count(*windows))
    return windows_of(A, tiles).transpose(2, 3, 0, 1, 4, 5, 6).reshape(prod(side), *A.shape[:2], -1)


def put(results: np.ndarray, out: np.ndarray, add: bool) -> None:
    """Write tiles (m*m, ...) to their places in (G, F, N, H, W), or add them; those beyond its end are dropped."""
    results = results.reshape(M, M, *out.shape[:3], *count(*out.shape[3:]))
    for a, b in np.ndindex(M, M):
        place = out[..., a::M, b::M]
        some = results[a, b][..., : place.shape[-2], : place.shape[-1]]
        if add:
            place += some
        else:
            place[...] = some


@lru_cache(maxsize=1024)
def work_of(p: Convolution) -> Work:
    """Of every block a product for each entry of a tile, three transforms, and the copies between."""
    n2, m2, s = prod(inputs(p)), M * M, sizes_of(p, float("inf"))
    blocks, parts, tiles = number(p, s), whole(p).filters / s.filters, count(s.rows, s.columns)
    T = s.images * prod(tiles)
    read, written, weights = (s.groups * each for each in (s.channels * T, s.filters * T, s.filters * s.channels))
    # Many small products and long thin ones take longer than one large one.
    each = product(s.filters, s.channels, T, n2 * s.groups) * 1.4
    each += product(m2, n2, written) + _gaps(m2 * written, tiles)
    transformed = product(n2, n2, read) + _gaps(n2 * read, tiles)
    filters = product(n2, p.area, weights) + Work(copied=6 * n2 * weights)
    # Blocks that differ in filters alone share their inputs; those that differ in places share a few filters.
    times = blocks if parts > 1 else p.groups / s.groups
    return each * blocks + transformed * (blocks / parts) + filters * times + Work(calls=(m2 + 20) * blocks)


def _gaps(entries: int, tiles: tuple[int, int]) -> Work:
    """Entries of tiles lie m apart in a row of the image."""
    return Work(copied=3 * entries, runs=entries / max(1, tiles[1]))


def held(p: Convolution, s: Sizes) -> int:
    """The entries that a block holds: transformed tiles and filters, products, and what is between."""
    n2, T = prod(inputs(p)), s.images * prod(count(s.rows, s.columns))
    # A canvas has less than a tile's inputs for each, and results take less than products.
    return s.groups * n2 * (T * (3 * s.channels + 3 * s.filters) + s.filters * s.channels) + 2 * s.matrix


@lru_cache(maxsize=1024)
def sizes_of(p: Convolution, most: float) -> Sizes:
    """The sizes of blocks that hold `most` entries at most."""
    n2, all_filters = prod(inputs(p)), whole(p).filters
    # Transformed filters are larger than the filters: so many of them are held at a time.
    few = max(1, FILTERS // (n2 * p.weight_size[1]))
    few = few // 32 * 32 or few
    F, G = min(all_filters, few), min(p.groups, max(1, few // all_filters))

    def cached(s: Sizes) -> int:
        return n2 * s.groups * s.images * prod(count(s.rows, s.columns)) * max(s.channels, s.filters)

    ideal = ENTRIES if F == all_filters else MANY
    sizes = fitting(whole(p)._replace(filters=F, groups=G), cached, ideal, lambda s: held(p, s), most, M * M)
    return sizes._replace(down=p.kernel[0], across=p.kernel[1])
