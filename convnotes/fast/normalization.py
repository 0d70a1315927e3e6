"""Local response normalization in blocks that stay in a cache, with window sums by doubling.

A sum over n neighbouring channels is put together from sums over 1, 2, 4, ... of them: about log2(n) passes
instead of n, and unlike a running sum with what goes out of the window subtracted again, no cancellation.

Derived in notebooks/08_local_response_normalization.ipynb and 09_fast_convolution.ipynb.
"""

from collections.abc import Callable

import numpy as np

from convnotes import arguments
from convnotes.fast import threads
from convnotes.fast.blocks import length, space, spans
from convnotes.fast.threads import share
from convnotes.windows import inside

# The bytes of an image that are worked on together: larger blocks have fewer calls, smaller ones stay nearer.
CACHE = 2**21
# Images of which not even so many would fit come one by one: two of them at a time take twice as long.
FEW = 8
# The arrays of as many entries that are held beside them: padded ones, their sums before and after a step, and powers.
HELD = 12


def local_response_norm(input, size, alpha=1e-4, beta=0.75, k=1.0):
    """Y, as `naive.local_response_norm` defines it."""
    X, size, alpha, beta, k = arguments.local_response_norm(
        input, size, alpha, beta, k
    )
    Y = np.empty(X.shape, X.dtype)
    blocks, channels = _blocks(X, Y)

    def some(views) -> None:
        image, result = views
        for c in channels:
            D = _denominator(image, c, size, alpha, k)
            np.divide(image[:, c], _power(D, beta), out=result[:, c])

    share(some, blocks)
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
    blocks, channels = _blocks(X, dY, dX)

    def some(views) -> None:
        image, upstream, result = views
        shares = np.empty(image.shape, X.dtype)
        for c in channels:
            D = _denominator(image, c, size, alpha, k)
            np.divide(
                upstream[:, c], _power(D, beta), out=result[:, c]
            )
            np.multiply(image[:, c], result[:, c], out=shares[:, c])
            shares[:, c] /= D
        for c in channels:
            # A channel is in the windows of those whose windows lie the other way round.
            total = _window_sum(
                lambda c: shares[:, c],
                image,
                c,
                (size - 1) // 2,
                size // 2,
            )
            total *= 2 * alpha * beta / size
            total *= image[:, c]
            result[:, c] -= total

    share(some, blocks)
    return dX


def _blocks(*arrays):
    """A few pixels of one image, or of a few, at a time: views (images, C, pixels) of every array; the channels to
    work on together, which are all of them unless those of one pixel are too many.
    """
    N, C, H, W = arrays[0].shape
    itemsize = arrays[0].itemsize
    flat = [array.reshape(N, C, H * W) for array in arrays]
    most = space(
        arrays[0].shape, arrays[0].shape, itemsize, threads.number()
    )
    most = min(CACHE // itemsize, most // HELD)
    blocks = [
        [array[n, :, some] for array in flat]
        for n in spans(N, most // (FEW * C * H * W))
        for some in spans(H * W, most // C)
    ]
    return blocks, list(spans(C, most))


def _denominator(X, c, size, alpha, k):
    D = _window_sum(
        lambda c: X[:, c] * X[:, c], X, c, size // 2, (size - 1) // 2
    )
    D *= alpha / size
    D += k
    return D


def _power(D, beta):
    """D^beta; for the usual 3/4 by two square roots, which take a tenth of a power's time."""
    if beta != 0.75:
        return D**beta
    root = np.sqrt(D)
    return root * np.sqrt(root)


def _window_sum(
    entries: Callable,
    X: np.ndarray,
    c: slice,
    before: int,
    after: int,
) -> np.ndarray:
    """For the channels `c` the sums of the entries from `before` channels before to `after` behind each of them.

    entries: those of some channels of an array like X, (images, channels, pixels)
    """
    (N, C, pixels), count = X.shape, length(c)

    def put(channels: slice, place: int) -> None:
        some = inside(channels.start, 1, length(channels), C)
        padded[:, place:][:, some[0]] = entries(some[1])

    size, window = (
        before + 1 + after,
        slice(c.start - before, c.stop + after),
    )
    # The channels that are in all windows, if there are any, are one entry: their sum.
    common = slice(window.stop - size, window.start + size)
    if length(common) < 2:
        padded = np.zeros((N, count + size - 1, pixels), X.dtype)
        put(window, 0)
        return _sums(padded, size)
    padded = np.zeros((N, 2 * count - 1, pixels), X.dtype)
    put(slice(window.start, common.start), 0)
    put(slice(common.stop, window.stop), count)
    start, stop = max(0, common.start), min(C, common.stop)
    middle = np.zeros((N, pixels))
    for some in spans(max(0, stop - start), count):
        some = slice(start + some.start, start + some.stop)
        middle += entries(some).sum(axis=1, dtype=float)
    padded[:, count - 1] = middle
    return _sums(padded, count)


def _sums(A: np.ndarray, size: int) -> np.ndarray:
    """The sums of every `size` entries that follow one another along the middle axis."""
    number = A.shape[1] - size + 1
    total, start, each = None, 0, 1
    # `sums` holds the sums over `each` entries; the bits of `size` say which of them a window consists of.
    sums = A
    while each <= size:
        if size & each:
            part = sums[:, start : start + number]
            total = (
                part.copy()
                if total is None
                else np.add(total, part, out=total)
            )
            start += each
        if 2 * each <= size:
            sums = sums[:, :-each] + sums[:, each:]
        each *= 2
    return total
