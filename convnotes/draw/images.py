"""Images in a row."""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure


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
