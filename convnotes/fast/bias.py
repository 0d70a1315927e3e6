"""The bias: one broadcast sum, and for its gradient a product of every image with ones.

Derived in notebooks/05_bias.ipynb.
"""

import numpy as np

from convnotes import arguments
from convnotes.fast.machine.workspace import spans

# The entries of the sums of images, and of the ones that they are products with, at most.
MOST = 2**20


def bias_add(input, bias):
    """Y, as `naive.bias_add` defines it."""
    X, b = arguments.bias_add(input, bias)
    return X + b[:, None, None]


def bias_grad(grad_output):
    """db, as `naive.bias_grad` defines it."""
    dY = arguments.bias_grad(grad_output)
    N, C, H, W = dY.shape
    images = dY.reshape(N, C, H * W)
    if N * C <= MOST and H * W <= MOST:
        return _sums(images)
    db = np.zeros(C, dY.dtype)
    for n in spans(N, MOST // C):
        for c in spans(C, MOST):
            for pixels in spans(H * W, MOST):
                db[c] += _sums(images[n, c, pixels])
    return db


def _sums(images):
    """The sum of every channel of images (images, channels, pixels)."""
    ones = np.ones(images.shape[2], images.dtype)
    return (images @ ones).sum(axis=0)
