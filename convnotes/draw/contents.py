"""The contents of the book as a sheet of small pictures, one for each notebook."""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from convnotes.draw import thumbnails

# Titles have a line break where one line is too long.
PICTURES = {
    "00 Start here": thumbnails.start_here,
    "01 Convolution": thumbnails.convolution,
    "02 Padding\nand dilation": thumbnails.padding_and_dilation,
    "03 Backpropagation": thumbnails.backpropagation,
    "04 Transposed\nconvolution": thumbnails.transposed_convolution,
    "05 Bias": thumbnails.bias,
    "06 Matrix\nmultiplication": thumbnails.matrix_multiplication,
    "07 Pooling": thumbnails.pooling,
    "08 Local response\nnormalization": thumbnails.local_response_normalization,
    "09 Fast\nconvolution": thumbnails.fast_convolution,
    "10 Benchmarks": thumbnails.benchmarks,
    "11 Training": thumbnails.training,
    "12 Inside fast": thumbnails.inside_fast,
}


def contents() -> Figure:
    """One picture for each notebook, in order, under its number and title."""
    fig, axes = plt.subplots(4, 4, figsize=(plt.rcParams["figure.figsize"][0], 5.8))
    fig.get_layout_engine().set(wspace=0.08, hspace=0.08)
    for ax, (title, draw) in zip(axes.flat, PICTURES.items()):
        ax.set(xlim=(-0.2, 8.2), ylim=(5.2, -0.2), aspect="equal", xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
        ax.set_title(title, fontsize=9)
        draw(ax)
    for ax in axes.flat[len(PICTURES) :]:
        ax.remove()
    return fig
