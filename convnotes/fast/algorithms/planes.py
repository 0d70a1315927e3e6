"""How a pool is cut: a few planes at a time, which are images of single channels, and a large plane in parts.

A part has some rows of windows, or where that is too much some windows of a row. What a few planes or a part hold stays
in a cache as far as that goes, and within the workspace in any case.
"""

from collections.abc import Callable, Iterator
from math import prod
from typing import NamedTuple

from convnotes.fast.machine import threads
from convnotes.fast.machine.workspace import halves, length, space, spans
from convnotes.windows import Windows

# The bytes that a block of planes holds: each has dozens of calls, which large ones share. At most workspace.THREAD.
BLOCK = 2**23
# A plane is cut for the cache's sake only if the halves hold little more than it, since what they share is done twice.
TWICE = 1.2


class Way(NamedTuple):
    """A way to treat planes: a function of views of them and their part; the entries that it holds of a plane."""

    function: Callable
    held: Callable


class Part(NamedTuple):
    """Some windows: where they lie in a plane of the output, what they meet of the input, and they as a problem."""

    windows: tuple
    met: tuple
    p: Windows


def treat(p: Windows, inputs: list, outputs: list, ways: list[Way], zero=()) -> None:
    """Treat all planes of some arrays by the first way for which there is space, or by the last.

    Its function is called with views (planes, height, width) of inputs and outputs, and the part that these are.
    zero: arrays among the inputs which are set to zero before their planes are treated
    """
    X, count = inputs[0], prod(inputs[0].shape[:2])
    if not count:
        return
    block, way = BLOCK // X.itemsize, ways[0]
    most = block
    if (entries := way.held(p)) > block:
        sizes = [(1, X.shape[1], *A.shape[2:]) for A in (X, outputs[0])]
        most = space(*sizes, X.itemsize, threads.number())
        row = p.part((slice(0, 1), slice(0, p.count[1])))[1]
        way = next((way for way in ways if way.held(row) <= most), ways[-1])
        entries = way.held(p)
    every = [Part((...,), (...,), p)]
    if entries > block:
        every = list(_divided(p, *map(slice, (0, 0), p.count), way.held, block, most))
    inputs, outputs = (
        [A.reshape(-1, *A.shape[2:]) for A in some] for some in (inputs, outputs)
    )
    zero = [A.reshape(-1, *A.shape[2:]) for A in zero]

    def some(planes: slice) -> None:
        for A in zero:
            A[planes] = 0
        for part in every:
            views = [A[planes][part.met] for A in inputs]
            views += [A[planes][part.windows] for A in outputs]
            way.function(*views, part)

    threads.share(some, list(spans(count, block // entries)))


def _divided(p, rows, columns, held, block, most) -> Iterator[Part]:
    """The windows in parts that hold at most `most` entries, as far as they can be divided, and no more than a block
    if that takes little more work.
    """
    met, q = p.part((rows, columns))
    entries = held(q)
    by_rows = [(half, columns) for half in halves(rows)]
    by_columns = [(rows, half) for half in halves(columns)]
    # What holds the least, of what is no longer the same.
    ways = [
        (held(p.part(both[1])[1]), both)
        for both, axis in ((by_rows, rows), (by_columns, columns))
        if length(axis) > 1
    ]
    least, both = min(ways, key=lambda way: way[0], default=(entries, []))
    if (
        entries <= block
        or not both
        or (entries <= most and 2 * least > TWICE * entries)
    ):
        yield Part((..., rows, columns), (..., *met), q)
        return
    for half in both:
        yield from _divided(p, *half, held, block, most)
