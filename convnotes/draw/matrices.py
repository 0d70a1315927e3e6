"""Matrices side by side, drawn so that their structure shows: equal entries look equal, zeros stay pale."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from convnotes.draw.cells import RESULT, canvas

# Of the colour map, which goes from dark to light: its ends would swallow numbers and the page.
_DARKEST, _LIGHTEST = 0.25, 0.95
# Between matrices, in cells; and the width of a letter, in inches.
_GAP, _LETTER = 1.5, 0.075


def matrices(pictured: Sequence, titles: Sequence[str], names: dict | None = None, frames=None) -> Figure:
    """Matrices in a row, every entry but 0 in the colour of its value, with the value or its name in it.

    pictured: arrays of two axes, up to about 16 x 16 each; equal values have the same colour in all of them
    titles: one for each matrix; the size is written after it
    names: what to write for a value instead of the value itself, {1.0: "a", 2.0: "b"}
    frames: for each matrix None, ("row", k) or ("column", k), which is then framed

    The larger the value, the lighter its colour, in grey as well. ValueError for arrays of other axes, for titles or
    frames of another number than the matrices, and for frames outside their matrix.
    """
    pictured = [np.asarray(M) for M in pictured]
    frames = [None] * len(pictured) if frames is None else list(frames)
    _refuse(pictured, titles, frames)
    titles = [f"{title}  {len(M)} x {M.shape[1]}" for title, M in zip(titles, pictured)]
    rows, slots = max(len(M) for M in pictured), _slots(pictured, titles)
    fig, ax = canvas(sum(slots) + _GAP * (len(slots) - 1), rows + 1.3)
    side = 72 * fig.get_size_inches()[0] / np.ptp(ax.get_xlim())
    colors, start = _colors(pictured), 0.0
    for M, title, frame, slot in zip(pictured, titles, frames, slots):
        left, top = start + (slot - M.shape[1]) / 2, 1.2 + (rows - len(M)) / 2
        for i, j in np.ndindex(M.shape):
            _entry(ax, left + j, top + i, M[i, j], colors, names or {}, side)
        ax.add_patch(Rectangle((left, top), *M.shape[::-1], fill=False, linewidth=1, edgecolor="0.25", zorder=2.5))
        if frame is not None:
            kind, k = frame
            corner, size = ((left, top + k), (M.shape[1], 1)) if kind == "row" else ((left + k, top), (1, len(M)))
            ax.add_patch(Rectangle(corner, *size, fill=False, linewidth=2.5, edgecolor=RESULT, zorder=3))
        ax.text(left + M.shape[1] / 2, top - 0.6, title, ha="center", va="center")
        start += slot + _GAP
    return fig


def _slots(pictured, titles) -> list[float]:
    """The width of each matrix in cells, or that of its title where that is broader."""
    broadest, slots = plt.rcParams["figure.figsize"][0], [float(M.shape[1]) for M in pictured]
    # More room for titles makes cells smaller, and so titles broader in cells: a few rounds are enough.
    for _ in range(20):
        cells_per_inch = (sum(slots) + _GAP * (len(slots) - 1)) / broadest
        slots = [max(M.shape[1], cells_per_inch * _LETTER * len(title)) for M, title in zip(pictured, titles)]
    return slots


def _entry(ax, x, y, value, colors, names, side) -> None:
    """One square; `side` is its length in points, which the text has to fit in."""
    square = Rectangle((x, y), 1, 1, linewidth=0.5, facecolor="none", edgecolor="0.88")
    ax.add_patch(square)
    if value == 0:
        return
    text, color = names.get(value, f"{value:.3g}"), colors[value]
    square.set(facecolor=color, edgecolor="white", zorder=2)
    # Black on light, white on dark: by the brightness that eyes see.
    ink = "black" if np.dot(color[:3], (0.299, 0.587, 0.114)) > 0.5 else "white"
    size = min(10, side * 0.6, side * 1.5 / max(len(text), 1))
    ax.text(x + 0.5, y + 0.5, text, ha="center", va="center", color=ink, fontsize=size, zorder=4)


def _colors(pictured) -> dict:
    """A colour for every value that is not 0, by its rank."""
    values = np.unique(np.concatenate([M.ravel() for M in pictured]))
    values = values[values != 0]
    shades = plt.get_cmap("cividis")(np.linspace(_DARKEST, _LIGHTEST, max(len(values), 1)))
    return {value: tuple(shade) for value, shade in zip(values, shades)}


def _refuse(pictured, titles, frames) -> None:
    if not pictured or any(M.ndim != 2 or not M.size for M in pictured):
        raise ValueError(f"pictured must hold matrices of two axes, got shapes {[M.shape for M in pictured]}")
    for name, given in [("titles", titles), ("frames", frames)]:
        if len(given) != len(pictured):
            raise ValueError(f"{name} must be one for each of the {len(pictured)} matrices, got {len(given)}")
    for M, frame in zip(pictured, frames):
        sizes = {"row": len(M), "column": M.shape[1]}
        if frame is not None and not (frame[0] in sizes and 0 <= frame[1] < sizes[frame[0]]):
            raise ValueError(
                f"frames must name a 'row' or a 'column' of their matrix of shape {M.shape}, got {frame!r}"
            )
