"""The matrices of fast convolution by polynomial interpolation (Toom and Cook, for convolution Winograd).

A row of m results of a correlation with r weights reads n = m + r - 1 inputs d. It takes n multiplications
instead of m * r, between a transform of the weights g and one of the inputs:

    y = A^T ((G g) * (B^T d))

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
def transforms(m: int, r: int, dtype: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A^T (m, n), G (n, r) and B^T (n, n) for F(m, r) with n = m + r - 1.

    >>> A, G, B = transforms(2, 3, "float64")
    >>> g, d = np.array([1.0, 3, -1]), np.array([1.0, 2, 4, 7])
    >>> A @ ((G @ g) * (B @ d))
    array([3., 7.])
    """
    n = m + r - 1
    if n - 1 > len(POINTS):
        raise ValueError(f"m + r must be at most {len(POINTS) + 2}, got m {m} and r {r}")
    points = POINTS[: n - 1]
    A = [[point**i for point in points] + [float(i == m - 1)] for i in range(m)]
    norms = [prod(point - other for other in points if other != point) for point in points]
    G = [[point**j / norm for j in range(r)] for point, norm in zip(points, norms)]
    G.append([float(j == r - 1) for j in range(r)])
    B = [[*polyfromroots([other for other in points if other != point]), 0.0] for point in points]
    B.append([*polyfromroots(points)])
    return np.array(A, dtype), np.array(G, dtype), np.array(B, dtype)


@cache
def in_two_axes(m: Pair, r: Pair, dtype: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same for tiles of m results and kernels of r weights, as Kronecker products of the two axes' matrices.

    B^T D B, written out as a vector, is such a product of B^T with itself times the vector D: one matrix product
    transforms along both axes, and many tiles at once.
    """
    axes = (transforms(*pair, "float64") for pair in zip(m, r))
    A, G, B = (np.kron(*pair).astype(dtype) for pair in zip(*axes))
    return A, G, B
