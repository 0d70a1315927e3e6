"""A transposed convolution as a walk: a window on the input with zeros between its entries, and the output beside it.

Where entries, zeros and windows lie is asked of `convnotes.windows`; nothing is computed here.
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convnotes import parameters, windows
from convnotes.draw.cells import COVERED, RESULT, by, canvas, fill, frame, square
from convnotes.windows import Windows


def transposed(size, kernel_size, stride=1, padding=0, output_padding=0, dilation=1, at=None) -> Figure:
    """The input with zeros between and around, one window on it and, beside it, the output with its result framed.

    size: (H, W) of the input; the other parameters are those of `conv_transpose2d`
    at: the position (y, x) of the result, by default in the middle

    Entries of the input are dark and hold their number, counted from 1; zeros between them are white, zeros around
    them grey. Entries that are cropped are hatched. ValueError as from `conv_transpose2d`, and for an `at` outside
    the output.
    """
    size, kernel = parameters.pair("size", size, 1), parameters.pair("kernel_size", kernel_size, 1)
    p = windows.transposed_convolution((1, 1, *size), (1, 1, *kernel), stride, padding, output_padding, 1, dilation)
    walk = windows.fractional(p)
    y, x = at = tuple(length // 2 for length in walk.count) if at is None else parameters.pair("at", at, 0)
    if y >= walk.count[0] or x >= walk.count[1]:
        raise ValueError(f"at must be a position (y, x) below {walk.count}, got {at}")
    # Of a negative padding nothing is drawn: what it crops lies inside.
    (above, below), (before, after) = (tuple(max(0, zeros) for zeros in sides) for sides in walk.padding)
    rows, columns = above + walk.size[0] + below, before + walk.size[1] + after
    height, gap = max(rows, walk.count[0]), max(1.4, 0.1 * (columns + walk.count[1]))
    width = columns + gap + walk.count[1]
    # Room for two lines of text, in cells.
    line = max(0.55, 0.03 * width)
    fig, ax = canvas(width, height + 0.3 + 2 * line)
    fontsize = min(10, 72 * fig.get_size_inches()[0] / width * 0.55)

    _draw_input(ax, p, walk, (before, above + (height - rows) / 2), fontsize)
    corners = [(before + w, above + (height - rows) / 2 + h) for h, w in walk.entries(y, x, on_padding=True)]
    for corner in corners:
        fill(ax, *corner, COVERED)
    (left, top), (right, bottom) = corners[0], corners[-1]
    frame(ax, left, top, right - left + 1, bottom - top + 1, COVERED, "-")

    left, top = columns + gap, (height - walk.count[0]) / 2
    for i, j in np.ndindex(walk.count):
        square(ax, left + j, top + i)
    fill(ax, left + x, top + y, RESULT)
    frame(ax, left + x, top + y, 1, 1, RESULT, "-")

    centred = {"ha": "center", "va": "center"}
    ax.text(columns + gap / 2, height / 2, "gives", **centred)
    ax.text(columns / 2, height + 0.2 + line / 2, f"X  {by(size)}", **centred)
    ax.text(columns / 2, height + 0.2 + line * 1.5, _changes(size, walk), **centred)
    ax.text(left + walk.count[1] / 2, height + 0.2 + line / 2, f"Y  {by(walk.count)}", **centred)
    return fig


def _draw_input(ax: Axes, p: Windows, walk: Windows, origin, fontsize: float) -> None:
    """The grid of the input; `origin` is where its entry (0, 0) stands."""
    (above, below), (before, after) = walk.padding
    for h in range(min(0, -above), walk.size[0] + max(0, below)):
        for w in range(min(0, -before), walk.size[1] + max(0, after)):
            inside = 0 <= h < walk.size[0] and 0 <= w < walk.size[1]
            kept = -above <= h < walk.size[0] + below and -before <= w < walk.size[1] + after
            (y, between_rows), (x, between_columns) = divmod(h, p.stride[0]), divmod(w, p.stride[1])
            entry = inside and not between_rows and not between_columns
            left, top = origin[0] + w, origin[1] + h
            square(ax, left, top, padding=not inside, hatch=None if kept else "////")
            if entry:
                fill(ax, left, top, "0.45")
            # A number on hatching needs a plain ground.
            ground = None if kept else {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
            text, ink = (f"{y * p.count[1] + x + 1}", "black") if entry else ("0", "0.45")
            ax.text(left + 0.5, top + 0.5, text, ha="center", va="center", color=ink, bbox=ground, fontsize=fontsize)


def _changes(size, walk: Windows) -> str:
    """What becomes of the input before windows stand on it."""
    padded = walk.on_padded_input().size
    changes = [f"spread {by(walk.size)}"] if walk.size != size else []
    if padded != walk.size:
        changes.append(f"{'padded' if min(padded) > min(walk.size) else 'cropped'} {by(padded)}")
    return ", ".join(changes)
