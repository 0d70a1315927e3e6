"""Padded images written as one line, one after the other: there an entry of all windows is one run, shifted by a tap.

Window (y, x) begins at row y*S_H and column x*S_W of the padded image, and its entry (i, j) lies i*D_H rows and j*D_W
places behind. That holds from every place of the line on, whether a window begins there or not. So one operation on
the line and itself, shifted, works on an entry of all windows at once; what it makes of the other places is dropped.

Derived in notebooks/09_fast_convolution.ipynb.
"""

import numpy as np

from convnotes.fast.blocks import beside
from convnotes.fast.buffers import copy_rows
from convnotes.windows import Windows


def padded(
    images: np.ndarray, p: Windows, value, step: int = 1
) -> np.ndarray:
    """Images (images, H, W) with `value` around them where windows reach; their rows a multiple of `step` long.

    They are in one run: the images themselves if those are, and if there is nothing to add.
    """
    (N, H, W), ((top, _), (left, _)) = images.shape, p.padding
    height, width = p.covered
    height, width = max(height, top + H), max(width, left + W)
    width = -(-width // step) * step
    if (height, width) == (H, W):
        return np.ascontiguousarray(images)
    whole = np.empty((N, height, width), images.dtype)
    for rows in beside(slice(top, top + H), height):
        whole[:, rows] = value
    rows = whole[:, top : top + H]
    for columns in beside(slice(left, left + W), width):
        rows[..., columns] = value
    copy_rows(images, rows[..., left : left + W])
    return whole


def at_windows(
    line: np.ndarray, shape: tuple[int, ...], p: Windows
) -> np.ndarray:
    """A view of a line at the places where windows begin, (images, H_Y, W_Y); the line may end behind the last one.

    shape: of the images in the line, (images, height, width), without the columns between windows
    """
    N, height, width = shape
    places = height * width, p.stride[0] * width, 1
    return in_places(line, (N, *p.count), places)


def in_places(
    line: np.ndarray, shape: tuple[int, ...], places: tuple[int, ...]
) -> np.ndarray:
    """A view of a line, so many places apart along each axis; an error if it does not reach so far."""
    strides = tuple(line.itemsize * apart for apart in places)
    return np.ndarray(shape, line.dtype, line, 0, strides)
