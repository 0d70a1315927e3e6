"""How large Winograd's tiles are for a convolution, how many are worked on together, and what that costs.

Large tiles save more multiplications; small ones waste less where an image does not fall into whole tiles, and their
transformed kernels are smaller. The ones predicted to be the fastest are taken.

Derived in notebooks/09_fast_convolution.ipynb.
"""

from functools import lru_cache
from math import prod

from convnotes.fast.blocks import sides
from convnotes.fast.buffers import apart
from convnotes.fast.products import workspace
from convnotes.fast.tiles import Tiles
from convnotes.fast.work import Work, product, product_of
from convnotes.windows import Convolution

# The results along each axis of a tile. With more of them errors are larger than what is promised.
RESULTS = (2, 3, 4)
# The entries of a block's transformed tiles, and of the transformed filters that are held at a time,
ENTRIES, FILTERS = 2**19, 2**20
# and the tiles that a block has all the same, since transformed filters must serve for many of them.
LEAST = 192
# With fewer tiles in a block those of the inputs are turned round for the weight gradient's products.
SHORT = 256


def held(tiles: Tiles) -> int:
    """The entries of all buffers, of rows on their way to tiles, of inputs turned round, and what products hold.

    Beside them lie filters on their way to their transforms, and the weight gradient of a group.
    """
    p, m, n, most = tiles.p, tiles.m, tiles.n, largest(tiles)
    F, C = filters(tiles), p.weight_size[1]
    rows = m * max(C * n, F * m) * most
    turned = n * n * C * min(most, SHORT)
    summed = n * n * (workspace(F, C, most) + workspace(F, most, C))
    weights = F * C * p.area + prod(p.weight_size) // p.groups
    return sum(sizes(tiles)) + rows + turned + summed + weights


@lru_cache(maxsize=256)
def fastest(
    p: Convolution, correlating: bool = False
) -> tuple[Tiles, Work]:
    """The tiles predicted to be the fastest, and their work."""
    found = [
        (tiles, _work(tiles, correlating))
        for tiles in (Tiles(p, m) for m in RESULTS)
    ]
    return min(found, key=lambda pair: pair[1].seconds())


def _work(tiles, correlating):
    """A product for each of the n * n entries, and three transforms; next to them tiles are read in no time."""
    p, n2, m2 = tiles.p, tiles.n**2, tiles.m**2
    F, C, G = p.weight_size[0] // p.groups, p.weight_size[1], p.groups
    cut, parts = tiles.cut(most_tiles(tiles)), -(-F // filters(tiles))
    number = p.input_size[0] * prod(tiles.count)
    products = (
        cut
        * parts
        * n2
        * product_of(
            F // parts, C, number // max(1, cut), correlating
        )
    )
    transforms = product(n2, n2, C * number) + product(
        m2, n2, F * number
    )
    times = cut if parts > 1 or correlating else 1
    weights = times * product(n2, p.area, F * C)
    all_products = G * (products + transforms + weights)
    return Work(
        # Many small products and long thin ones take longer than one large one: measured, not derived.
        products=6 * all_products // 5,
        # Transformed filters and tiles are more than a cache holds; some of them are.
        copied=G * n2 * (times * F * C + (F + C) * number) // 2,
        calls=G * cut * (n2 + 4 + parts * (n2 + m2 + 4)),
    )


def sizes(tiles: Tiles) -> tuple[int, int, int, int]:
    """The entries of the buffers: tiles or products, transformed tiles, transformed filters, and results."""
    n2 = tiles.n**2
    F, C = filters(tiles), tiles.p.weight_size[1]
    most = largest(tiles)
    return (
        n2 * apart(max(C, F) * most),
        n2 * apart(C * most),
        n2 * apart(F * C),
        tiles.m**2 * apart(F * most),
    )


def largest(tiles: Tiles) -> int:
    """The tiles of the largest block."""
    rows, columns = tiles.count
    most = most_tiles(tiles) // max(1, columns)
    return prod(sides(tiles.p.input_size[0], rows, most)) * columns


def most_tiles(tiles: Tiles) -> int:
    """The tiles of a block, unless a row has more."""
    channels = max(filters(tiles), tiles.p.weight_size[1])
    return max(LEAST, ENTRIES // (tiles.n**2 * channels))


def filters(tiles: Tiles) -> int:
    """The filters whose transforms are held at a time."""
    p = tiles.p
    most = max(1, FILTERS // (tiles.n**2 * p.weight_size[1]))
    return min(most, p.weight_size[0] // p.groups)
