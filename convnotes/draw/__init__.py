"""Pictures for the notebooks: numbers on grids, windows on their inputs, images in a row.

Every function draws on a new figure 6.4 inches wide and returns it; a cell ends with `plt.show()`.
Colours come from the style sheet by their place in its cycle: C1 marks what a window covers, C3 one
result. Neither stands alone: windows have a frame, results a heavier one, what no window covers is hatched.
Padding is grey, dotted and holds a 0. `animate` returns a moving picture that a cell ends with, and
`sliders` puts controls above any picture of these. `contents` is the sheet of small pictures in notebook 00.
"""

from convnotes import style  # noqa: F401 - it says what to install where there is no Matplotlib
from convnotes.draw.animation import animate
from convnotes.draw.contents import contents
from convnotes.draw.correlation import correlation, slide
from convnotes.draw.counts import counts
from convnotes.draw.images import images
from convnotes.draw.matrices import matrices
from convnotes.draw.sliders import sliders
from convnotes.draw.stamps import stamps
from convnotes.draw.transposed import transposed
from convnotes.draw.walk import walk

__all__ = [
    "animate",
    "contents",
    "correlation",
    "counts",
    "images",
    "matrices",
    "slide",
    "sliders",
    "stamps",
    "transposed",
    "walk",
]
