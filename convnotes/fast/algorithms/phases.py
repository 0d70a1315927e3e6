"""The input gradient as convolutions without stride: what a stride S leaves apart, S * S phases, lies together in each.

Row h of the padded input meets entry i of the kernel where h = y*S + i. So which entries it meets depends on h mod S
alone, and the rows of one phase are a convolution, without stride, of dY with those entries turned round. Phases with
equally many entries read the same windows of dY. They are one convolution, whose filters are all of theirs. No zero
between entries of dY is ever multiplied, and every algorithm of the forward pass serves.

Source: Shi et al., "Is the deconvolution layer the same as a convolutional layer?", arXiv 1609.07009.
Derived in notebooks/12_inside_fast.ipynb.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from itertools import product
from math import prod
from typing import NamedTuple

import numpy as np

from convnotes.annotations import Array
from convnotes.fast.machine.cost import Work
from convnotes.fast.machine.workspace import length, spans
from convnotes.windows import Convolution, Windows, convolution, inside

rule = "windows without both a stride and a dilation along an axis, and weights of at most 2^21 entries"

# The entries of a weight beyond which it is not copied.
LARGE = 2**21


class Phases(NamedTuple):
    """Along one axis: phases `first` and following, `number` of them, as windows of dY.

    taps: how many entries of the kernel each has
    start: the first place of the padded input that they share, in steps of the stride; count: how many places there are
    met, padding: what of dY is read, and the zeros around it
    """

    first: int
    number: int
    taps: int
    start: int
    count: int  # type: ignore[assignment]  # a tuple has a method of that name
    met: slice
    padding: tuple[int, int]


def takes(p: Convolution) -> bool:
    """Windows without both a stride and a dilation along an axis, and weights that are views, or not too large."""
    return all(1 in pair for pair in zip(p.stride, p.dilation)) and (prod(p.weight_size) <= LARGE or _is_view(p))


def _is_view(p: Convolution) -> bool:
    """Whether the weight of the phases is a view of the weight."""
    return p.stride == (1, 1) and (p.groups == 1 or min(p.weight_size[0] // p.groups, p.weight_size[1]) == 1)


def _along(p: Windows, axis: int) -> list[Phases]:
    """The phases of an axis, those with equally many taps together."""
    (size, K, S, D, before), number = p.along(axis), p.count[axis]
    whole, rest = divmod(K, S)
    found = []
    for first, last, taps in ((0, rest, whole + 1), (rest, S, whole)):
        if first == last or taps == 0:
            continue
        start = -((last - 1 - before) // S)
        stop = (before + size - 1 - first) // S + 1
        # The first window begins so far before.
        low = start - D * (taps - 1)
        met = slice(min(number, max(0, low)), max(0, min(number, stop)))
        if met.start < met.stop and start < stop:
            padding = met.start - low, stop - met.stop
            found.append(Phases(first, last - first, taps, start, stop - start, met, padding))
    return found


@lru_cache(maxsize=1024)
def convolutions(p: Convolution) -> list[tuple[Phases, Phases, Convolution]]:
    """The phases of rows and of columns, and the convolution of each pair of them."""
    (N, F), C, G, found = p.output_size[:2], p.weight_size[1], p.groups, []
    for row, column in product(_along(p, 0), _along(p, 1)):
        both = row, column
        input_size, kernel = (N, F, *(length(axis.met) for axis in both)), [axis.taps for axis in both]
        weight_size = G * row.number * column.number * C, F // G, *kernel
        padding = tuple(axis.padding for axis in both)
        found.append((row, column, convolution(input_size, weight_size, 1, padding, p.dilation, G)))
    return found


def grad_input(K: Array, dY: Array, p: Convolution, dX: Array, forward: Callable[..., None], most: float) -> None:
    """Put dX in place of zeros, each pair of phases by `forward`(input, weight, p, output, most)."""
    for row, column, q in convolutions(p):
        upstream, weight = dY[:, :, row.met, column.met], _weight(K, p, row, column)
        left = most if _is_view(p) else most - weight.size
        if p.stride == (1, 1):
            forward(upstream, weight, q, dX, left)
            continue
        for n in spans(len(dY), left / 2 / prod(q.output_size[1:])):
            few = length(n)
            some = replace(q, input_size=(few, *q.input_size[1:]), output_size=(few, *q.output_size[1:]))
            out = np.empty(some.output_size, dY.dtype)
            forward(upstream[n], weight, some, out, left / 2)
            _put(out, p, row, column, dX[n])


def work(p: Convolution) -> Work:
    """What is done beside the convolutions: weights are turned round, and results put back among each other."""
    if p.stride == (1, 1):
        return Work(copied=prod(p.weight_size), runs=prod(p.weight_size))
    weight, result = prod(p.weight_size), prod(p.input_size)
    runs = 1.5 * weight * p.stride[1] / p.kernel[1] + result / p.size[1] * p.stride[1]
    return Work(copied=3 * result, runs=runs, calls=2 * prod(p.stride))


def _weight(K: np.ndarray, p: Convolution, row: Phases, column: Phases) -> np.ndarray:
    """The weight of a pair of phases, whose filters are the channels of each: a view where there is one phase."""
    (S_H, S_W), G = p.stride, p.groups
    turned = K.reshape(G, -1, *K.shape[1:]).swapaxes(1, 2)
    if p.stride == (1, 1):
        return turned.reshape(-1, *turned.shape[2:])[..., ::-1, ::-1]
    phases = row.number, column.number
    out = np.empty((G, *phases, *turned.shape[1:3], row.taps, column.taps), K.dtype)
    for a, b in np.ndindex(phases):
        out[:, a, b] = turned[..., row.first + a :: S_H, column.first + b :: S_W][..., ::-1, ::-1]
    return out.reshape(-1, *out.shape[4:])


def _put(out: np.ndarray, p: Convolution, row: Phases, column: Phases, dX: np.ndarray) -> None:
    """Write what a pair of phases gave to its places."""
    by_phase = out.reshape(len(out), p.groups, row.number, column.number, -1, *out.shape[2:])
    place = dX.reshape(len(dX), p.groups, -1, *dX.shape[2:])
    for phase in np.ndindex(row.number, column.number):
        (rows, down), (columns, across) = (
            inside(axis.start * S + axis.first + r - before, S, axis.count, size)
            for axis, r, S, (before, _), size in zip((row, column), phase, p.stride, p.padding, p.size)
        )
        place[..., down, across] = by_phase[:, :, *phase][..., rows, columns]
