"""Squares with numbers in them: what every picture of small arrays is made of."""

import math

import matplotlib.pyplot as plt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

COVERED, RESULT = "C1", "C3"


def canvas(columns: float, rows: float) -> tuple[Figure, Axes]:
    """Axes that count cells to the right and downwards, square, on a figure of the house's width.

    A cell is a whole and even number of dots wide and starts at one: then all cells look alike, and their lines sharp.
    """
    width, dots = plt.rcParams["figure.figsize"][0], plt.rcParams["figure.dpi"]
    side = 2 * math.floor(min(width / (columns + 0.1), 0.42) * dots / 2)
    margin, height = math.ceil(0.1 * side) / side, math.ceil(side * (rows + 0.2))
    spare = math.floor((width * dots - side * columns) / 2) / side
    fig = plt.figure(figsize=(width, height / dots))
    fig.set_layout_engine("none")
    ax = fig.add_axes((0, 0, 1, 1))
    ax.set(xlim=(-spare, width * dots / side - spare), ylim=(height / side - margin, -margin))
    ax.axis("off")
    return fig, ax


def cell(ax: Axes, x: float, y: float, value, color=None, hatch=None, linewidth=0.8) -> None:
    """One square with its upper left corner at (x, y) and a number in it."""
    square = Rectangle((x, y), 1, 1, hatch=hatch, linewidth=linewidth)
    square.set(facecolor=(color, 0.18) if color else "none", edgecolor=color or "0.45")
    ax.add_patch(square)
    # A number on hatching needs a plain ground.
    ground = {"facecolor": "white", "edgecolor": "none", "pad": 1.0} if hatch else None
    ax.text(x + 0.5, y + 0.5, f"{value:g}", ha="center", va="center", bbox=ground)


def square(ax: Axes, x: float, y: float, padding: bool = False, hatch: str | None = None) -> None:
    """An empty square with its upper left corner at (x, y), grey where it is padding."""
    empty = Rectangle((x, y), 1, 1, hatch=hatch, linewidth=0.8)
    face, edge, above = ("0.92", "0.7", 1.5) if padding else ("none", "0.35", 1.6)
    # Hatching has the colour of the edge, and must show on grey too.
    empty.set(facecolor=face, edgecolor="0.35" if hatch else edge, zorder=above)
    ax.add_patch(empty)


def fill(ax: Axes, x: float, y: float, color: str) -> Artist:
    """Colour a square, for a window or a result."""
    return ax.add_patch(Rectangle((x, y), 1, 1, facecolor=(color, 0.22), edgecolor="none", zorder=2))


def frame(ax: Axes, x: float, y: float, width: float, height: float, color: str, line: str) -> Artist:
    """A frame around squares; the kind of its line tells it from another of its colour."""
    around = Rectangle((x, y), width, height, fill=False, linewidth=2.5, edgecolor=color, linestyle=line, zorder=3)
    return ax.add_patch(around)


def by(size) -> str:
    """A size as it stands under a grid."""
    return f"{size[0]} x {size[1]}"
