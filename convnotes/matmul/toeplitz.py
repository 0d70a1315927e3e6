"""A convolution as one explicit matrix, whose transpose is the transposed convolution.

Derived in notebooks/04_transposed_convolution.ipynb and 06_matrix_multiplication.ipynb.
"""

from __future__ import annotations

import numpy as np

from convnotes import arguments, parameters, windows
from convnotes.annotations import (
    Array,
    ArrayLike,
    IntOrPair,
    PaddingLike,
    SizeLike,
)
from convnotes.matmul.im2col import columns_of


def toeplitz(
    weight: ArrayLike,
    input_size: SizeLike,
    stride: IntOrPair = 1,
    padding: PaddingLike = 0,
    dilation: IntOrPair = 1,
    groups: int = 1,
) -> Array:
    """The matrix T with T @ X.ravel() == conv2d(X, weight, ...).ravel() for every X of shape input_size.

    weight: (C_out, C_in/groups, kH, kW); input_size: (N, C_in, H, W); the rest as in `conv2d`.
    Returns a dense matrix of shape (N*C_out*H_Y*W_Y, N*C_in*H*W) in the weight's dtype: it grows with
    the square of the image, so it is for small ones. Errors as in `conv2d`.

    >>> toeplitz(np.array([[[[1.0, 2.0]]]]), (1, 1, 1, 4))
    array([[1., 2., 0., 0.],
           [0., 1., 2., 0.],
           [0., 0., 1., 2.]])
    """
    (K,) = arguments.arrays(weight=weight)
    p = windows.convolution(
        parameters.size("input_size", input_size),
        K.shape,
        stride,
        padding,
        dilation,
        groups,
    )
    # Number the pixels from 1 and lay the numbers out by im2col: they say which pixel each weight meets. 0 is padding.
    numbers = 1 + np.arange(np.prod(p.input_size)).reshape(p.input_size)
    pixel = columns_of(numbers, p).reshape(
        p.input_size[0], p.groups, K[0].size, p.positions
    )
    T = np.zeros((np.prod(p.output_size), 1 + numbers.size), K.dtype)
    for row, (n, f, position) in enumerate(
        np.ndindex(*p.output_size[:2], p.positions)
    ):
        group = f // (p.weight_size[0] // p.groups)
        T[row, pixel[n, group, :, position]] = K[f].ravel()
    return T[:, 1:].copy()
