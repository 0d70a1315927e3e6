"""A table of counts, every number written out."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from convnotes.draw.cells import COVERED, RESULT, canvas, cell

PALE_NUMBER, PALE_FRAME = "0.6", "0.88"


def counts(table, rows: str, columns: str) -> Figure:
    """How often row r met column c; rows and columns name the two.

    table: (R, C). Zeros are pale. Counts on the diagonal are shaded; counts beside it, which are mistakes
    where rows are what is true and columns what was answered, have a heavy frame.
    """
    table = np.asarray(table)
    R, C = table.shape
    fig, ax = canvas(C + 2.2, R + 2.2)
    left = top = 2.0
    for c in range(C):
        ax.text(left + c + 0.5, top - 0.5, f"{c}", ha="center", va="center")
    for r in range(R):
        ax.text(left - 0.5, top + r + 0.5, f"{r}", ha="center", va="center")
    ax.text(left + C / 2, top - 1.4, columns, ha="center", va="center")
    ax.text(left - 1.4, top + R / 2, rows, ha="center", va="center", rotation=90)
    # Zeros first: their thin frames would cut into the heavy ones.
    for r, c in np.argwhere(table == 0):
        ax.add_patch(Rectangle((left + c, top + r), 1, 1, fill=False, linewidth=0.8, edgecolor=PALE_FRAME))
        ax.text(left + c + 0.5, top + r + 0.5, "0", ha="center", va="center", color=PALE_NUMBER)
    for r, c in np.argwhere(table != 0):
        color, width = (COVERED, 0.8) if r == c else (RESULT, 2)
        cell(ax, left + c, top + r, table[r, c], color=color, linewidth=width)
    return fig
