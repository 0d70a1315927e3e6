"""The kernel stamped onto the output, once for every entry of the input: a transposed convolution on one axis."""

import numpy as np
from matplotlib.figure import Figure

from convnotes import windows
from convnotes.draw.cells import COVERED, RESULT, canvas, cell


def stamps(X, K, stride: int = 1, dilation: int = 1, output_padding: int = 0, names=("X", "Y")) -> Figure:
    """Every entry of the row X, with the stamp it leaves: K times that entry; above, K; below, the sums of the stamps.

    X: (W_X,); K: (W_K,); names: of X and of the sums. Entries of the sum that no stamp meets are hatched.
    """
    p = windows.transposed_convolution(
        (1, 1, 1, len(X)), (1, 1, 1, len(K)), (1, stride), 0, (0, output_padding), 1, (1, dilation)
    )
    W_X, W_Y = len(X), p.size[1]
    # Where stamps begin: to the right of X and of the words between; above them stands K, below them the sums.
    start, sums = 3.4, W_X + 2.0
    fig, ax = canvas(start + W_Y, sums + 1.2)
    for weight, (_, place) in zip(K, p.entries(0, 0)):
        cell(ax, start + place, 0, weight)
    total, met = np.zeros(W_Y), np.zeros(W_Y, bool)
    for x, value in enumerate(X):
        cell(ax, 0, x + 1.5, value)
        ax.text((start + 1) / 2, x + 2, "times K", ha="center", va="center")
        for weight, (_, place) in zip(K, p.entries(0, x)):
            cell(ax, start + place, x + 1.5, value * weight, color=COVERED)
            total[place] += value * weight
            met[place] = True
    for place in range(W_Y):
        hatch = None if met[place] else "////"
        cell(ax, start + place, sums, total[place], color=RESULT if met[place] else None, hatch=hatch, linewidth=2)
    for x, y, text in [
        (0.5, 0.9, names[0]),
        ((start + 1) / 2, 0.5, "K"),
        ((start + 1) / 2, sums + 0.5, "sum"),
        (0.5, sums + 0.5, names[1]),
    ]:
        ax.text(x, y, text, ha="center", va="center")
    return fig
