"""A convolution cut into blocks, so that none needs more workspace than there is, whichever parameter is large.

A block has some images, groups, filters and channels, some windows, and some entries of the kernel. Each map of a
convolution is linear, so it is the sum of what its blocks give. A problem of a usual size is cut along images and rows.
"""

from collections.abc import Iterator
from itertools import product
from math import prod
from typing import Any, NamedTuple

import numpy as np

from convnotes.annotations import Function
from convnotes.windows import Convolution, Windows

# The positions from which on an image has products of its own: smaller ones share them.
ALONE = 2**9
# The columns of a product below which rows are not cut for the sake of a cache alone.
COLUMNS = 256
# Filters are cut into multiples of this, as products like them.
FILTERS = 32


class Sizes(NamedTuple):
    """How much a block has of each axis; filters and channels are those of one group, down and across the kernel's."""

    groups: int
    images: int
    rows: int
    filters: int
    columns: int
    channels: int
    down: int
    across: int

    @property
    def matrix(self) -> int:
        """The entries of its weight."""
        return prod((self.groups, self.filters, self.channels, self.down, self.across))


def whole(p: Convolution) -> Sizes:
    """All of a convolution."""
    F, C, *kernel = p.weight_size
    H_Y, W_Y = p.count
    return Sizes(p.groups, p.input_size[0], H_Y, F // p.groups, W_Y, C, *kernel)


class Block(NamedTuple):
    """A part of the convolution `whole`: slices of all axes, what they meet of the input, and windows on that."""

    whole: Convolution
    cut: Any  # the slices, in place of the sizes of `Sizes`
    met: tuple[slice, slice]
    p: Windows

    def input(self, X: np.ndarray) -> np.ndarray:
        """Its part of an input: (groups, channels, images, H, W)."""
        cut, G, C = self.cut, self.whole.groups, self.whole.weight_size[1]
        by_group = X.reshape(len(X), G, C, *X.shape[2:])
        return by_group[cut.images, cut.groups, cut.channels, *self.met].transpose(1, 2, 0, 3, 4)

    def output(self, Y: np.ndarray) -> np.ndarray:
        """Its part of an output: (groups, filters, images, H_Y, W_Y)."""
        cut, G, F = self.cut, self.whole.groups, self.whole.weight_size[0]
        by_group = Y.reshape(len(Y), G, F // G, *Y.shape[2:])
        some = by_group[cut.images, cut.groups, cut.filters, cut.rows, cut.columns]
        return some.transpose(1, 2, 0, 3, 4)

    def weight(self, K: np.ndarray) -> np.ndarray:
        """Its part of a weight: (groups, filters, channels, kH, kW)."""
        cut = self.cut
        by_group = K.reshape(self.whole.groups, -1, *K.shape[1:])
        return by_group[cut.groups, cut.filters, cut.channels, cut.down, cut.across]

    @property
    def begins(self) -> bool:
        """Whether it is the first part of its outputs' sums."""
        return not (self.cut.channels.start or self.cut.down.start or self.cut.across.start)

    @property
    def is_first(self) -> bool:
        """Whether it is the first that has its part of the weight."""
        return not (self.cut.images.start or self.cut.rows.start or self.cut.columns.start)


def fitting(sizes: Sizes, cached: Function, ideal: float, held: Function, most: float, unit: int = 1) -> Sizes:
    """The sizes of blocks, none larger than `sizes`.

    cached: the entries of a block that should stay in a cache, not more than `ideal` as far as products remain wide
    held: all entries that a block holds, never more than `most`
    unit: the windows that share a column of a product
    """
    if sizes.rows * sizes.columns >= ALONE * unit:
        sizes = sizes._replace(images=min(1, sizes.images))
    columns = COLUMNS * unit
    places, terms = sizes.rows * sizes.columns, sizes.down * sizes.across
    sizes = _cut(sizes, "groups", cached, ideal, 1)
    sizes = _cut(sizes, "images", cached, ideal, -(-columns // max(1, places)))
    if unit == 1 and sizes.images * places < sizes.channels * terms:
        # Sums that are longer than results are many are cut themselves, so that a weight is read once for all.
        sizes = _cut(sizes, "channels", cached, ideal, -(-COLUMNS // terms))
    sizes = _cut(sizes, "rows", cached, ideal, -(-columns // max(1, sizes.columns)))
    for axis in Sizes._fields:
        sizes = _cut(sizes, axis, held, most, 1)
    return sizes


def blocks(p: Convolution, sizes: Sizes, unit: tuple[int, int] = (1, 1)) -> Iterator[Block]:
    """All blocks of a convolution, of these sizes or less; their windows come in units of so many rows and columns."""
    axes = whole(p)
    if sizes == axes and axes.images:
        yield Block(p, Sizes._make(slice(0, n) for n in axes), (slice(None), slice(None)), p)
        return
    units = {"rows": unit[0], "columns": unit[1], "filters": 1 if sizes.filters % FILTERS else FILTERS}
    cuts: Any = Sizes._make(in_units(n, most, units.get(axis, 1)) for axis, n, most in zip(Sizes._fields, axes, sizes))
    for rows, columns, down, across in product(cuts.rows, cuts.columns, cuts.down, cuts.across):
        met, q = p.part((rows, columns), (down, across))
        for g, n, f, c in product(cuts.groups, cuts.images, cuts.filters, cuts.channels):
            yield Block(p, Sizes._make((g, n, rows, f, columns, c, down, across)), met, q)


def number(p: Convolution, sizes: Sizes) -> float:
    """How many blocks of these sizes a convolution is worth: those at the end of an axis can be smaller."""
    return prod(n / max(1, most) for n, most in zip(whole(p), sizes))


def _cut(sizes: Sizes, axis: str, held: Function, most: float, least: int) -> Sizes:
    """Sizes of which one is smaller, as far as it has to be and can be."""
    size = getattr(sizes, axis)
    while size > least and (entries := held(sizes)) > most:
        size = max(least, min(size - 1, int(size * most / entries)))
        sizes = sizes._replace(**{axis: size})
    return sizes


def in_units(count: int, most: int, unit: int) -> list[slice]:
    """An axis in slices of about the same length, of at most `most`, that begin at whole units."""
    units, few = -(-count // unit), max(1, most // unit) if most < count else count
    each = unit * -(-units // -(-units // few)) if units else 1
    return [slice(start, min(start + each, count)) for start in range(0, count, each)]
