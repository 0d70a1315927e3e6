"""The input gradient as convolutions without stride, one for each phase: dX falls apart into S * S of them.

Row h of the padded input meets entry i of the kernel where h = y*S + i*D. So which entries it meets depends
on h mod S alone, and the rows of one phase are a convolution, without stride, of dY with those entries
turned round. No zero between entries of dY is ever multiplied, and every algorithm of the forward pass serves here too.

Derived in notebooks/09_fast_convolution.ipynb.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import gcd

import numpy as np

from convnotes import windows
from convnotes.windows import Convolution


@dataclass(frozen=True)
class Phase:
    """Along one axis: the inputs `places`, the kernel's entries that they meet, and what these read of dY.

    entries: in the order in which they are met, the last one first
    outputs: the part of dY that is read, to be padded by `padding` and met at steps of `dilation`
    """

    places: slice
    entries: slice
    outputs: slice
    padding: tuple[int, int]
    dilation: int


def phases(
    size: int, K: int, S: int, D: int, before: int, number: int
) -> list[Phase]:
    """The phases along an axis of `size` with `before` zeros before it, those that meet any of `number` windows."""
    step = gcd(S, D)
    found = []
    for r in range(S):
        # Input m of this phase lies at m*S + r of the padded axis, the first of them at or after `before`.
        first = -(-(before - r) // S)
        inputs = len(range(first * S + r, before + size, S))
        places = slice(first * S + r - before, size, S)
        start = next(
            (i for i in range(min(K, S)) if i * D % S == r), None
        )
        if inputs < 1 or start is None:
            continue
        taps = range(start, K, S // step)
        dilation = D // step
        # Entry u of them is met by output m - offset - u*dilation.
        offset = (start * D - r) // S
        low = first - offset - dilation * (len(taps) - 1)
        high = first + inputs - offset
        outputs = slice(
            min(number, max(0, low)), max(0, min(number, high))
        )
        padding = outputs.start - low, high - outputs.stop
        entries = slice(
            taps[-1], taps[0] - 1 if taps[0] else None, -(S // step)
        )
        if outputs.start < outputs.stop:
            found.append(
                Phase(places, entries, outputs, padding, dilation)
            )
    return found


def convolutions(
    p: Convolution,
) -> Iterator[tuple[Phase, Phase, Convolution]]:
    """The phases of both axes with the convolution of each pair of them."""
    axes = zip(
        p.size, p.kernel, p.stride, p.dilation, p.padding, p.count
    )
    vertical, horizontal = (
        phases(H, k, S, D, before, y)
        for H, k, S, D, (before, _), y in axes
    )
    F, C, *_ = p.weight_size
    for row in vertical:
        for column in horizontal:
            outputs = (
                *p.output_size[:2],
                *(length(q.outputs) for q in (row, column)),
            )
            kernel = (
                len(range(p.kernel[0])[row.entries]),
                len(range(p.kernel[1])[column.entries]),
            )
            weight = (p.groups * C, F // p.groups, *kernel)
            padding, dilation = (
                (row.padding, column.padding),
                (row.dilation, column.dilation),
            )
            yield (
                row,
                column,
                windows.convolution(
                    outputs, weight, 1, padding, dilation, p.groups
                ),
            )


def length(part: slice) -> int:
    """The number of entries of a slice whose ends are known."""
    return part.stop - part.start


def spread(
    K: np.ndarray,
    dY: np.ndarray,
    p: Convolution,
    dX: np.ndarray,
    choose: Callable,
) -> None:
    """Put dX in place of zeros, by the algorithm `choose(windows)` for the convolution of each phase."""
    turned = _turned(K, p)
    for row, column, q in convolutions(p):
        part = (
            dX
            if p.stride == (1, 1)
            else np.empty(q.output_size, dY.dtype)
        )
        outputs, weight = (
            dY[:, :, row.outputs, column.outputs],
            turned[:, :, row.entries, column.entries],
        )
        choose(q).gather(outputs, weight, q, part)
        if part is not dX:
            dX[:, :, row.places, column.places] = part


def _turned(K, p):
    """The weight with its two channel axes exchanged inside every group: (C_in, C_out/groups, kH, kW)."""
    F, C, kH, kW = K.shape
    by_group = K.reshape(p.groups, F // p.groups, C, kH, kW)
    return by_group.transpose(0, 2, 1, 3, 4).reshape(
        p.groups * C, F // p.groups, kH, kW
    )
