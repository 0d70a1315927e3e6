"""The input gradient by the transpose of im2col: a product, and every entry of it added back to where it came from.

Derived in notebooks/06_matrix_multiplication.ipynb and 09_fast_convolution.ipynb.
"""

from math import prod

import numpy as np

from convnotes.fast.blocks import spans, split, taps
from convnotes.fast.work import Work, product
from convnotes.windows import Convolution

# The entries of the products that are held at a time.
ENTRIES = 2**20


def work(p: Convolution) -> Work:
    """The products, and an addition for every entry of the matrix of columns."""
    F, C, *_ = p.weight_size
    N, G = p.input_size[0], p.groups
    images, rows = _block(p)
    bands = -(-p.count[0] // rows)
    columns = min(images, N) * p.positions // max(1, bands)
    split = N * prod(p.input_size[1:]) if p.stride != (1, 1) else 0
    entries = N * G * C * p.area * p.positions
    return Work(
        products=-(-N // images)
        * G
        * bands
        * product(C * p.area, F // G, columns),
        copied=2 * N * prod(p.input_size[1:]) + 2 * entries,
        strided=split,
        calls=-(-N // images) * (bands * (p.area + 4) + 6),
    )


def spread(
    K: np.ndarray, dY: np.ndarray, p: Convolution, dX: np.ndarray
) -> None:
    """dX = col2im(K^T dY), for a few images or a band of one at a time."""
    (F, C, *_), G = p.weight_size, p.groups
    filters = K.reshape(G, F // G, C * p.area).transpose(0, 2, 1)
    by_group = dY.reshape(len(dY), G, F // G, p.positions)
    (H, W), ((top, _), (left, _)), W_Y = p.size, p.padding, p.count[1]
    images, height = _block(p)
    for n in spans(len(dY), images):
        N = n.stop - n.start
        canvas = np.zeros(
            (N, G, C, *p.on_padded_input().size), dY.dtype
        )
        planes = split(canvas, p)
        for rows in spans(p.count[0], height):
            places = slice(rows.start * W_Y, rows.stop * W_Y)
            # Several images share a product, which then reads the weight once for all of them.
            together = by_group[n, :, :, places].transpose(1, 2, 0, 3)
            products = filters @ together.reshape(G, F // G, -1)
            products = products.reshape(G, C, *p.kernel, N, -1, W_Y)
            for (i, j), plane, place in taps(p, products.shape[-2]):
                below = planes[plane][..., rows.start :, :]
                below[place] += np.moveaxis(
                    products[:, :, i, j], 2, 0
                )
        if p.stride != (1, 1):
            for (a, b), part in planes.items():
                canvas[..., a :: p.stride[0], b :: p.stride[1]] = part
        inside = canvas[..., top : top + H, left : left + W]
        dX[n] = inside.reshape(dX[n].shape)


def _block(p: Convolution) -> tuple[int, int]:
    """How many images, and rows of their outputs, have products that fit in the space there is."""
    row = p.groups * p.weight_size[1] * p.area * max(1, p.count[1])
    rows = max(1, ENTRIES // row)
    images = rows // max(1, p.count[0])
    return max(1, images), max(1, min(rows, p.count[0]))
