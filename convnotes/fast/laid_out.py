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
    images, meetings = X.swapaxes(0, 1), p.meetings(1)
    S, D = p.stride[1], p.dilation[1]
    for phase in range(S):
        columns = [
            j for j in range(p.kernel[1]) if j * D % S == phase
        ]
        # The column that sees the most of the image; others of its phase can be shifts of it.
        first = max(
            columns, key=lambda j: _seen(*meetings[j]), default=0
        )
        shifts = {j: (j - first) * D // S for j in columns}
        shifts = {
            j: shift
            for j, shift in shifts.items()
            if _covers(meetings[j][0], shift, p.count[1])
        }
        source = None
        if len(shifts) > 1:
            source = _column(images, meetings[first], R[:, 0].shape)
        for j in columns:
            if source is not None and j in shifts:
                _shift(source, shifts[j], R[:, j])
                _clear(R[:, j], meetings[j][0])
            else:
                _meet(images, *meetings[j], R[:, j])


def _covers(places, shift, W_Y) -> bool:
    """Whether all that is seen from these places lies on the same row of what is shifted."""
    return -shift <= places.start and places.stop <= W_Y - shift


def _seen(places, _) -> int:
    return places.stop - places.start


def _column(images, meeting, shape) -> np.ndarray:
    """What the windows meet at a column; the images themselves where that is all of them, as they are."""
    places, met = meeting
    if shape == images.shape and met == slice(0, shape[-1], 1):
        return images
    column = np.empty(shape, images.dtype)
    _meet(images, places, met, column)
    return column


def _meet(images, places, met, out) -> None:
    """What the windows meet at one of their columns, and zeros where that is not on the image."""
    out[..., places] = images[..., met]
    _clear(out, places)


def _clear(column, places) -> None:
    column[..., : places.start] = 0
    column[..., places.stop :] = 0


def _shift(source, shift, out) -> None:
    """All rows as one line, shifted: what comes in from the next row is none that a window sees."""
    source, target = (
        A.reshape(*A.shape[:2], -1) for A in (source, out)
    )
    before, after = max(0, -shift), max(0, shift)
    length = source.shape[2]
    target[..., before : length - after] = source[
        ..., after : length - before
    ]
