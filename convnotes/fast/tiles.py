"""Where Winograd's tiles lie: reading those of an image or of an output, and writing results back to their places.

A tile has m x m results, and reads n x n inputs, n = m + r - 1, for kernels of r x r without stride. Tiles lie m pixels
apart, so that their inputs overlap; those at the end hang over it, and read zeros there.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from convnotes.fast.blocks import Block, blocks
from convnotes.windows import Convolution, inside


@dataclass(frozen=True)
class Tiles:
    """The tiles of a convolution, of m x m results each."""

    p: Convolution
    m: int

    @property
    def n(self) -> int:
        """The inputs along each axis of a tile."""
        return self.m + self.p.kernel[0] - 1

    @property
    def count(self) -> tuple[int, int]:
        """Rows and columns of tiles in an image."""
        return tuple(-(-number // self.m) for number in self.p.count)

    def blocks(self, most: int) -> Iterator[Block]:
        """All of them in blocks, whose rows are rows of tiles, of at most `most` tiles but no less than a row."""
        rows, columns = self.count
        return blocks(
            self.p.input_size[0], rows, most // max(1, columns)
        )

    def inputs(
        self, X: np.ndarray, block: Block, out: np.ndarray
    ) -> None:
        """Read the tiles of the padded input, of all channels of X: out (n, n, C, images, rows, columns)."""
        (top, _), (left, _) = self.p.padding
        self._read(
            X[block.images],
            (block.rows.start * self.m - top, -left),
            out,
        )

    def outputs(
        self, dY: np.ndarray, block: Block, out: np.ndarray
    ) -> None:
        """Read the tiles of an output gradient, of all channels of dY: out (m, m, F, images, rows, columns)."""
        self._read(
            dY[block.images], (block.rows.start * self.m, 0), out
        )

    def put(
        self, tiles: np.ndarray, block: Block, Y: np.ndarray
    ) -> None:
        """Write results (m, m, F, images, rows, columns) to their places in Y; those beyond its end are dropped."""
        for a, b in np.ndindex(self.m, self.m):
            rows = Y[
                block.images,
                :,
                block.rows.start * self.m + a :: self.m,
                b :: self.m,
            ]
            height, width = (
                min(block.height, rows.shape[2]),
                rows.shape[3],
            )
            rows[:, :, :height] = tiles[
                a, b, :, :, :height, :width
            ].swapaxes(0, 1)

    def _read(self, images, first, out) -> None:
        """Entry (a, b) of every tile, the first tile beginning at `first`; zeros where it lies beyond the images."""
        within = [
            [
                inside(start + a, self.m, number, size)
                for a in range(len(out))
            ]
            for start, number, size in zip(
                first, out.shape[4:], images.shape[2:]
            )
        ]
        channels = images.swapaxes(0, 1)
        for a, (rows, met_down) in enumerate(within[0]):
            for b, (columns, met_across) in enumerate(within[1]):
                place = out[a, b, :, :, rows, columns]
                if place.size < out[a, b].size:
                    out[a, b] = 0
                place[...] = channels[:, :, met_down, met_across]
