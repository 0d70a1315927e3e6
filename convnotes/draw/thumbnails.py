"""One small picture for each notebook: what `contents` puts on a sheet.

Every function draws on the axes it is given. Cells count to the right and downwards, on a page of 8 x 5 of them.
"""

import numpy as np
from matplotlib.axes import Axes

from convnotes import style, windows
from convnotes.draw.cells import COVERED, RESULT, fill, frame, square


def start_here(ax: Axes) -> None:
    """The four implementations and three equal signs."""
    for k, mark in enumerate(style.marks().values()):
        ax.plot(1 + 2 * k, 2.5, markersize=11, linestyle="none", **mark)
    for x in (2, 4, 6):
        _write(ax, x, 2.5, "=", 11)


def convolution(ax: Axes) -> None:
    """A window on a grid, and its result."""
    _grid(ax, 0, 0.5, 4, 4)
    _grid(ax, 5, 1, 3, 3)
    for h, w in windows.sliding((1, 1, 4, 4), 2).entries(1, 1):
        fill(ax, w, 0.5 + h, COVERED)
    frame(ax, 1, 1.5, 2, 2, COVERED, "-")
    fill(ax, 6, 2, RESULT)
    frame(ax, 6, 2, 1, 1, RESULT, "-")


def padding_and_dilation(ax: Axes) -> None:
    """A hatched border, and a window with gaps between its weights."""
    for h, w in np.ndindex(5, 7):
        outside = h in (0, 4) or w in (0, 6)
        square(ax, 0.5 + w, h, padding=outside, hatch="////" if outside else None)
    for h, w in windows.sliding((1, 1, 5, 7), (2, 3), dilation=2).entries(0, 0):
        fill(ax, 0.5 + w, h, COVERED).set_alpha(0.6)
    frame(ax, 0.5, 0, 5, 3, COVERED, "-")


def backpropagation(ax: Axes) -> None:
    """A result hands its gradient back to everything that it was computed from."""
    _grid(ax, 2.5, 0, 1, 3)
    _grid(ax, 1.5, 4, 1, 5)
    fill(ax, 3.5, 0, RESULT)
    frame(ax, 3.5, 0, 1, 1, RESULT, "-")
    for _, w in windows.sliding((1, 1, 1, 5), (1, 3)).entries(0, 1):
        fill(ax, 1.5 + w, 4, COVERED)
        ax.annotate("", (2 + w, 3.95), (4, 1.15), arrowprops={"arrowstyle": "->", "shrinkA": 0, "shrinkB": 0})


def transposed_convolution(ax: Axes) -> None:
    """Stamps that overlap, one for each pixel of a small input."""
    _grid(ax, 0, 1.5, 2, 2)
    _grid(ax, 3, 0, 5, 5)
    p = windows.transposed_convolution((1, 1, 2, 2), (1, 1, 3, 3), stride=2)
    for y, x in np.ndindex(2, 2):
        for h, w in p.entries(y, x):
            fill(ax, 3 + w, h, COVERED)
    for y, x, line in [(0, 0, "-"), (1, 1, "--")]:
        frame(ax, x, 1.5 + y, 1, 1, RESULT, line)
        frame(ax, 3 + 2 * x, 2 * y, 3, 3, RESULT, line)


def bias(ax: Axes) -> None:
    """One number for each channel, at every place."""
    for channel, number in enumerate(["+2", "-1", "+5"]):
        for i, j in np.ndindex(2, 2):
            square(ax, 3 * channel + j, 1.5 + i)
            _write(ax, 3 * channel + j + 0.5, 2 + i, number)


def matrix_multiplication(ax: Axes) -> None:
    """The matrix of a convolution: the same weights in every row, one place further on."""
    _grid(ax, 1, 0.5, 4, 6)
    for y in range(4):
        for (_, w), weight in zip(windows.sliding((1, 1, 1, 6), (1, 3)).entries(0, y), "abc"):
            fill(ax, 1 + w, 0.5 + y, COVERED)
            _write(ax, 1.5 + w, 1 + y, weight)


