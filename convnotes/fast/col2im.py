"""The input gradient by the transpose of im2col: a product, and every entry of it added back to where it came from.

Derived in notebooks/06_matrix_multiplication.ipynb and 09_fast_convolution.ipynb.
"""

from math import prod

import numpy as np

from convnotes.fast.blocks import spans, split, taps
from convnotes.fast.columns import band
from convnotes.fast.work import Work, product
from convnotes.windows import Convolution


def work(p: Convolution) -> Work:
    """The work of `spread`: the product, and an addition for every entry of the matrix of columns."""
    F, C, *_ = p.weight_size
    N, G = p.input_size[0], p.groups
    bands = -(-p.count[0] // band(p))
    return Work(
        products=N
        * G
        * bands
        * product(C * p.area, F // G, p.positions // max(1, bands)),
        copied=2 * N * prod(p.input_size[1:])
        + 2 * N * G * C * p.area * p.positions,
        strided=N * prod(p.input_size[1:])
        if p.stride != (1, 1)
        else 0,
        calls=N * bands * (G * (p.area + 3) + 4),
    )


def spread(
    K: np.ndarray, dY: np.ndarray, p: Convolution, dX: np.ndarray
) -> None:
    """dX = col2im(K^T dY), for a band of rows of one image at a time."""
    F, C, *_ = p.weight_size
    filters = K.reshape(
        p.groups, F // p.groups, C * p.area
    ).transpose(0, 2, 1)
    by_group = dY.reshape(
        len(dY), p.groups, F // p.groups, p.positions
    )
    (H, W), ((top, _), (left, _)), W_Y = p.size, p.padding, p.count[1]
    for n in range(len(dY)):
        canvas = np.zeros(
            (p.groups, C, *p.on_padded_input().size), dY.dtype
        )
        planes = split(canvas, p)
        for rows in spans(p.count[0], band(p)):
            height = rows.stop - rows.start
            for g in range(p.groups):
                products = (
                    filters[g]
                    @ by_group[
                        n, g, :, rows.start * W_Y : rows.stop * W_Y
                    ]
                )
                products = products.reshape(C, *p.kernel, height, W_Y)
                for (i, j), plane, place in taps(p, height):
                    planes[plane][g, :, rows.start :][place] += (
                        products[:, i, j]
                    )
        if p.stride != (1, 1):
            for (a, b), part in planes.items():
                canvas[..., a :: p.stride[0], b :: p.stride[1]] = part
        dX[n] = canvas[:, :, top : top + H, left : left + W].reshape(
            p.input_size[1:]
        )
