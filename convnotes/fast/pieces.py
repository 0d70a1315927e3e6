"""A convolution cut into pieces, each of which needs no more space than there is, whichever parameter is large.

A piece has some images, some groups or some filters and channels of one, some windows, and some entries of the kernel.
So it is a convolution as any other, for any algorithm. Pieces that differ in channels or entries alone are parts of one
sum. A problem is halved until its algorithm says that it holds little enough; one of a usual size is a single piece.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from math import prod
from typing import NamedTuple

import numpy as np

from convnotes.fast.blocks import halves, length
from convnotes.windows import Convolution

# The windows with which a product is worth its call: only where there are more of them, they are divided first.
WINDOWS = 256
# What may be held, as a share of what is held now, for it to be worth it; parts of a sum have to be added up, too.
GAIN, OF_SUM = 0.75, 0.6
# What Python's own objects take for each row and column of a kernel, as entries.
TAP = 2**8


class Cut(NamedTuple):
    """What a piece has of each axis: its filters and channels are counted within a group, `down` and `across` are the
    rows and columns of the kernel.
    """

    images: slice
    rows: slice
    columns: slice
    groups: slice
    filters: slice
    channels: slice
    down: slice
    across: slice


SUMMED = ("channels", "down", "across")
WHERE = ("images", "rows", "columns")
# Of these axes some can be had only with a single entry of another one: so a run of an output stays one.
LONE = {
    "groups": "images",
    "filters": "groups",
    "channels": "groups",
    "columns": "rows",
}


@dataclass(frozen=True)
class Piece:
    """A part of the convolution `whole`, as a convolution `p` on the rows and columns `met` of the input."""

    whole: Convolution
    cut: Cut
    met: tuple[slice, slice]
    p: Convolution

    def of_input(self, X: np.ndarray) -> np.ndarray:
        """Its part of an array of the input's size."""
        C, cut = self.whole.weight_size[1], self.cut
        c = _channels(cut.groups, cut.channels, C)
        return X[cut.images, c, *self.met]

    def of_weight(self, K: np.ndarray) -> np.ndarray:
        """Its part of a weight `by_group`."""
        cut = self.cut
        return K[
            cut.groups,
            cut.filters,
            cut.channels,
            cut.down,
            cut.across,
        ]

    def of_output(self, Y: np.ndarray) -> np.ndarray:
        """Its part of an array of the output's size."""
        cut = self.cut
        return Y[cut.images, self.filters, cut.rows, cut.columns]

    @property
    def filters(self) -> slice:
        """Its channels of the output."""
        F = self.whole.weight_size[0] // self.whole.groups
        return _channels(self.cut.groups, self.cut.filters, F)

    @property
    def begins(self) -> bool:
        """Whether it is the first part of its sum."""
        return not any(getattr(self.cut, a).start for a in SUMMED)

    def meets(self) -> bool:
        """Whether its windows cover any of the input."""
        return 0 not in self.p.size

    def halves(self, axis: str) -> "list[Piece]":
        """It, divided along an axis; nothing where that cannot be."""
        some = getattr(self.cut, axis)
        alone = getattr(self.cut, LONE.get(axis, axis))
        if length(some) < 2 or (axis in LONE and length(alone) > 1):
            return []
        return [self.having(**{axis: half}) for half in halves(some)]

    def having(self, **axes: slice) -> "Piece":
        """What it has in these slices."""
        return of(self.whole, self.cut._replace(**axes))


def whole(p: Convolution) -> Piece:
    """All of a convolution."""
    (F, C, kH, kW), (H, W) = p.weight_size, p.size
    sizes = p.input_size[0], *p.count, p.groups, F // p.groups
    cut = Cut(*(slice(0, size) for size in (*sizes, C, kH, kW)))
    return Piece(p, cut, (slice(0, H), slice(0, W)), p)


def of(p: Convolution, cut: Cut) -> Piece:
    """A piece of a convolution."""
    outputs, taps = (cut.rows, cut.columns), (cut.down, cut.across)
    met, q = p.part(outputs, taps)
    N, G = length(cut.images), length(cut.groups)
    F, C = G * length(cut.filters), length(cut.channels)
    sizes = (N, G * C, *q.size), (F, C, *q.kernel), (N, F, *q.count)
    return Piece(
        p, cut, met, Convolution(*vars(q).values(), *sizes, G)
    )


def by_group(K: np.ndarray, p: Convolution) -> np.ndarray:
    """A weight with an axis for groups, (G, F/G, C/G, kH, kW)."""
    return K.reshape(p.groups, -1, *K.shape[1:])


def divided(
    piece: Piece, held: Callable, most: float
) -> Iterator[Piece]:
    """Pieces of a piece that hold at most `most` entries each, as far as they can be divided.

    held: how many a piece holds, infinitely many if there is no algorithm for it
    """
    if estimate(piece.p) <= most:
        yield piece
        return
    entries = held(piece)
    halves = [] if entries <= most else _halves(piece, held, entries)
    if not halves:
        yield piece
    for half in halves:
        yield from divided(half, held, most)


def estimate(p: Convolution) -> int:
    """More than any algorithm holds, found in no time: that of most problems needs no other look."""
    (N, C, H, W), F = p.input_size, p.weight_size[0]
    (top, bottom), (left, right) = p.padding
    (kH, kW), (H_Y, W_Y) = p.kernel, p.count
    height = max(top + H + bottom, kH * H_Y)
    width = max(left + W + right, kW * W_Y)
    laid_out = N * (C * height * width + F * H_Y * W_Y)
    return 8 * laid_out + 40 * prod(p.weight_size) + TAP * (kH + kW)


def _halves(piece, held, entries):
    """Its halves along the first axis that makes it hold less, once it is cut to a single entry of that."""
    sizes = [length(getattr(piece.cut, axis)) for axis in WHERE]
    few = prod(sizes) <= WINDOWS
    useful = (
        axis
        for axis in Cut._fields[len(WHERE) if few else 0 :]
        if _serves(piece, axis, held, entries)
    )
    for axis in chain(useful, Cut._fields):
        lone = LONE.get(axis, axis)
        parts = piece.halves(lone) or piece.halves(axis)
        if parts and max(map(held, parts)) < float("inf"):
            return parts
    return []


def _serves(piece, axis, held, entries) -> bool:
    """Whether a piece would hold less with a single entry of an axis."""
    one = {}
    for name in (axis, LONE.get(axis, axis)):
        start = getattr(piece.cut, name).start
        one[name] = slice(start, start + 1)
    less = piece.having(**one)
    gain = OF_SUM if axis in SUMMED else GAIN
    return less.cut != piece.cut and held(less) <= gain * entries


def _channels(groups, some, each) -> slice:
    """Some channels of every one of these groups, which have so many each."""
    start, last = groups.start * each, (groups.stop - 1) * each
    return slice(start + some.start, last + some.stop)
