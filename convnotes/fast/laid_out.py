"""Images written once for every column of the kernel, so that entry (i, j) of all windows is a view in one run.

What column j of the windows meets, for every row h of the image, is  R_(c, j, h, x) = X_(c, h, x*S + j*D - P).  What
row i of them meets of it is the same for all j: some rows of R, which lie side by side where windows move down one
row at a time.

Source: the idea of Cho and Brand, "MEC: memory-efficient convolution", arXiv 1706.06873.
Derived in notebooks/09_fast_convolution.ipynb.
"""

import numpy as np

from convnotes.windows import Windows


def lay_out(X: np.ndarray, p: Windows, R: np.ndarray) -> None:
    """Write images X (images, C, H, W) as R (C, kW, images, H, W_Y)."""
    images, W_Y = X.swapaxes(0, 1), p.count[1]
    for j, (places, met) in enumerate(p.meetings(1)):
        column = R[:, j]
        if p.stride[1] == 1 and W_Y == p.size[1] and places.start < places.stop:
            _shift(images, met.start - places.start, column)
        else:
            column[..., places] = images[..., met]
        column[..., : places.start] = 0
        column[..., places.stop :] = 0


def _shift(images, shift, out) -> None:
    """Images as wide as the result, shifted as one line: what comes in from the next row is overwritten by the caller."""
    before, after = max(0, -shift), max(0, shift)
    source, target = (array.reshape(*array.shape[:2], -1) for array in (images, out))
    length = source.shape[2]
    target[..., before : length - after] = source[..., after : length - before]
