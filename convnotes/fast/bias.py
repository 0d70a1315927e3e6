"""The bias: one broadcast sum, and for its gradient a product of every image with ones."""

from __future__ import annotations

from itertools import product

import numpy as np

from convnotes import arguments
from convnotes.annotations import Array, ArrayLike
from convnotes.fast.machine.workspace import spans

# The entries of the sums of images, and of the ones that they are products with, at most.
MOST = 2**20


def bias_add(input: ArrayLike, bias: ArrayLike) -> Array:
    """One broadcast sum."""
    X, b = arguments.bias_add(input, bias)
    return X + b[:, None, None]


def bias_grad(grad_output: ArrayLike) -> Array:
    """A product of every image with ones."""
    dY = arguments.bias_grad(grad_output)
    N, C, H, W = dY.shape
    images, db = dY.reshape(N, C, H * W), np.zeros(C, dY.dtype)
    for n, c, pixels in product(spans(N, MOST // C), spans(C, MOST), spans(H * W, MOST)):
        some = images[n, c, pixels]
        # NumPy adds up in pairs, which keeps digits, along the last axis of memory alone.
        db[c] += (some @ np.ones(some.shape[2], some.dtype)).T.copy().sum(axis=1)
    return db
