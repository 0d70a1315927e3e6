"""The weight gradient of a layer that treats its channels one by one, as scalar products of two lines.

    dK_(i, j) = sum over y, x of dY_(y, x) X_(y + i*D_H - P, x + j*D_W - P)

Written as one line each, with rows of the same length, the padded image shifted by i*D_H rows and j*D_W places meets
the output gradient entry by entry. Between the rows of the gradient are zeros. So no tap needs a copy of its own.

Derived in notebooks/09_fast_convolution.ipynb.
"""

from math import prod

import numpy as np

from convnotes.fast.blocks import spans
from convnotes.fast.buffers import copy_rows
from convnotes.fast.padded_lines import in_places, padded
from convnotes.fast.parts import parts
from convnotes.windows import Convolution

# The entries of padded images that are worked on at a time.
ENTRIES = 2**19
# The terms of a scalar product: it adds them up in a few long chains, whose rounding errors grow with their length.
CHAIN = 2**15
# The windows of an image, at least: to begin a scalar product takes as long as hundreds of multiply-adds.
LONG = 512


def takes(p: Convolution) -> bool:
    """Whether windows follow one another without gaps, and are many but not too many for one channel at a time."""
    return (
        p.stride == (1, 1)
        and p.positions >= LONG
        and prod(p.covered) <= ENTRIES
    )


def workspace(p: Convolution) -> int:
    """A part of the padded images, and of the output gradient with rows as long, and both copied; the products."""
    size, planes = prod(p.covered), prod(p.input_size[:2])
    planes = min(planes, ENTRIES // size)
    return planes * (4 * size + 2 * p.area)


def correlate(
    X: np.ndarray, dY: np.ndarray, p: Convolution
) -> np.ndarray:
    """dK of a depthwise convolution."""
    dK = np.zeros((p.groups, *p.kernel), X.dtype)
    (D_H, D_W), (H_Y, W_Y), (height, width) = (
        p.dilation,
        p.count,
        p.covered,
    )
    length = (H_Y - 1) * width + W_Y
    places = height * width, D_H * width, D_W, 1
    for part in parts(p, ENTRIES // (height * width), H_Y):
        images = padded(part.of(X, slice(0, p.size[0])), p, 0)
        upstream = np.zeros((part.planes, H_Y, width), X.dtype)
        copy_rows(part.of(dY, part.rows), upstream[..., :W_Y])
        shape = part.planes, *p.kernel, length
        shifted = in_places(images, shape, places)
        line = upstream.reshape(part.planes, 1, 1, -1)[..., :length]
        sums = dK[part.channels]
        for chain in spans(length, CHAIN):
            each = np.vecdot(shifted[..., chain], line[..., chain])
            sums += each.reshape(-1, *sums.shape).sum(0)
    return dK.reshape(p.weight_size)
