"""SciPy: `scipy.signal.correlate` and `convolve`, which choose themselves between sums of products and Fourier's way.

A forward convolution is a correlation in the mode "valid", with the channels as an axis of its own; the gradient of its
input, which is the transposed convolution, is a sum of convolutions in the mode "full". There is neither stride,
padding, dilation nor groups. Its arrays are NumPy's, so there is nothing to prepare.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy import signal

from convnotes import arguments
from convnotes.annotations import Array
from convnotes.parameters import SizeLike
from convnotes.windows import Convolution


def _spread(p: Convolution, dY: Array, K: Array, b: Array | None = None) -> Array:
    """The sum over filters of what each spreads."""
    dX = np.zeros(p.input_size, dY.dtype)
    if b is not None:
        dX += b[:, None, None]
    for n, c in np.ndindex(dX.shape[:2]):
        for f in range(len(K)):
            dX[n, c] += signal.convolve(dY[n, f], K[f, c])
    return dX


def _gather(X: Array, K: Array) -> Array:
    Y = np.empty((len(X), len(K), *(H - k + 1 for H, k in zip(X.shape[2:], K.shape[2:]))), X.dtype)
    for n, f in np.ndindex(Y.shape[:2]):
        (Y[n, f],) = signal.correlate(X[n], K[f], "valid")
    return Y


def conv2d(input: ArrayLike, weight: ArrayLike, bias: ArrayLike | None = None) -> Array:
    X, K, b, _ = arguments.conv2d(input, weight, bias, 1, 0, 1, 1)
    Y = _gather(X, K)
    return Y if b is None else Y + b[:, None, None]


def conv2d_grad_input(input_size: SizeLike, weight: ArrayLike, grad_output: ArrayLike) -> Array:
    K, dY, p = arguments.conv2d_grad_input(input_size, weight, grad_output, 1, 0, 1, 1)
    return _spread(p, dY, K)


def conv2d_grad_weight(input: ArrayLike, weight_size: SizeLike, grad_output: ArrayLike) -> Array:
    X, dY, _ = arguments.conv2d_grad_weight(input, weight_size, grad_output, 1, 0, 1, 1)
    return _gather(X.swapaxes(0, 1), dY.swapaxes(0, 1)).swapaxes(0, 1).copy()


def conv_transpose2d(input: ArrayLike, weight: ArrayLike, bias: ArrayLike | None = None) -> Array:
    X, K, b, p = arguments.conv_transpose2d(input, weight, bias, 1, 0, 0, 1, 1)
    return _spread(p, X, K, b)


def conv_transpose2d_grad_input(input_size: SizeLike, weight: ArrayLike, grad_output: ArrayLike) -> Array:
    K, dY, _ = arguments.conv_transpose2d_grad_input(input_size, weight, grad_output, 1, 0, 0, 1, 1)
    return _gather(dY, K)


def conv_transpose2d_grad_weight(input: ArrayLike, weight_size: SizeLike, grad_output: ArrayLike) -> Array:
    X, dY, _ = arguments.conv_transpose2d_grad_weight(input, weight_size, grad_output, 1, 0, 0, 1, 1)
    return _gather(dY.swapaxes(0, 1), X.swapaxes(0, 1)).swapaxes(0, 1).copy()
