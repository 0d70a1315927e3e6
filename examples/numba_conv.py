"""A convolution compiled by Numba, as an implementation of one's own.

convnotes check examples/numba_conv.py
convnotes benchmark --quick --implementations fast,torch,examples/numba_conv.py --operations conv2d

It offers conv2d without padding, dilation and groups. Whatever it is not asked for, it need not have.
"""

import numba
import numpy as np

from convnotes import arguments


@numba.njit(fastmath=False)
def _correlate(X, K, Y, S_H, S_W):
    N, F, H_Y, W_Y = Y.shape
    _, C, K_H, K_W = K.shape
    for n in range(N):
        for f in range(F):
            for c in range(C):
                for i in range(K_H):
                    for j in range(K_W):
                        k = K[f, c, i, j]
                        for y in range(H_Y):
                            for x in range(W_Y):
                                Y[n, f, y, x] += X[n, c, y * S_H + i, x * S_W + j] * k


def conv2d(input, weight, stride=1):
    X, K, _, p = arguments.conv2d(input, weight, None, stride, 0, 1, 1)
    Y = np.zeros(p.output_size, X.dtype)
    _correlate(X, K, Y, *p.stride)
    return Y
