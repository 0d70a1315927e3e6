"""An image split by the phases of the stride, so that every entry of the windows is one contiguous run.

Rows a, a + S, a + 2S, ... of the padded image and columns b, b + S, ... make plane (a, b). Entry (i, j) of
all windows lies in one plane, and there side by side: window (y, x) meets it at row y + i*D // S and column
x + j*D // S. Written as one line, a plane shifted by a number of places holds that entry of all windows. At
the end of every row are a few places that belong to no window; what is computed there is dropped.

Derived in notebooks/09_fast_convolution.ipynb.
"""

from dataclasses import dataclass

import numpy as np

from convnotes.windows import Windows


@dataclass(frozen=True)
class Layout:
    """Planes of `height` x `width`; entry t of all windows lies in plane `taps[t][0]` from place `taps[t][1]` on.

    length: the places from the first window's to the last one's
    """

    height: int
    width: int
    length: int
    taps: tuple[tuple[tuple[int, int], int], ...]


def layout(p: Windows) -> Layout:
    """Where the entries of the windows lie."""
    (S_H, S_W), (D_H, D_W), (H_Y, W_Y) = p.stride, p.dilation, p.count
    height = H_Y + (p.kernel[0] - 1) * D_H // S_H
    width = W_Y + (p.kernel[1] - 1) * D_W // S_W
    taps = []
    for i, j in np.ndindex(p.kernel):
        taps.append(
            (
                (i * D_H % S_H, j * D_W % S_W),
                i * D_H // S_H * width + j * D_W // S_W,
            )
        )
    return Layout(height, width, (H_Y - 1) * width + W_Y, tuple(taps))


def planes(
    images: np.ndarray, p: Windows, form: Layout, value=0
) -> np.ndarray:
    """The planes of images (images, H, W), padded with `value`: (S_H, S_W, images, height * width)."""
    (S_H, S_W), ((top, _), (left, _)), (H, W) = (
        p.stride,
        p.padding,
        p.size,
    )
    canvas = np.full(
        (len(images), form.height * S_H, form.width * S_W),
        value,
        images.dtype,
    )
    canvas[:, top : top + H, left : left + W] = images[
        :, : form.height * S_H - top, : form.width * S_W - left
    ]
    if (S_H, S_W) == (1, 1):
        return canvas.reshape(1, 1, len(images), -1)
    split = canvas.reshape(
        len(images), form.height, S_H, form.width, S_W
    )
    return split.transpose(2, 4, 0, 1, 3).reshape(
        S_H, S_W, len(images), -1
    )


def rows(flat: np.ndarray, p: Windows, form: Layout) -> np.ndarray:
    """What was computed for every place, (images, H_Y * width), as an array (images, H_Y, W_Y)."""
    return flat.reshape(len(flat), p.count[0], form.width)[
        :, :, : p.count[1]
    ]
