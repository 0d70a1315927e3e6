"""Where Winograd's tiles lie: reading those of an image or of an output, and writing results back to their places.

A tile has m x m results, and reads n x n inputs, n = m + r - 1, for kernels of r x r without stride. Tiles lie m pixels
apart, so that their inputs overlap; those at the end hang over it, and read zeros there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from convnotes.fast.blocks import Block, blocks, number
from convnotes.fast.buffers import copy_rows
from convnotes.fast.lines import axis_of, take, take_rows
from convnotes.windows import Convolution, inside

# With fewer tiles in a row their entries are read one by one, not by columns first.
FEW = 4


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

    def cut(self, most: int) -> int:
        """How many blocks these are."""
        rows, columns = self.count
        return number(
            self.p.input_size[0], rows, most // max(1, columns)
        )

    def inputs(
        self,
        X: np.ndarray,
        block: Block,
        out: np.ndarray,
        space: np.ndarray,
    ) -> None:
        """Read the tiles of the padded input, of all channels of X: out (n, n, C, images, rows, columns).

        `space`: as large as `out`, for what lies between.
        """
        (top, _), (left, _) = self.p.padding
        first = block.rows.start * self.m - top, -left
        self._read(X[block.images], first, out, space)

    def outputs(
        self,
        dY: np.ndarray,
        block: Block,
        out: np.ndarray,
        space: np.ndarray,
    ) -> None:
        """Read the tiles of an output gradient, of all channels of dY: out (m, m, F, images, rows, columns)."""
        first = block.rows.start * self.m, 0
        self._read(dY[block.images], first, out, space)

    def put(
        self,
        tiles: np.ndarray,
        block: Block,
        Y: np.ndarray,
        space: np.ndarray,
    ) -> None:
        """Write results (m, m, F, images, rows, columns) to their places in Y; those beyond its end are dropped."""
        m, (_, _, F, N, rows, columns) = self.m, tiles.shape
        start = block.rows.start * m
        place = Y[block.images, :, start : start + rows * m]
        place = place.swapaxes(0, 1)
        _, _, height, width = place.shape
        if columns < FEW:
            for a, b in np.ndindex(m, m):
                some = place[..., a::m, b::m]
                some[...] = tiles[a, b][
                    ..., : some.shape[2], : some.shape[3]
                ]
            return
        by_column = space[: tiles.size].reshape(
            m, F, N, rows * m, columns
        )
        for a in range(m):
            copy_rows(tiles[a], by_column[..., a::m, :])
        # Whole tiles are written in long runs, others to rows that are wide enough first.
        out = place
        if width < columns * m:
            out = np.empty((F, N, height, columns * m), Y.dtype)
        for b in range(m):
            out[..., b::m] = by_column[b][..., :height, :]
        if out is not place:
            copy_rows(out[..., :width], place)

    def _read(self, images, first, out, space) -> None:
        """Entry (a, b) of every tile, the first tile beginning at `first`; zeros where it lies beyond the images.

        Entry b of all rows, in a few long runs, and of that entry a, row by row.
        """
        (k, *_), (rows, columns) = out.shape, out.shape[4:]
        (H, W), m, (top, left) = images.shape[2:], self.m, first
        start = min(H, max(0, top))
        stop = max(start, min(H, top + (rows - 1) * m + k))
        band = images[:, :, start:stop].swapaxes(0, 1)
        down = [
            inside(top - start + a, m, rows, stop - start)
            for a in range(k)
        ]
        if columns < FEW:
            across = [
                inside(left + b, m, columns, W) for b in range(k)
            ]
            for (a, (y, met)), (b, (x, seen)) in product(
                enumerate(down), enumerate(across)
            ):
                place = out[a, b, ..., y, x]
                if place.size < out[a, b].size:
                    out[a, b] = 0
                place[...] = band[..., met, seen]
            return
        if W < m * columns:
            # With as many columns as tiles have results, tiles lie m apart in the next row, too.
            wide = np.zeros((*band.shape[:3], m * columns), out.dtype)
            copy_rows(band, wide[..., :W])
            band, W = wide, m * columns
        axis = axis_of(W, columns, m, [left + b for b in range(k)])
        by_column = space[: k * band[..., 0].size * columns].reshape(
            k, -1, columns, 1
        )
        take(band.reshape(-1, W, 1), axis, by_column)
        by_column = by_column.reshape(k, *band.shape[:3], columns)
        take_rows(by_column, down, out)
