"""An image split by the phases of the stride, so that every entry of the windows is one contiguous run.

Rows a, a + S, a + 2S, ... of the padded image and columns b, b + S, ... make plane (a, b). Entry (i, j) of
all windows lies in one plane, and there side by side: window (y, x) meets it at row y + i*D // S and column
x + j*D // S. Written as one line, a plane shifted by a number of places holds that entry of all windows. At
the end of every row are a few places that belong to no window; what is computed there is dropped.

Derived in notebooks/09_fast_convolution.ipynb.
"""

from dataclasses import dataclass

import numpy as np

from convnotes.windows import Windows, inside


@dataclass(frozen=True)
class Layout:
    """Planes of `height` x `width`; entry t of all windows lies in plane `taps[t][0]` from place `taps[t][1]` on."""

    height: int
    width: int
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
    return Layout(height, width, tuple(taps))


def planes(
    images: np.ndarray, p: Windows, form: Layout, value=0
) -> dict[tuple[int, int], np.ndarray]:
    """The planes of images (images, H, W) that windows meet, padded with `value`, each as one line of all images."""
    (S_H, S_W), ((top, _), (left, _)), (H, W) = (
        p.stride,
        p.padding,
        p.size,
    )
    found = {}
    for a, b in dict.fromkeys(plane for plane, _ in form.taps):
        rows, met_down = inside(a - top, S_H, form.height, H)
        columns, met_across = inside(b - left, S_W, form.width, W)
        plane = np.empty(
            (len(images), form.height, form.width), images.dtype
        )
        if plane[:, rows, columns].size < plane.size:
            plane[...] = value
        plane[:, rows, columns] = images[:, met_down, met_across]
        found[a, b] = plane.reshape(-1)
    return found


def rows(line: np.ndarray, p: Windows, form: Layout) -> np.ndarray:
    """Of a line with a number for every place of a plane, those for windows: (images, H_Y, W_Y)."""
    whole = line.reshape(-1, form.height, form.width)
    return whole[:, : p.count[0], : p.count[1]]
