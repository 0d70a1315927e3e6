"""Convolution of every channel by itself, as products with banded matrices: for each row of the kernel one.

Along the rows of an image a convolution is a product with a banded matrix, which holds a row of the kernel in
every column, one place further down in each (Toeplitz). Most of its entries are zeros; still, where images
are small, a product with zeros is done sooner than sums of short runs.

Derived in notebooks/06_matrix_multiplication.ipynb and 09_fast_convolution.ipynb.
"""

import numpy as np

from convnotes.fast import depthwise
from convnotes.fast.blocks import Block, padded, spans
from convnotes.fast.work import Work
from convnotes.windows import Convolution

# The entries of the banded matrices that are held at a time.
ENTRIES = 2**20
# The widest image whose banded matrices are worth building.
WIDEST = 64


def takes(p: Convolution) -> bool:
    """One filter for each channel, which is its group, on images of at most 64 columns."""
    return (
        depthwise.takes(p) and p.on_padded_input().size[1] <= WIDEST
    )


def work(p: Convolution) -> Work:
    """For every channel and row of the kernel a product, and the matrix for it."""
    N, C = p.input_size[:2]
    width, (H_Y, W_Y) = p.on_padded_input().size[1], p.count
    products = N * C * p.kernel[0]
    # So small products do not reach the speed of large ones, and each is a call inside of one of NumPy's.
    inside = products // 15
    calls = -(-C // _channels(p)) * (
        6 + p.area + N * (4 + 2 * p.kernel[0])
    )
    return Work(
        products=5 * products * H_Y * width * W_Y // 3,
        calls=calls + inside,
    )


def workspace(p: Convolution) -> int:
    """The banded matrices of a few channels, their padded rows, the product and the sum."""
    height, width = p.on_padded_input().size
    each = (
        p.kernel[0] * width * p.count[1]
        + 2 * height * width
        + 3 * p.positions
    )
    return 2 * _channels(p) * each


def gather(
    X: np.ndarray, K: np.ndarray, p: Convolution, Y: np.ndarray
) -> None:
    """Y_c = sum over i of X_c, shifted by i rows, times the banded matrix of row i of K_c."""
    for c in spans(X.shape[1], _channels(p)):
        bands = _bands(K[c], p)
        for n in range(len(X)):
            for i, shifted in enumerate(_shifted(X[n : n + 1, c], p)):
                if i:
                    Y[n, c] += shifted @ bands[i]
                else:
                    np.matmul(shifted, bands[i], out=Y[n, c])


def _shifted(X, p):
    """For every row of the kernel, the rows of the padded channels that it meets: views (C, H_Y, width)."""
    (S, _), (D, _), H_Y = p.stride, p.dilation, p.count[0]
    canvas = padded(X, p, Block(slice(0, 1), slice(0, H_Y)))[0]
    for i in range(p.kernel[0]):
        yield canvas[:, i * D : i * D + (H_Y - 1) * S + 1 : S]


def _bands(K, p):
    """The banded matrices (kH, C, width, W_Y) of weights (C, 1, kH, kW)."""
    bands = np.zeros(
        (
            p.kernel[0],
            len(K),
            p.on_padded_input().size[1],
            p.count[1],
        ),
        K.dtype,
    )
    for i in range(p.kernel[0]):
        _diagonals(bands[i], p)[...] = K[:, 0, i, :, None]
    return bands


def _diagonals(matrices, p):
    """Where the weights stand in matrices (C, width, W_Y), a view (C, kW, W_Y): j of column x at row j*D + x*S."""
    (down, across), S, D = (
        matrices.strides[1:],
        p.stride[1],
        p.dilation[1],
    )
    shape, strides = (
        (len(matrices), p.kernel[1], p.count[1]),
        (matrices.strides[0], D * down, S * down + across),
    )
    return np.lib.stride_tricks.as_strided(matrices, shape, strides)


def _channels(p: Convolution) -> int:
    """How many channels have their matrices in the space there is."""
    each = (
        p.kernel[0] * p.on_padded_input().size[1] * max(1, p.count[1])
    )
    return max(1, min(p.input_size[1], ENTRIES // each))
