"""Pictures for the notebooks: numbers on grids, windows on their inputs, images in a row.

Every function draws on a new figure 6.4 inches wide and returns it; a cell ends with `plt.show()`.
Colours come from the style sheet by their place in its cycle: C1 marks what a window covers, C3 one
result. Neither stands alone: windows have a frame, results a heavier one, what no window covers is hatched.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from convnotes import windows

COVERED, RESULT = "C1", "C3"


def slide(X, K, stride: int = 1, dilation: int = 1, names: tuple[str, str] = ("X", "Y")) -> Figure:
    """A row of weights K at each of its places along the row X, with the sum of products at the right of each.

    X: (W_X,); K: (W_K,); names: of X and of the sums. Entries of X that no window covers are hatched.
    """
    p = windows.sliding((1, 1, 1, len(X)), (1, len(K)), (1, stride), 0, (1, dilation))
    W_X, W_Y = len(X), p.count[1]
    fig, ax = _canvas(W_X + 3.5, W_Y + 1.4)
    for x, value in enumerate(X):
        _cell(ax, x, 0, value, hatch="////" if x >= p.covered[1] else None)
    for y in range(W_Y):
        places = [w for _, w in p.entries(0, y)]
        for weight, place in zip(K, places):
            _cell(ax, place, y + 1.4, weight, color=COVERED)
        ax.text(W_X + 0.75, y + 1.9, "sum", ha="center", va="center")
        _cell(ax, W_X + 1.5, y + 1.4, np.dot(np.take(X, places), K), color=RESULT, linewidth=2)
    ax.text(W_X + 0.2, 0.5, names[0], va="center")
    ax.text(W_X + 2.7, 1.9, names[1], va="center")
    return fig


def correlation(X, K, Y, at: tuple[int, int], stride: int = 1) -> Figure:
    """X with the window at position `at` framed, K, and Y with that window's result framed; all of two axes."""
    p = windows.sliding((1, 1, *X.shape), K.shape, stride)
    gap, height = 1.3, max(X.shape[0], K.shape[0], Y.shape[0])
    fig, ax = _canvas(X.shape[1] + K.shape[1] + Y.shape[1] + 2 * gap, height + 0.9)
    left = 0.0
    for name, A, color, framed, sign in [
        ("X", X, COVERED, list(p.entries(*at)), "with"),
        ("K", K, COVERED, list(np.ndindex(K.shape)), "gives"),
        ("Y", Y, RESULT, [at], ""),
    ]:
        top = (height - A.shape[0]) / 2
        for i, j in np.ndindex(A.shape):
            _cell(ax, left + j, top + i, A[i, j], color=color if (i, j) in framed else None)
        (i, j), (i_last, j_last) = framed[0], framed[-1]
        frame = Rectangle((left + j, top + i), j_last - j + 1, i_last - i + 1)
        frame.set(fill=False, linewidth=2.5, edgecolor=color)
        ax.add_patch(frame)
        ax.text(left + A.shape[1] / 2, height + 0.6, f"{name}  {A.shape[0]} x {A.shape[1]}", ha="center", va="center")
        left += A.shape[1] + gap
        ax.text(left - gap / 2, height / 2, sign, ha="center", va="center")
    return fig


def images(pictures, titles) -> Figure:
    """Grey images in a row, each from its own darkest to its own brightest value; colour images as they are."""
    ratio = max(picture.shape[0] / picture.shape[1] for picture in pictures)
    width = plt.rcParams["figure.figsize"][0]
    fig, axes = plt.subplots(1, len(pictures), figsize=(width, width / len(pictures) * ratio + 0.35), squeeze=False)
    for ax, picture, title in zip(axes[0], pictures, titles):
        ax.imshow(picture)
        ax.set_title(title)
        # A frame, since the white of a picture is also that of the page.
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set(visible=True, color="0.6")
    return fig


def _canvas(columns: float, rows: float) -> tuple[Figure, Axes]:
    """Axes that count cells to the right and downwards, square, on a figure of the house's width."""
    width = plt.rcParams["figure.figsize"][0]
    side = min(width / columns, 0.42)
    fig, ax = plt.subplots(figsize=(width, side * (rows + 0.2)))
    spare = (width / side - columns) / 2
    ax.set(xlim=(-0.1 - spare, columns + 0.1 + spare), ylim=(rows + 0.1, -0.1), aspect="equal")
    ax.axis("off")
    return fig, ax


def _cell(ax: Axes, x: float, y: float, value, color=None, hatch=None, linewidth=0.8) -> None:
    """One square with its upper left corner at (x, y) and a number in it."""
    square = Rectangle((x, y), 1, 1, hatch=hatch, linewidth=linewidth)
    square.set(facecolor=(color, 0.18) if color else "none", edgecolor=color or "0.45")
    ax.add_patch(square)
    # A number on hatching needs a plain ground.
    ground = {"facecolor": "white", "edgecolor": "none", "pad": 1.0} if hatch else None
    ax.text(x + 0.5, y + 0.5, f"{value:g}", ha="center", va="center", bbox=ground)
