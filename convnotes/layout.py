"""Moves of the last two axes that change no value: pad, crop, dilate, rotate. Any axes before them are kept."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convnotes import arguments, parameters
from convnotes.parameters import IntOrPair, Padding, PaddingLike


def pad(X: NDArray[Any], padding: PaddingLike, value: float = 0) -> NDArray[Any]:
    """X of shape (..., H, W) with `value` around it, of shape (..., top+H+bottom, left+W+right).

    `padding` is an int, a pair (vertical, horizontal) or ((top, bottom), (left, right)). Always a copy,
    of X's dtype. Derived in notebooks/02_padding_and_dilation.ipynb.

    >>> pad(np.array([[1, 2]]), ((1, 0), (0, 2)))
    array([[0, 0, 0, 0],
           [1, 2, 0, 0]])
    """
    return np.pad(arguments.unmasked("X", X), [(0, 0)] * (X.ndim - 2) + list(_sides(padding)), constant_values=value)


def crop(X: NDArray[Any], padding: PaddingLike) -> NDArray[Any]:
    """The inverse of `pad`: X without its outermost rows and columns, as a copy.

    >>> crop(np.array([[0, 0, 0, 0], [1, 2, 0, 0]]), ((1, 0), (0, 2)))
    array([[1, 2]])
    """
    (top, bottom), (left, right) = _sides(padding)
    X = arguments.unmasked("X", X)
    H, W = X.shape[-2:]
    if top + bottom > H or left + right > W:
        raise ValueError(f"padding must not exceed the array's own size, got {padding!r} for {(H, W)}")
    return X[..., top : H - bottom, left : W - right].copy()


def dilate(X: NDArray[Any], dilation: IntOrPair) -> NDArray[Any]:
    """X with dilation - 1 zeros between its entries, of shape (..., D(H-1)+1, D(W-1)+1).

    Derived in notebooks/03_backpropagation.ipynb.

    >>> dilate(np.array([[1, 2], [3, 4]]), 2)
    array([[1, 0, 2],
           [0, 0, 0],
           [3, 0, 4]])
    """
    D_H, D_W = parameters.pair("dilation", dilation, 1)
    X = arguments.unmasked("X", X)
    H, W = X.shape[-2:]
    Y = np.zeros((*X.shape[:-2], max(0, D_H * (H - 1) + 1), max(0, D_W * (W - 1) + 1)), X.dtype)
    Y[..., ::D_H, ::D_W] = X
    return Y


def rot180(X: NDArray[Any]) -> NDArray[Any]:
    """X turned by 180 degrees in its last two axes, as a copy.

    Derived in notebooks/03_backpropagation.ipynb.

    >>> rot180(np.array([[1, 2], [3, 4]]))
    array([[4, 3],
           [2, 1]])
    """
    return arguments.unmasked("X", X)[..., ::-1, ::-1].copy()


def _sides(padding: PaddingLike) -> Padding:
    if isinstance(padding, str):
        raise TypeError(f"padding must be an integer, a pair or a pair of pairs here, got {padding!r}")
    return parameters.padding(padding, (1, 1), (1, 1), (1, 1))
