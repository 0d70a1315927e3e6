"""The bias as a product of rank one: the column b times a row of ones, added to the flattened image.

Derived in notebooks/05_bias.ipynb.
"""

from __future__ import annotations

import numpy as np

from convnotes import arguments
from convnotes.annotations import Array, ArrayLike


def bias_add(input: ArrayLike, bias: ArrayLike) -> Array:
    """Y[n] = X[n] + b 1^T on images flattened to (C, H*W).

    The product b 1^T has C*H*W entries.
    """
    X, b = arguments.bias_add(input, bias)
    N, C, H, W = X.shape
    product = b[:, None] @ np.ones((1, H * W), X.dtype)
    return (X.reshape(N, C, H * W) + product).reshape(X.shape)


def bias_grad(grad_output: ArrayLike) -> Array:
    """db = sum over n of dY[n] 1, the transpose of b -> b 1^T."""
    dY = arguments.bias_grad(grad_output)
    N, C, H, W = dY.shape
    images = dY.reshape(N, C, H * W)
    return (images @ np.ones(H * W, dY.dtype)).sum(axis=0)
