"""Convolution with a kernel of one pixel: the image is its own matrix of columns, so nothing is copied.

Derived in notebooks/09_fast_convolution.ipynb.
"""

from math import prod

import numpy as np

from convnotes.fast import products
from convnotes.fast.products import multiply, multiply_transposed
from convnotes.fast.work import Work, product_of
from convnotes.windows import Convolution


def takes(p: Convolution) -> bool:
    """Kernels of one pixel without padding."""
    return p.kernel == (1, 1) and not any(map(any, p.padding))


def work(p: Convolution, correlating: bool = False) -> Work:
    """One product for each image and group; with a stride, a copy of the pixels that it keeps.

    The weight gradients of several images are added up.
    """
    N, C = p.input_size[:2]
    M, K = p.weight_size[0] // p.groups, p.weight_size[1]
    strided = N * C * p.positions if p.stride != (1, 1) else 0
    return Work(
        products=N
        * p.groups
        * product_of(M, K, p.positions, correlating),
        copied=(N - 1) * prod(p.weight_size) if correlating else 0,
        strided=strided,
        calls=2 + N * p.groups,
    )


def workspace(p: Convolution) -> int:
    """The pixels of one image that the stride keeps and a row of ones, filters with the bias beside them, products."""
    F, C, *_ = p.weight_size
    G, count, F = p.groups, p.positions, F // p.groups
    ones = G * ((C + 1) * count + F * (C + 1)) if C <= F else 0
    return G * C * count + max(
        ones + G * products.workspace(F, C + 1, count),
        products.workspace_transposed(F, C, count),
    )


def gather(
    X: np.ndarray,
    K: np.ndarray,
    p: Convolution,
    Y: np.ndarray,
    b: np.ndarray | None = None,
) -> None:
    """Y = K X, image by image. The bias is the weight of a channel of ones if filters are as many as channels."""
    F, C, *_ = p.weight_size
    G, F = p.groups, F // p.groups
    filters, extended = K.reshape(G, F, C), None
    if b is not None and C <= F and C < p.positions:
        extended = np.empty((G, C + 1, p.positions), X.dtype)
        extended[:, C] = 1
        filters = np.concatenate([filters, b.reshape(G, F, 1)], 2)
    for n, pixels in enumerate(_pixels(X, p)):
        if extended is not None:
            extended[:, :C] = pixels
            pixels = extended
        multiply(filters, pixels, Y[n].reshape(G, F, p.positions))
        if b is not None and extended is None:
            Y[n] += b[:, None, None]


def correlate(
    X: np.ndarray, dY: np.ndarray, p: Convolution
) -> np.ndarray:
    """dK = sum over images of dY X^T."""
    F, C, *_ = p.weight_size
    dK = np.zeros((p.groups, F // p.groups, C), X.dtype)
    for n, pixels in enumerate(_pixels(X, p)):
        image = dY[n].reshape(p.groups, F // p.groups, p.positions)
        for g in range(p.groups):
            multiply_transposed(image[g], pixels[g], dK[g], n > 0)
    return dK.reshape(p.weight_size)


def _pixels(X, p):
    """Of every image, the pixels that the stride keeps: (groups, C, positions)."""
    (S_H, S_W), (H_Y, W_Y) = p.stride, p.count
    for image in X:
        kept = image[:, : H_Y * S_H : S_H, : W_Y * S_W : S_W]
        yield kept.reshape(p.groups, p.weight_size[1], p.positions)
