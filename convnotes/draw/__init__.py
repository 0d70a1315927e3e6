"""Pictures for the notebooks: numbers on grids, windows on their inputs, images in a row.

Every function draws on a new figure 6.4 inches wide and returns it; a cell ends with `plt.show()`.
Colours come from the style sheet by their place in its cycle: C1 marks what a window covers, C3 one
result. Neither stands alone: windows have a frame, results a heavier one, what no window covers is hatched.
"""

from convnotes.draw.correlation import correlation, slide
from convnotes.draw.images import images

__all__ = ["correlation", "images", "slide"]
