"""Local response normalization: each channel divided by a power of its neighbours' energy at the same position.

Source: Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional neural
networks" (2012), section 3.3; window and alpha as torch has them.
Derived in notebooks/08_local_response_normalization.ipynb.
"""

import numpy as np

from convnotes import arguments, windows


def local_response_norm(input, size, alpha=1e-4, beta=0.75, k=1.0):
    """Y[n, c, h, w] = X[n, c, h, w] * D^-beta,  D = k + alpha/size * sum over d of X[n, d, h, w]^2.

    The sum runs over the channels d from c - size//2 to c + (size-1)//2, as far as they exist.

    input: (N, C, H, W)
    size: the number of channels in a window, at least 1
    alpha, beta, k: finite numbers, alpha at least 0 and k above 0. alpha is divided by size; the paper's
        alpha, which is not, is alpha/size here.

    Returns (N, C, H, W). Dtype and errors as in `conv2d`.
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
    input, grad_output, size, alpha=1e-4, beta=0.75, k=1.0
):
    """The gradient of `local_response_norm` with respect to its input.

    With D[c] as there, at every n, h, w and for every channel c:

        dX[c] += dY[c] * D[c]^-beta
        dD[c]  = -beta * dY[c] * X[c] * D[c]^(-beta-1)
        dX[d] += dD[c] * 2 * alpha/size * X[d]  for every d in the window of c

    grad_output: (N, C, H, W). Returns the shape of input. Parameters and errors as in `local_response_norm`.
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
