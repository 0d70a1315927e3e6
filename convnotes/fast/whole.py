"""Convolution of small problems in as few calls as possible: the whole matrix of columns, and one product.

Where the arithmetic takes microseconds, time goes by calls. So nothing is cut into blocks and nothing is chosen: one
copy of a view of all windows, one product of all images and groups.

Derived in notebooks/06_matrix_multiplication.ipynb.
"""

from math import prod

import numpy as np

from convnotes.fast.blocks import Block, padded
from convnotes.fast.products import matmul
from convnotes.fast.work import Work, product_of
from convnotes.windows import Convolution

# The entries of the matrix of columns and the multiply-adds, at most: with more other algorithms are worth their calls.
ENTRIES, PRODUCTS = 2**18, 2**23
# The entries of the padded input, at most.
PADDED = 2**20
# The entries of the weight gradients of several images, which are summed only in the end, and those that `spread` adds.
GRADIENTS, SPREAD = 2**18, 2**19


def takes(p: Convolution) -> bool:
    """Matrices of at most 2^18 entries, half as many in several groups, and at most 2^23 multiply-adds."""
    N, filters = p.input_size[0], p.weight_size[0] // p.groups
    return (
        _entries(p) <= ENTRIES // min(2, p.groups)
        and _entries(p) * filters <= PRODUCTS
        and _padded(p) <= PADDED
        and (N == 1 or N * prod(p.weight_size) <= GRADIENTS)
    )


def spreads(p: Convolution) -> bool:
    """Whether an input gradient is no more than a product that needs no blocks."""
    one = p.input_size[0] == 1 and p.kernel == (1, 1)
    return one and _entries(p) <= SPREAD and _padded(p) <= PADDED


def work(p: Convolution, correlating: bool = False) -> Work:
    """A copy of every entry, and one product for each image and group."""
    F, C, *_ = p.weight_size
    N, G = p.input_size[0], p.groups
    products = (
        N
        * G
        * product_of(F // G, C * p.area, p.positions, correlating)
    )
    return Work(products=products, copied=_entries(p), calls=10)


def workspace(p: Convolution) -> int:
    """The matrix of columns, and the padded input that it is copied from."""
    gradients = p.input_size[0] * prod(p.weight_size)
    return _entries(p) + _padded(p) + min(gradients, GRADIENTS)


def gather(
    X: np.ndarray,
    K: np.ndarray,
    p: Convolution,
    Y: np.ndarray,
    b: np.ndarray | None = None,
) -> None:
    """Y = K M."""
    out = Y.reshape(len(X), p.groups, -1, p.positions)
    np.matmul(_filters(K, p), _columns(X, p), out=out)
    if b is not None:
        Y += b[:, None, None]


def correlate(
    X: np.ndarray, dY: np.ndarray, p: Convolution
) -> np.ndarray:
    """dK = sum over images of dY M^T."""
    upstream = dY.reshape(len(X), p.groups, -1, p.positions)
    parts = matmul(upstream, _columns(X, p).swapaxes(2, 3))
    total = parts[0] if len(parts) == 1 else parts.sum(0)
    return total.reshape(p.weight_size)


def spread(
    K: np.ndarray, dY: np.ndarray, p: Convolution, dX: np.ndarray
) -> None:
    """dX = col2im(K^T dY), added up on the padded input."""
    (S_H, S_W), (D_H, D_W), (H_Y, W_Y) = p.stride, p.dilation, p.count
    (H, W), ((top, _), (left, _)) = p.size, p.padding
    upstream = dY.reshape(len(dY), p.groups, -1, p.positions)
    A = _filters(K, p).swapaxes(1, 2) @ upstream
    A = A.reshape(*dX.shape[:2], *p.kernel, H_Y, W_Y)
    canvas = dX
    if p.size != p.on_padded_input().size:
        canvas = np.zeros(
            (*dX.shape[:2], *p.on_padded_input().size), dX.dtype
        )
    for i, j in np.ndindex(p.kernel):
        rows = slice(i * D_H, i * D_H + (H_Y - 1) * S_H + 1, S_H)
        across = slice(j * D_W, j * D_W + (W_Y - 1) * S_W + 1, S_W)
        canvas[:, :, rows, across] += A[:, :, i, j]
    if canvas is not dX:
        dX[...] = canvas[:, :, top : top + H, left : left + W]


def _filters(K, p):
    return K.reshape(p.groups, -1, p.weight_size[1] * p.area)


def _columns(X, p):
    """The matrix of columns, (N, G, C*kH*kW, H_Y*W_Y)."""
    canvas = padded(
        X, p, Block(slice(0, len(X)), slice(0, p.count[0]))
    )
    (S_H, S_W), (D_H, D_W) = p.stride, p.dilation
    n, c, down, across = canvas.strides
    view = np.lib.stride_tricks.as_strided(
        canvas,
        (*canvas.shape[:2], *p.kernel, *p.count),
        (n, c, D_H * down, D_W * across, S_H * down, S_W * across),
    )
    return view.reshape(len(X), p.groups, -1, p.positions)


def _entries(p):
    return prod(p.input_size[:2]) * p.area * p.positions


def _padded(p):
    if not any(map(any, p.padding)):
        return 0
    return prod(p.input_size[:2]) * prod(p.on_padded_input().size)
