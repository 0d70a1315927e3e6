"""A window on the padded grid of an input, at one place or several, with the grid of its results beside it.

Where windows lie, what they cover and what they leave over is asked of `convnotes.windows`; nothing is computed here.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from convnotes import parameters, windows
from convnotes.draw.cells import COVERED, RESULT, by, canvas, fill, frame, square
from convnotes.windows import Windows

# One for each of the windows of a picture, and for its result.
_LINES = ("-", "--", ":", "-.")


def walk(size, kernel_size, stride=1, padding=0, dilation=1, at=None, X=None, Y=None) -> Figure:
    """The padded input with windows on it and, beside it, the output with the entry of each framed alike.

    size: (H, W) of the input; the other parameters are those of `conv2d`
    at: the position (y, x) of the window, or a list of up to four, told apart by the lines of their frames; by
        default the first and the last
    X: (H, W), numbers to write into the input; Y: (H_Y, W_Y), numbers to write into the output

    Cells of the padding are grey and hold a 0. Entries that no window reads at all are hatched. ValueError as from
    `conv2d`, and for an `at` where no window stands or an X or Y of another shape.
    """
    p = sliding(size, kernel_size, stride, padding, dilation, X, Y)
    positions = _positions(at, p)
    board = Board(p, X)
    board.mark(positions)
    board.write(Y, list(np.ndindex(p.count)))
    return board.fig


def sliding(size, kernel_size, stride, padding, dilation, X=None, Y=None) -> Windows:
    """The windows of one image of one channel; ValueError if X or Y has not the size of input or output."""
    size = parameters.pair("size", size, 1)
    p = windows.sliding((1, 1, *size), kernel_size, stride, padding, dilation)
    for name, array, shape in [("X", X, size), ("Y", Y, p.count)]:
        if array is not None and np.shape(array) != shape:
            raise ValueError(f"{name} must have the shape {shape}, got {np.shape(array)}")
    return p


def _positions(at, p: Windows) -> list[tuple[int, int]]:
    if at is None:
        last = p.count[0] - 1, p.count[1] - 1
        return [(0, 0), last] if any(last) else [last]
    positions = [tuple(position) for position in ([at] if np.ndim(at) == 1 else at)]
    if not 1 <= len(positions) <= len(_LINES):
        raise ValueError(f"at must be one to {len(_LINES)} positions (y, x), got {len(positions)}")
    if not set(positions) <= set(np.ndindex(p.count)):
        raise ValueError(f"at must be positions (y, x) with y below {p.count[0]} and x below {p.count[1]}, got {at}")
    return positions


class Board:
    """The two grids, drawn once, and what is marked on them, which can be taken away and marked anew elsewhere."""

    def __init__(self, p: Windows, X=None):
        self.p = p
        self.padded = p.on_padded_input().size
        rows = max(self.padded[0], p.count[0])
        # Between the grids, room for a word: more cells where they are small.
        gap = max(1.4, 0.1 * (self.padded[1] + p.count[1]))
        columns = self.padded[1] + gap + p.count[1]
        self.fig, self.ax = canvas(columns, rows + 0.9)
        self.fontsize = min(10, 72 * self.fig.get_size_inches()[0] / columns * 0.6)
        # The upper left corners of the padded input and of the output.
        self.left, self.top = self.padded[1] + gap, (rows - p.count[0]) / 2
        self.above = (rows - self.padded[0]) / 2
        self._draw_input(X)
        for y, x in np.ndindex(p.count):
            square(self.ax, self.left + x, self.top + y)
        self._number(self.left - gap / 2, rows / 2, "gives")
        padded = "" if self.padded == p.size else f", padded {by(self.padded)}"
        self._number(self.padded[1] / 2, rows + 0.6, f"X  {by(p.size)}{padded}")
        self._number(self.left + p.count[1] / 2, rows + 0.6, f"Y  {by(p.count)}")

    def mark(self, positions: Sequence[tuple[int, int]]) -> list[Artist]:
        """Frame the windows at these positions and their results; returns what was drawn."""
        drawn = []
        for (y, x), line in zip(positions, _LINES):
            corners = [self._corner(h, w) for h, w in self.p.entries(y, x, on_padding=True)]
            drawn += [fill(self.ax, left, top, COVERED) for left, top in corners]
            (left, top), (right, bottom) = corners[0], corners[-1]
            drawn.append(frame(self.ax, left, top, right - left + 1, bottom - top + 1, COVERED, line))
            drawn.append(fill(self.ax, self.left + x, self.top + y, RESULT))
            drawn.append(frame(self.ax, self.left + x, self.top + y, 1, 1, RESULT, line))
        return drawn

    def write(self, Y, positions: Sequence[tuple[int, int]]) -> list[Artist]:
        """Write the output's numbers at these positions, if there are any; returns what was drawn."""
        if Y is None:
            return []
        return [self._number(self.left + x + 0.5, self.top + y + 0.5, f"{Y[y][x]:g}") for y, x in positions]

    def _draw_input(self, X) -> None:
        p, ((top, bottom), (left, right)) = self.p, self.p.padding
        read = {entry for y, x in np.ndindex(p.count) for entry in p.entries(y, x, on_padding=True)}
        for h in range(-top, p.size[0] + bottom):
            for w in range(-left, p.size[1] + right):
                inside = 0 <= h < p.size[0] and 0 <= w < p.size[1]
                hatch = None if (h, w) in read else "//"
                x, y = self._corner(h, w)
                square(self.ax, x, y, padding=not inside, hatch=hatch)
                text = "0" if not inside else "" if X is None else f"{X[h][w]:g}"
                self._number(x + 0.5, y + 0.5, text, "black" if inside else "0.35", ground=hatch is not None)

    def _corner(self, h: int, w: int) -> tuple[float, float]:
        """Where entry (h, w) of the input is drawn; on the padding h and w can be negative."""
        (top, _), (left, _) = self.p.padding
        return w + left, h + top + self.above

    def _number(self, x: float, y: float, text: str, color="black", ground=False) -> Artist | None:
        if not text:
            return None
        # A number on hatching needs a plain ground.
        box = {"facecolor": "white", "edgecolor": "none", "pad": 0.8} if ground else None
        size = self.fontsize
        return self.ax.text(x, y, text, ha="center", va="center", color=color, bbox=box, fontsize=size, zorder=4)
