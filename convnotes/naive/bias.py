"""The bias: one number for each channel, added at every position.

Derived in notebooks/05_bias.ipynb.
"""

import numpy as np

from convnotes import arguments


def bias_add(input, bias):
    """Y[n, c, h, w] = X[n, c, h, w] + b[c].

    input: (N, C, H, W); bias: (C,); returns (N, C, H, W) in their common dtype, at least float32.
    ValueError for another shape, TypeError for numbers that are not real.
    """
    X, b = arguments.bias_add(input, bias)
    Y = np.empty(X.shape, X.dtype)
    for n, c, h, w in np.ndindex(X.shape):
        Y[n, c, h, w] = X[n, c, h, w] + b[c]
    return Y


def bias_grad(grad_output):
    """The gradient of a bias: db[c] = sum over n, h, w of dY[n, c, h, w].

    grad_output: (N, C, H, W); returns (C,). Errors as in `bias_add`.
    """
    dY = arguments.bias_grad(grad_output)
    db = np.zeros(dY.shape[1], dY.dtype)
    for n, c, h, w in np.ndindex(dY.shape):
        db[c] += dY[n, c, h, w]
    return db
