"""Local response normalization: each channel divided by a power of its neighbours' energy at the same position.

Source: Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional neural
networks" (2012), section 3.3; window and alpha as torch has them.
Derived in notebooks/08_local_response_normalization.ipynb.
"""

from __future__ import annotations

import numpy as np

from convnotes import arguments, windows
from convnotes.annotations import Array, ArrayLike


def local_response_norm(
    input: ArrayLike,
    size: int,
    alpha: float = 1e-4,
    beta: float = 0.75,
    k: float = 1.0,
) -> Array:
    """Y[n, c, h, w] = X[n, c, h, w] * D^-beta
    D = k + alpha/size * sum over d of X[n, d, h, w]^2.
    """
    X, size, alpha, beta, k = arguments.local_response_norm(
        input, size, alpha, beta, k
    )
    Y = np.empty(X.shape, X.dtype)
    for n, c, h, w in np.ndindex(X.shape):
        window = windows.channels(c, size, X.shape[1])
        D = k + alpha / size * sum(X[n, d, h, w] ** 2 for d in window)
        Y[n, c, h, w] = X[n, c, h, w] * D**-beta
    return Y


def local_response_norm_grad_input(
    input: ArrayLike,
    grad_output: ArrayLike,
    size: int,
    alpha: float = 1e-4,
    beta: float = 0.75,
    k: float = 1.0,
) -> Array:
    """dX[c] += dY[c] * D[c]^-beta
    dD[c]  = -beta * dY[c] * X[c] * D[c]^(-beta-1)
    dX[d] += dD[c] * 2 * alpha/size * X[d]  for every d in the window of c.
    """
    X, dY, size, alpha, beta, k = arguments.local_response_norm_grad_input(
        input, grad_output, size, alpha, beta, k
    )
    dX = np.zeros(X.shape, X.dtype)
    for n, c, h, w in np.ndindex(X.shape):
        window = windows.channels(c, size, X.shape[1])
        D = k + alpha / size * sum(X[n, d, h, w] ** 2 for d in window)
        dY_c, X_c = dY[n, c, h, w], X[n, c, h, w]
        dX[n, c, h, w] += dY_c * D**-beta
        dD = -beta * dY_c * X_c * D ** (-beta - 1)
        for d in window:
            dX[n, d, h, w] += dD * 2 * alpha / size * X[n, d, h, w]
    return dX
