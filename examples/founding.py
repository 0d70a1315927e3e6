"""The founding notebook's functions, word for word: tests show their faults and that ours lack them."""

import numpy as np


def compute_val(X, K, n, f, y, x):
    res = 0
    for c in range(K.shape[1]):
        for i in range(K.shape[2]):
            for j in range(K.shape[3]):
                res += X[n, c, y+i, x+j] * K[f, c, i, j]
    return res


def conv2d(X, K, sh, sw):
    h_y = int((X.shape[2] - K.shape[2]) / sh + 1)
    w_y = int((X.shape[3] - K.shape[3]) / sw + 1)

    Y = np.empty((X.shape[0], K.shape[0], h_y, w_y))

    for n in range(X.shape[0]):
        for f in range(K.shape[0]):
            for y in range(h_y):
                for x in range(w_y):
                    Y[n, f, y, x] = compute_val(X, K, n, f, y*sh, x*sw)

    return Y


def pad_tensor(X, ptop, pbot, pleft, pright):
    Y = np.zeros((X.shape[0], X.shape[1], X.shape[2] + ptop + pbot,
                  X.shape[3] + pleft + pright))
    Y[:, :, ptop:ptop+X.shape[2], pleft:pleft+X.shape[3]] = X
    return Y


def stride0(X, h, w):

    Y = np.zeros((X.shape[0], X.shape[1],
                 1 + (h + 1) * (X.shape[2] - 1),
                 1 + (w + 1) * (X.shape[3] - 1)))

    for i1 in range(X.shape[0]):
        for i2 in range(X.shape[1]):
            for i3 in range(X.shape[2]):
                for i4 in range(X.shape[3]):
                    Y[i1, i2, i3 * (h+1), i4 * (w+1)] = X[i1, i2, i3, i4]

    return Y


def rot180(X):

    Y = np.empty(X.shape)
    for i1 in range(X.shape[0]):
        for i2 in range(X.shape[1]):
            for i3 in range(X.shape[2]):
                for i4 in range(X.shape[3]):
                    Y[i1, i2, i3, i4] = X[i1, i2,
                                        X.shape[2] - i3 - 1,
                                        X.shape[3] - i4 - 1]

    return Y


def conv2d_padded_dk(X, dY, sh, sw, ph, pw):
    Xtr = np.transpose(pad_tensor(X, ph, ph, pw, pw), (1, 0, 2, 3))
    f_dY = np.transpose(dY, (1,0,2,3))
    f_dY = stride0(f_dY, sh - 1, sw - 1)
    o_dK = conv2d(Xtr, f_dY, 1, 1)
    return np.transpose(o_dK, (1,0,2,3))


def conv2d_padded_dx(K, dY, sh, sw, ph, pw):
    pdY = pad_tensor(stride0(dY, sh - 1, sw - 1),
                     K.shape[2] - 1, K.shape[2] - 1,
                     K.shape[3] - 1, K.shape[3] - 1)
    K180 = np.transpose(rot180(K), (1, 0, 2, 3))
    dX_full = conv2d(pdY, K180, 1, 1)
    dX = dX_full[:,:,ph:dX_full.shape[2]-ph, pw:dX_full.shape[3]-pw]
    return dX


def conv2d_bias_add(X, b):
    return np.transpose(np.transpose(X, (0, 3, 2, 1)) + b, (0, 3, 2, 1))


def x2mat(X, K, sh, sw):
    hy = int((X.shape[2] - K.shape[2]) / sh + 1)
    wy = int((X.shape[3] - K.shape[3]) / sw + 1)

    mx = np.empty((X.shape[0], hy, wy,
                   X.shape[1] * K.shape[2] * K.shape[3]))

    for n in range(X.shape[0]):
        for i in range(hy):
            for j in range(wy):
                v = X[n, :, i*sh:i*sh+K.shape[2], j*sw:j*sw+K.shape[3]]
                mx[n, i, j] = v.reshape(-1)

    return mx.reshape(-1, mx.shape[3])


def maxpool_dk(X, Y, dout, kh, kw, sh, sw):
    hy = int((X.shape[2] - kh) / sh) + 1
    wy = int((X.shape[3] - kw) / sw) + 1

    dX = np.zeros(X.shape)

    for n in range(Y.shape[0]):
        for c in range(Y.shape[1]):
            for i in range(Y.shape[2]):
                for j in range(Y.shape[3]):
                    m = Y[n, c, i, j]
                    for xi in range(i*sh,i*sh+kh):
                        for xj in range(j*sw,j*sw+kw):
                            if X[n, c, xi, xj] == m:
                                dX[n, c, xi, xj] += dout[n, c, i, j]

    return dX


def local_response_norm(n, alpha, beta, k, X):

    Y = np.empty(X.shape)
    for e in range(X.shape[0]):
        for i in range(X.shape[1]):
            for x in range(X.shape[2]):
                for y in range(X.shape[3]):
                    val = X[e, i, x, y]
                    ss = 0
                    for j in range(max(0, i-n//2),
                                   min(X.shape[1], i + n//2)):
                        ss += X[e, j, x, y]**2

                    den = (k + alpha * ss) ** beta
                    Y[e, i, x, y] = val / den

    return Y


def local_response_norm_dX(n, alpha, beta, k, X, dY):

    dX = np.empty(dY.shape)
    #TODO
    return dX
