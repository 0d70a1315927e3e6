"""The input gradient as convolutions without stride, one for each phase: dX falls apart into S * S of them.

Row h of the padded input meets entry i of the kernel where h = y*S + i*D. So which entries it meets depends
on h mod S alone, and the rows of one phase are a convolution, without stride, of dY with those entries
turned round. No zero between entries of dY is ever multiplied, and every algorithm of the forward pass serves here too.

Derived in notebooks/09_fast_convolution.ipynb.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import gcd

import numpy as np

from convnotes.fast.blocks import length
from convnotes.windows import Convolution, Windows


@dataclass(frozen=True)
class Phase:
    """Along one axis: the inputs `places`, the kernel's entries that they meet, and what these read of dY.

    entries: in the order in which they are met, the last one first
    outputs: the part of dY that is read, to be padded by `padding` and met at steps of `dilation`
    inputs, kernel: how many inputs and entries they are
    """

    places: slice
    entries: slice
    outputs: slice
    padding: tuple[int, int]
    dilation: int
    inputs: int
    kernel: int


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
                Phase(
                    places,
                    entries,
                    outputs,
                    padding,
                    dilation,
                    inputs,
                    len(taps),
                )
            )
    return found


def every(count: int) -> Phase:
    """All of an axis, as it is."""
    return Phase(
        slice(None), slice(None), slice(0, count), (0, 0), 1, count, 1
    )


def axes(p: Windows) -> list[list[Phase]]:
    """The phases of the rows, and those of the columns."""
    return [
        phases(size, K, S, D, before, number)
        for size, K, S, D, (before, _), number in zip(
            p.size, p.kernel, p.stride, p.dilation, p.padding, p.count
        )
    ]


def meeting(row: Phase, column: Phase) -> Windows:
    """The windows by which the inputs of two phases read their part of dY."""
    size, kernel, dilation, padding, count = zip(
        *(
            (
                length(phase.outputs),
                phase.kernel,
                phase.dilation,
                phase.padding,
                phase.inputs,
            )
            for phase in (row, column)
        )
    )
    return Windows(size, kernel, (1, 1), dilation, padding, count)


def convolutions(
    p: Convolution,
) -> Iterator[tuple[Phase, Phase, Convolution]]:
    """The phases of both axes with the convolution of each pair of them."""
    vertical, horizontal = axes(p)
    (N, F), C, G = p.output_size[:2], p.weight_size[1], p.groups
    for row, column in product(vertical, horizontal):
        q = meeting(row, column)
        yield (
            row,
            column,
            Convolution(
                **vars(q),
                input_size=(N, F, *q.size),
                weight_size=(G * C, F // G, *q.kernel),
                output_size=(N, G * C, *q.count),
                groups=G,
            ),
        )


def each(
    K: np.ndarray, dY: np.ndarray, p: Convolution
) -> Iterator[tuple[tuple, np.ndarray, np.ndarray, Convolution]]:
    """For each phase where in dX it lies, the part of dY and the weight that it meets, and their convolution.

    Weights have an axis for groups; those of the phases are views, whose two channel axes are exchanged.
    """
    turned = K.swapaxes(1, 2)
    for row, column, q in convolutions(p):
        yield (
            (..., row.places, column.places),
            dY[:, :, row.outputs, column.outputs],
            turned[..., row.entries, column.entries],
            q,
        )
