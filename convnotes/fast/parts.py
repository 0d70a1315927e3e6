"""A layer that treats its channels one by one, in parts that are one run of memory each."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from convnotes.fast.blocks import length, spans
from convnotes.windows import Convolution


class Part(NamedTuple):
    """All channels of several images, or some channels of one, or some rows of a single channel."""

    images: slice
    channels: slice
    rows: slice

    @property
    def planes(self) -> int:
        """How many channels of images there are."""
        return length(self.images) * length(self.channels)

    def of(self, A: np.ndarray, rows: slice, copy=None) -> np.ndarray:
        """These planes of images, one after the other: (planes, H, W). With copy=False where they lie, or an error."""
        part = A[self.images, self.channels, rows]
        return part.reshape(self.planes, *part.shape[2:], copy=copy)

    def matrices(self, A: np.ndarray) -> np.ndarray:
        """A matrix (taps, H * W) for each image and channel, of planes (taps, planes, H, W)."""
        N, C = length(self.images), length(self.channels)
        size = A.shape[2] * A.shape[3]
        return A.reshape(len(A), N, C, size).transpose(1, 2, 0, 3)


def parts(p: Convolution, planes: int, band: int) -> Iterator[Part]:
    """Parts of at most so many planes, or, if that is none, of so many rows of one."""
    (N, C, *_), rows = p.input_size, slice(0, p.count[0])
    if planes >= C:
        for n in spans(N, planes // C):
            yield Part(n, slice(0, C), rows)
    elif planes:
        for n in range(N):
            for c in spans(C, planes):
                yield Part(slice(n, n + 1), c, rows)
    else:
        for n, c in np.ndindex(N, C):
            for y in spans(p.count[0], band):
                yield Part(slice(n, n + 1), slice(c, c + 1), y)
