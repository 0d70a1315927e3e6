"""How a convolution is shared among threads: images of a batch, or bands of rows of a large image.

What takes so little time that it would be over before threads are awake is not shared. Then, and where there is only
one image, products are left to the threads of BLAS.
"""

from collections.abc import Callable
from math import prod

import numpy as np

from convnotes.fast import columns, pieces, threads, whole, winograd
from convnotes.fast.blocks import spans
from convnotes.fast.pieces import Piece
from convnotes.windows import Convolution

# The algorithms that work on a band as on an image of its own, where it lies.
BANDED = (columns, winograd)
# The seconds that a batch should take on one core, at least, to be shared.
LONG = 2e-3
# The multiply-adds of an image from which on bands pay, some milliseconds: threads take their time to wake, and to
# hand each other the interpreter's lock.
MANY = 5 * 10**8
# A band's rows are a multiple of this, so that whole tiles fit.
ROWS = 4


def shares(
    p: Convolution,
    choose: Callable,
    dtype: np.dtype,
    correlating: bool = False,
    bands: bool = True,
) -> list[Piece]:
    """The parts of a convolution, for as many threads as there are.

    choose: the algorithm of a convolution; bands: whether images are cut where there are fewer than threads
    """
    N, rows, count = (
        p.input_size[0],
        [slice(0, p.count[0])],
        threads.number(),
    )
    images = [slice(0, N)] if N else []
    if count > 1 and N and not whole.takes(p):
        module = choose(p)
        work = module.work(p, correlating)
        if work.seconds(dtype.itemsize) >= LONG:
            images = threads.images(N)
        if bands and len(images) < count:
            rows = _bands(p, module)
    if len(images) == len(rows) == 1:
        return [pieces.whole(p)]
    return [
        pieces.whole(p).having(images=part, rows=band)
        for part in images
        for band in rows
    ]


def _bands(p: Convolution, module) -> list[slice]:
    """The rows of an image, in bands for the threads that would have no image, if that pays with an algorithm."""
    F, C, *_ = p.weight_size
    many = F * C * p.area * p.positions >= MANY
    # Each band needs all filters, transformed.
    few = prod(p.weight_size) <= F * p.positions
    if not many or not few or module not in BANDED:
        return [slice(0, p.count[0])]
    each = -(-p.count[0] * p.input_size[0] // threads.number())
    tiles = spans(-(-p.count[0] // ROWS), -(-each // ROWS))
    return [
        slice(part.start * ROWS, min(part.stop * ROWS, p.count[0]))
        for part in tiles
    ]


def by_filters(p: Convolution) -> list[Piece]:
    """All images for every thread, which has groups or filters of its own."""
    count, whole_piece = threads.number(), pieces.whole(p)
    axis = "groups" if p.groups > 1 else "filters"
    every = getattr(whole_piece.cut, axis).stop
    return [
        whole_piece.having(**{axis: some})
        for some in spans(every, -(-every // count))
    ]
