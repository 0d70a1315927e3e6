"""Local response normalization in blocks that stay in a cache, with window sums by doubling.

A sum over n neighbouring channels is put together from sums over 1, 2, 4, ... of them: about log2(n) passes
instead of n, and unlike a running sum with what goes out of the window subtracted again, no cancellation.

Derived in notebooks/08_local_response_normalization.ipynb and 09_fast_convolution.ipynb.
"""

import numpy as np

from convnotes import arguments
from convnotes.fast.blocks import spans
from convnotes.fast.threads import share

# The bytes of an image that are worked on together: larger blocks have fewer calls, smaller ones stay nearer.
CACHE = 2**21


def local_response_norm(input, size, alpha=1e-4, beta=0.75, k=1.0):
    """Y, as `naive.local_response_norm` defines it."""
    X, size, alpha, beta, k = arguments.local_response_norm(
        input, size, alpha, beta, k
    )
    Y = np.empty(X.shape, X.dtype)

    def some(views) -> None:
        image, result = views
        D = _denominator(image, size, alpha, k)
        np.divide(image, _power(D, beta), out=result)

    share(some, _blocks(X, Y))
    return Y


def local_response_norm_grad_input(
    input, grad_output, size, alpha=1e-4, beta=0.75, k=1.0
):
    """dX, as `naive.local_response_norm_grad_input` defines it."""
    X, dY, size, alpha, beta, k = (
        arguments.local_response_norm_grad_input(
            input, grad_output, size, alpha, beta, k
        )
    )
    dX = np.empty(X.shape, X.dtype)

    def some(views) -> None:
        image, upstream, result = views
        D = _denominator(image, size, alpha, k)
        np.divide(upstream, _power(D, beta), out=result)
        shares = image * result
        shares /= D
        # A channel is in the windows of those whose windows lie the other way round.
        total = _window_sum(shares, (size - 1) // 2, size // 2)
        total *= 2 * alpha * beta / size
        total *= image
        result -= total

    share(some, _blocks(X, dY, dX))
    return dX


def _blocks(*arrays):
    """The images, a few pixels at a time: views (C, pixels) of every array."""
    N, C, H, W = arrays[0].shape
    flat = [array.reshape(N, C, H * W) for array in arrays]
    pixels = list(
        spans(H * W, CACHE // (arrays[0].itemsize * max(1, C)))
    )
    return [
        [array[n, :, some] for array in flat]
        for n in range(N)
        for some in pixels
    ]


def _denominator(X, size, alpha, k):
    D = _window_sum(X * X, size // 2, (size - 1) // 2)
    D *= alpha / size
    D += k
    return D


def _power(D, beta):
    """D^beta; for the usual 3/4 by two square roots, which take a tenth of a power's time."""
    if beta != 0.75:
        return D**beta
    root = np.sqrt(D)
    return root * np.sqrt(root)


def _window_sum(A, before: int, after: int) -> np.ndarray:
    """Along the first axis, the sum of the entries from c - before to c + after, zeros beyond both ends."""
    C, size = len(A), before + 1 + after
    padded = np.zeros((before + C + after, *A.shape[1:]), A.dtype)
    padded[before : before + C] = A
    total, start, length = None, 0, 1
    # `sums` holds the sums over `length` entries; the bits of `size` say which of them a window consists of.
    sums = padded
    while length <= size:
        if size & length:
            part = sums[start : start + C]
            total = (
                part.copy()
                if total is None
                else np.add(total, part, out=total)
            )
            start += length
        if 2 * length <= size:
            sums = sums[: len(sums) - length] + sums[length:]
        length *= 2
    return total
