"""The matrices of fast convolution by polynomial interpolation (Toom and Cook, for convolution Winograd).

A row of m results of a correlation with k weights K reads m + k - 1 inputs X. It takes m + k - 1 multiplications
instead of m * k, between a transform of the weights and one of the inputs:

    Y = Q_Y ((Q_K K) * (Q_X X))

Lavin and Gray call these matrices A^T, G and B^T, and the number of weights r.

Source: Lavin and Gray, "Fast algorithms for convolutional neural networks", arXiv 1509.09308; the choice of
points after Barabasz, Anderson, Soodhalter and Gregg, "Error analysis and improving the accuracy of Winograd
convolution for deep neural networks", arXiv 1803.10986. Derived in notebooks/09_fast_convolution.ipynb.
"""

from functools import cache
from math import prod

import numpy as np
from numpy.polynomial.polynomial import polyfromroots

from convnotes.parameters import Pair

# Finite points at which polynomials are evaluated; infinity is one more. Small ones, and in pairs whose errors cancel,
# keep the rounding errors small. All are sums of powers of two, so that only a division below rounds.
POINTS = 0.0, 1.0, -1.0, 0.5, -2.0, 2.0, -0.5


@cache
def transforms(m: int, k: int, dtype: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Q_Y (m, length), Q_K (length, k) and Q_X (length, length) for F(m, k), with length = m + k - 1.

    >>> Q_Y, Q_K, Q_X = transforms(2, 3, "float64")
    >>> K, X = np.array([1.0, 3, -1]), np.array([1.0, 2, 4, 7])
    >>> Q_Y @ ((Q_K @ K) * (Q_X @ X))
    array([3., 7.])
    """
    if m + k - 2 > len(POINTS):
        raise ValueError(f"m + k must be at most {len(POINTS) + 2}, got m {m} and k {k}")
    points = POINTS[: m + k - 2]
    Q_Y = [[point**i for point in points] + [float(i == m - 1)] for i in range(m)]
    norms = [prod(point - other for other in points if other != point) for point in points]
    Q_K = [[point**j / norm for j in range(k)] for point, norm in zip(points, norms)]
    Q_K.append([float(j == k - 1) for j in range(k)])
    Q_X = [[*polyfromroots([other for other in points if other != point]), 0.0] for point in points]
    Q_X.append([*polyfromroots(points)])
    return np.array(Q_Y, dtype), np.array(Q_K, dtype), np.array(Q_X, dtype)


@cache
def in_two_axes(m: Pair, k: Pair, dtype: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same for tiles of m results and kernels of k weights, as Kronecker products of the two axes' matrices.

    Q_X X Q_X^T, written out as a vector, is such a product of Q_X with itself times the vector X: one matrix product
    transforms along both axes, and many tiles at once.
    """
    axes = (transforms(*pair, "float64") for pair in zip(m, k))
    Q_Y, Q_K, Q_X = (np.kron(*pair).astype(dtype) for pair in zip(*axes))
    return Q_Y, Q_K, Q_X
