"""The bias: one number for each channel, added at every position.

Derived in notebooks/05_bias.ipynb.
"""

from __future__ import annotations

import numpy as np

from convnotes import arguments
from convnotes.annotations import Array, ArrayLike


def bias_add(input: ArrayLike, bias: ArrayLike) -> Array:
    """Y[n, c, h, w] = X[n, c, h, w] + b[c]."""
    X, b = arguments.bias_add(input, bias)
    Y = np.empty(X.shape, X.dtype)
    for n, c, h, w in np.ndindex(X.shape):
        Y[n, c, h, w] = X[n, c, h, w] + b[c]
    return Y


def bias_grad(grad_output: ArrayLike) -> Array:
    """db[c] = sum over n, h, w of dY[n, c, h, w]."""
    dY = arguments.bias_grad(grad_output)
    db = np.zeros(dY.shape[1], dY.dtype)
    for n, c, h, w in np.ndindex(dY.shape):
        db[c] += dY[n, c, h, w]
    return db
