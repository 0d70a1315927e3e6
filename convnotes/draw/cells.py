"""Squares with numbers in them: what every picture of small arrays is made of."""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

COVERED, RESULT = "C1", "C3"


def canvas(columns: float, rows: float) -> tuple[Figure, Axes]:
    """Axes that count cells to the right and downwards, square, on a figure of the house's width."""
    width = plt.rcParams["figure.figsize"][0]
    side = min(width / columns, 0.42)
    fig, ax = plt.subplots(figsize=(width, side * (rows + 0.2)))
    spare = (width / side - columns) / 2
    ax.set(xlim=(-0.1 - spare, columns + 0.1 + spare), ylim=(rows + 0.1, -0.1), aspect="equal")
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
