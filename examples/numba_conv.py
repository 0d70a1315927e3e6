"""A convolution compiled by Numba, as an implementation of one's own: of all the vocabulary it offers conv2d alone.

convnotes check examples/numba_conv.py
convnotes benchmark --quick --implementations fast,torch,examples/numba_conv.py --operations conv2d
"""

import numba
import numpy as np

from convnotes import arguments, layout


@numba.njit
def _correlate(X, K, Y, S_H, S_W, D_H, D_W, groups):
    N, F, H_Y, W_Y = Y.shape
    _, C, K_H, K_W = K.shape
    for n in range(N):
        for f in range(F):
            first = f // (F // groups) * C
            for c in range(C):
                for i in range(K_H):
                    for j in range(K_W):
                        for y in range(H_Y):
                            for x in range(W_Y):
                                Y[n, f, y, x] += X[n, first + c, y * S_H + i * D_H, x * S_W + j * D_W] * K[f, c, i, j]


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    X, K, b, p = arguments.conv2d(input, weight, bias, stride, padding, dilation, groups)
    Y = np.zeros(p.output_size, X.dtype)
    if b is not None:
        Y += b[:, None, None]
    _correlate(layout.pad(X, p.padding), K, Y, *p.stride, *p.dilation, groups)
    return Y