def pooling(ax: Axes) -> None:
    """The largest of every four."""
    X = np.array([[1, 3, 5, 2], [0, 2, 1, 4], [7, 8, 6, 0], [1, 2, 5, 3]])
    for (i, j), value in np.ndenumerate(X):
        square(ax, j, 0.5 + i)
        _write(ax, j + 0.5, 1 + i, value)
    for y, x in np.ndindex(2, 2):
        entries = list(windows.pool((1, 1, 4, 4), 2).entries(y, x))
        h, w = max(entries, key=lambda entry: X[entry])
        frame(ax, 2 * x, 0.5 + 2 * y, 2, 2, COVERED, "-")
        for left, top in [(w, 0.5 + h), (5.5 + x, 1.5 + y)]:
            fill(ax, left, top, RESULT).set_alpha(0.5)
        square(ax, 5.5 + x, 1.5 + y)
        _write(ax, 6 + x, 2 + y, X[h, w])


def local_response_normalization(ax: Axes) -> None:
    """Channels seen from the side: one place of one of them, and the same place of its neighbours."""
    for channel in range(7):
        _grid(ax, 1.15 * channel, 0, 5, 1)
    for channel in windows.channels(3, 5, 7):
        fill(ax, 1.15 * channel, 2, COVERED).set_alpha(0.6)
    frame(ax, 1.15 * 3, 2, 1, 1, RESULT, "-")


def fast_convolution(ax: Axes) -> None:
    """Two tiles of an input, which overlap, and the places of their results, which do not."""
    _grid(ax, 1, 0.5, 4, 6)
    for left, line, color, tile in [(1, "-", RESULT, "1"), (3, "--", COVERED, "2")]:
        for i, j in np.ndindex(2, 2):
            fill(ax, left + 1 + j, 1.5 + i, color)
            _write(ax, left + 1.5 + j, 2 + i, tile)
        frame(ax, left, 0.5, 4, 4, color, line)


def benchmarks(ax: Axes) -> None:
    """Two ways to the same result: one starts early, the other climbs late, and somewhere they cross."""
    size, plot = np.logspace(0, 6), _plot(ax, "size", "time", "log")
    for start, slope, line in [(1, 1, "-"), (300, 0.01, "--")]:
        plot.plot(size, start + slope * size, color="C0", marker="none", linestyle=line)


def training(ax: Axes) -> None:
    """The loss of a single weight on its way down a parabola: every step takes the same share of it."""
    _plot(ax, "step", "loss").plot(0.95 ** np.arange(100), color="C0", marker="none")


def inside_fast(ax: Axes) -> None:
    """A stride of two: pixels on the left, weights on the right; those that meet have the same letter."""
    for left, top, side in [(0, 0.5, 4), (5, 1, 3)]:
        _grid(ax, left, top, side, side)
        for i, j in np.ndindex(side, side):
            if (i % 2, j % 2) == (0, 0):
                fill(ax, left + j, top + i, RESULT)
            _write(ax, left + j + 0.5, top + i + 0.5, "ABCD"[i % 2 * 2 + j % 2])


def _grid(ax: Axes, left: float, top: float, rows: int, columns: int) -> None:
    for i, j in np.ndindex(rows, columns):
        square(ax, left + j, top + i)


def _write(ax: Axes, x: float, y: float, text, fontsize: float = 7) -> None:
    ax.text(x, y, f"{text}", ha="center", va="center", fontsize=fontsize, zorder=4)


def _plot(ax: Axes, along: str, up: str, scale: str = "linear") -> Axes:
    """Axes for curves on the page, with names and no numbers."""
    plot = ax.inset_axes((0.1, 0.1, 0.85, 0.88))
    plot.set(xscale=scale, yscale=scale, xticks=[], yticks=[])
    plot.minorticks_off()
    plot.set_xlabel(along, fontsize=8, labelpad=2)
    plot.set_ylabel(up, fontsize=8, labelpad=2)
    return plot
