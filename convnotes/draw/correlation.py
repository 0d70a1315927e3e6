"""A kernel on its way over an input, with every number written out."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from convnotes import windows
from convnotes.draw.cells import COVERED, RESULT, canvas, cell


def slide(X, K, stride: int = 1, dilation: int = 1, names: tuple[str, str] = ("X", "Y")) -> Figure:
    """A row of weights K at each of its places along the row X, with the sum of products at the right of each.

    X: (W_X,); K: (W_K,); names: of X and of the sums. Entries of X that no window covers are hatched.
    """
    p = windows.sliding((1, 1, 1, len(X)), (1, len(K)), (1, stride), 0, (1, dilation))
    W_X, W_Y = len(X), p.count[1]
    fig, ax = canvas(W_X + 3.5, W_Y + 1.4)
    for x, value in enumerate(X):
        cell(ax, x, 0, value, hatch="////" if x >= p.covered[1] else None)
    for y in range(W_Y):
        places = [w for _, w in p.entries(0, y)]
        for weight, place in zip(K, places):
            cell(ax, place, y + 1.4, weight, color=COVERED)
        ax.text(W_X + 0.75, y + 1.9, "sum", ha="center", va="center")
        cell(ax, W_X + 1.5, y + 1.4, np.dot(np.take(X, places), K), color=RESULT, linewidth=2)
    ax.text(W_X + 0.2, 0.5, names[0], va="center")
    ax.text(W_X + 2.7, 1.9, names[1], va="center")
    return fig


def correlation(X, K, Y, at: tuple[int, int], stride: int = 1) -> Figure:
    """X with the window at position `at` framed, K, and Y with that window's result framed; all of two axes."""
    p = windows.sliding((1, 1, *X.shape), K.shape, stride)
    gap, height = 1.3, max(X.shape[0], K.shape[0], Y.shape[0])
    fig, ax = canvas(X.shape[1] + K.shape[1] + Y.shape[1] + 2 * gap, height + 0.9)
    left = 0.0
    for name, A, color, framed, sign in [
        ("X", X, COVERED, list(p.entries(*at)), "with"),
        ("K", K, COVERED, list(np.ndindex(K.shape)), "gives"),
        ("Y", Y, RESULT, [at], ""),
    ]:
        top = (height - A.shape[0]) / 2
        for i, j in np.ndindex(A.shape):
            cell(ax, left + j, top + i, A[i, j], color=color if (i, j) in framed else None)
        (i, j), (i_last, j_last) = framed[0], framed[-1]
        frame = Rectangle((left + j, top + i), j_last - j + 1, i_last - i + 1)
        frame.set(fill=False, linewidth=2.5, edgecolor=color)
        ax.add_patch(frame)
        ax.text(left + A.shape[1] / 2, height + 0.6, f"{name}  {A.shape[0]} x {A.shape[1]}", ha="center", va="center")
        left += A.shape[1] + gap
        ax.text(left - gap / 2, height / 2, sign, ha="center", va="center")
    return fig
