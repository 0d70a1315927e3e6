"""Local response normalization through the banded matrix that says which channels are neighbours.

Derived in notebooks/08_local_response_normalization.ipynb.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from convnotes import arguments, windows
from convnotes.annotations import Array, ArrayLike


def local_response_norm(
    input: ArrayLike,
    size: int,
    alpha: float = 1e-4,
    beta: float = 0.75,
    k: float = 1.0,
) -> Array:
    """Y = X * D^-beta with D = k + alpha/size * B X^2 on images flattened to (C, H*W).

    B is the band of `neighbours`, of C * C numbers.
    """
    X, size, alpha, beta, k = arguments.local_response_norm(
        input, size, alpha, beta, k
    )
    B = neighbours(X.shape[1], size, X.dtype)
    D = k + alpha / size * _across_channels(B, X**2)
    return X * D**-beta


def local_response_norm_grad_input(
    input: ArrayLike,
    grad_output: ArrayLike,
    size: int,
    alpha: float = 1e-4,
    beta: float = 0.75,
    k: float = 1.0,
) -> Array:
    """dX = dY * D^-beta + 2*alpha/size * X * B^T dD with dD = -beta * dY * X * D^(-beta-1).

    B, unlike the paper's, is symmetric for odd sizes only: the transpose matters.
    """
    X, dY, size, alpha, beta, k = arguments.local_response_norm_grad_input(
        input, grad_output, size, alpha, beta, k
    )
    B = neighbours(X.shape[1], size, X.dtype)
    D = k + alpha / size * _across_channels(B, X**2)
    dD = -beta * dY * X * D ** (-beta - 1)
    spread = _across_channels(B.T, dD)
    return dY * D**-beta + 2 * alpha / size * X * spread


def neighbours(C: int, size: int, dtype: DTypeLike = float) -> NDArray[Any]:
    """The banded matrix (C, C) with a one at [c, d] where channel d is in the window of channel c.

    >>> neighbours(4, 2)
    array([[1., 0., 0., 0.],
           [1., 1., 0., 0.],
           [0., 1., 1., 0.],
           [0., 0., 1., 1.]])
    """
    B = np.zeros((C, C), dtype)
    for c in range(C):
        B[c, windows.channels(c, size, C)] = 1
    return B


def _across_channels(B: Array, X: Array) -> Array:
    """B times the channels of X. A zero of B is no neighbour: it must not meet infinities, nor what is not a number."""
    N, C, H, W = X.shape
    A = X.reshape(N, C, H * W)
    finite = np.isfinite(A)
    total = B @ np.where(finite, A, 0)
    if not finite.all():
        for value in (np.inf, -np.inf, np.nan):
            there = np.isnan(A) if np.isnan(value) else A == value
            # Infinity less infinity becomes a not-a-number here, as in any sum.
            total = np.where(B @ there > 0, total + value, total)
    return total.reshape(X.shape)
