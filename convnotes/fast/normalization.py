"""Local response normalization in blocks that fit in the workspace, with window sums by doubling.

A sum over n neighbouring channels is put together from sums over 1, 2, 4, ... of them: about log2(n) passes
instead of n, and unlike a running sum with what goes out of the window subtracted again, no cancellation.

Derived in notebooks/08_local_response_normalization.ipynb and 12_inside_fast.ipynb.
"""

from __future__ import annotations

import numpy as np

from convnotes import arguments
from convnotes.annotations import Array, ArrayLike
from convnotes.fast.algorithms.sliding import along
from convnotes.fast.machine import threads
from convnotes.fast.machine.workspace import length, space, spans

# The arrays of as many entries that are held beside them: padded ones, their sums before and after a step, and powers.
HELD = 12


def local_response_norm(input: ArrayLike, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Array:
    """Sums over 1, 2, 4, ... channels, put together."""
    X, size, alpha, beta, k = arguments.local_response_norm(input, size, alpha, beta, k)
    Y = np.empty(X.shape, X.dtype)
    blocks, channels = _blocks(X, Y)

    def some(views: list[Array]) -> None:
        image, result = views
        for c in channels:
            D = _denominator(image, c, size, alpha, k)
            np.divide(image[:, c], _power(D, beta), out=result[:, c])

    threads.share(some, blocks)
    return Y


def local_response_norm_grad_input(input: ArrayLike, grad_output: ArrayLike, size: int, alpha: float = 1e-4,
                                   beta: float = 0.75, k: float = 1.0) -> Array:  # fmt: skip
    """As forward, with windows that lie the other way round."""
    X, dY, size, alpha, beta, k = arguments.local_response_norm_grad_input(input, grad_output, size, alpha, beta, k)
    dX = np.empty(X.shape, X.dtype)
    blocks, channels = _blocks(X, dY, dX)

    def some(views: list[Array]) -> None:
        image, upstream, result = views
        shares = np.empty(image.shape, X.dtype)
        for c in channels:
            D = _denominator(image, c, size, alpha, k)
            np.divide(upstream[:, c], _power(D, beta), out=result[:, c])
            np.multiply(image[:, c], result[:, c], out=shares[:, c])
            shares[:, c] /= D

        for c in channels:
            # A channel is in the windows of those whose windows lie the other way round.
            total = _window_sum(shares, 1, c, (size - 1) // 2, size // 2)
            total *= 2 * alpha * beta / size
            total *= image[:, c]
            result[:, c] -= total

    threads.share(some, blocks)
    return dX


def _blocks(*arrays: Array) -> tuple[list[list[Array]], list[slice]]:
    """A few pixels of one image, or of a few, at a time: views (images, C, pixels) of every array; the channels to
    work on together, which are all of them unless those of one pixel are too many.
    """
    (N, C, H, W), itemsize = arrays[0].shape, arrays[0].itemsize
    flat = [array.reshape(N, C, H * W) for array in arrays]
    most = space(arrays[0].shape, arrays[0].shape, itemsize, threads.number()) // HELD
    blocks = [
        [array[n, :, some] for array in flat] for n in spans(N, most // (C * H * W)) for some in spans(H * W, most // C)
    ]
    return blocks, list(spans(C, most))


def _denominator(X: Array, c: slice, size: int, alpha: float, k: float) -> Array:
    D = _window_sum(X, 2, c, size // 2, (size - 1) // 2)
    D *= alpha / size
    D += k
    return D


def _power(D: Array, beta: float) -> Array:
    """D^beta; for the usual 3/4 by two square roots, which take a tenth of a power's time."""
    if beta != 0.75:
        return D**beta
    root = np.sqrt(D)
    fourth = np.sqrt(root)
    fourth *= root
    return fourth


def _window_sum(X: Array, power: int, c: slice, before: int, after: int) -> Array:
    """For channels `c` of X (images, channels, pixels) the sums over those from `before` before to `after` behind each.

    power: what is summed are the entries, 1, or their squares, 2
    """
    (N, C, pixels), count = X.shape, length(c)
    # No channel lies further away.
    before, after = min(before, C - 1), min(after, C - 1)
    total = None
    # Where the channels do not come all at once, neither do those of a window.
    most = np.inf if count == C else count
    for taps in spans(before + 1 + after, most):
        window = slice(c.start - before + taps.start, c.stop - 1 - before + taps.stop)
        start, stop = max(0, window.start), min(C, window.stop)
        if start >= stop:
            continue
        padded = np.empty((N, length(window), pixels), X.dtype)
        padded[:, : start - window.start] = 0
        some = X[:, start:stop]
        np.multiply(some, some if power == 2 else 1, out=padded[:, start - window.start : stop - window.start])
        padded[:, stop - window.start :] = 0
        sums = along(np.add, padded.reshape(N, -1), length(taps), pixels).reshape(N, count, pixels)
        total = sums if total is None else np.add(total, sums, out=total)
    return total  # type: ignore[return-value]  # a channel lies in its own window
