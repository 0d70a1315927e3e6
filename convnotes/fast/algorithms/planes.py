"""How a pool is cut: a few planes at a time, which are images of single channels, and a large plane in parts.

A part has some rows of windows, or where that is too much some windows of a row. What a few planes or a part hold stays
in a cache, and so within the workspace.
"""

from collections.abc import Iterator, Sequence
from math import prod
from typing import NamedTuple

from convnotes.annotations import Array, Function, Index
from convnotes.fast.machine import threads
from convnotes.fast.machine.workspace import length, space, spans
from convnotes.windows import Windows

Arrays = Sequence[Array]
# The bytes that are held at a time: each block has dozens of calls, which large ones share.
BLOCK = 2**23
# A plane is cut for the cache's sake only if its halves hold little more than it: what they share is done twice.
TWICE = 1.2


class Part(NamedTuple):
    """Some windows: where they lie in a plane of the output, what they meet of the input, and they as a problem."""

    windows: Index
    met: Index
    p: Windows


def treat(p: Windows, inputs: Arrays, outputs: Arrays, function: Function, held: Function, zero: Arrays = ()) -> None:
    """Call a function for all planes of some arrays, a block at a time, in threads if there are several.

    function: of views (planes, height, width) of inputs and outputs, and the part that these are
    held: the entries that it holds of a plane; zero: those of the inputs that are set to zero first
    """
    if not inputs[0].size:
        return
    most, entries = BLOCK // inputs[0].itemsize // max(1, threads.number() // 4), held(p)
    parts = [Part((...,), (...,), p)]
    if entries > most:
        sizes = [(1, inputs[0].shape[1], *A.shape[2:]) for A in (inputs[0], outputs[0])]
        limit = max(most, space(sizes[0], sizes[1], inputs[0].itemsize, threads.number()))
        parts = list(_divided(p, slice(0, p.count[0]), slice(0, p.count[1]), held, most, limit))
    flat = [[A.reshape(-1, *A.shape[2:]) for A in some] for some in (inputs, outputs, zero)]

    def some(planes: slice) -> None:
        for A in flat[2]:
            A[planes] = 0
        for part in parts:
            views = [A[planes][part.met] for A in flat[0]] + [A[planes][part.windows] for A in flat[1]]
            function(*views, part)

    threads.share(some, list(spans(prod(inputs[0].shape[:2]), most // entries)))


def _divided(p: Windows, rows: slice, columns: slice, held: Function, most: float, limit: float) -> Iterator[Part]:
    """The windows in parts that hold `limit` entries at most, where they can be divided, and `most` if that pays."""
    met, q = p.part((rows, columns))
    ways = [[(half, columns) for half in _halves(rows)]] if length(rows) > 1 else []
    ways += [[(rows, half) for half in _halves(columns)]] if length(columns) > 1 else []
    entries = held(q)
    if entries > most and ways:
        least, way = min(((held(p.part(way[1])[1]), way) for way in ways), key=lambda pair: pair[0])
        if entries > limit or 2 * least <= TWICE * entries:
            for half in way:
                yield from _divided(p, *half, held, most, limit)
            return
    yield Part((..., rows, columns), (..., *met), q)


def _halves(part: slice) -> tuple[slice, slice]:
    middle = (part.start + part.stop) // 2
    return slice(part.start, middle), slice(middle, part.stop)
