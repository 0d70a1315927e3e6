"""Max pooling as running maxima, and its gradient through the number of every window's winning entry.

Derived in notebooks/07_pooling.ipynb and 09_fast_convolution.ipynb.
"""

import numpy as np

from convnotes import arguments
from convnotes.fast import separable
from convnotes.windows import Windows


def max_pool2d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """Y, as `naive.max_pool2d` defines it: the maximum down the rows, then the maximum of these across."""
    X, p = arguments.max_pool2d(input, kernel_size, stride, padding, dilation, ceil_mode)
    Y = np.empty((*X.shape[:2], *p.count), X.dtype)
    for image, result in separable.images(X, Y):
        separable.reduce(np.maximum, -np.inf, image, p, result)
    return Y


def max_pool2d_grad_input(
    input, grad_output, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, ties="first"
):
    """dX, as `naive.max_pool2d_grad_input` defines it."""
    X, dY, p = arguments.max_pool2d_grad_input(
        input, grad_output, kernel_size, stride, padding, dilation, ceil_mode, ties=ties
    )
    dX = np.zeros(X.shape, X.dtype)
    taps = _taps(p)
    if ties == "first":
        first = _first_on_input(p, taps)
        for image, upstream, result in separable.images(X, dY, dX):
            winner = _winners(image, p, taps, first)
            for t, (places, met) in taps:
                result[met] += np.where(winner[places] == t, upstream[places], 0)
    else:
        for image, upstream, result in separable.images(X, dY, dX):
            Y = separable.reduce(np.maximum, -np.inf, image, p, np.empty(upstream.shape, X.dtype))
            for _, (places, met) in taps:
                entry = image[met]
                wins = (entry == Y[places]) | np.isnan(entry)
                result[met] += np.where(wins, upstream[places], 0)
    return dX


def _taps(p: Windows) -> list:
    """The number of every entry of the kernel, row by row, with the windows that have it on the input, and where."""
    found = []
    for i, (rows, met_rows) in enumerate(p.meetings(0)):
        for j, (across, met_across) in enumerate(p.meetings(1)):
            found.append((i * p.kernel[1] + j, ((..., rows, across), (..., met_rows, met_across))))
    return found


def _first_on_input(p: Windows, taps) -> np.ndarray:
    """The first entry that every window has on the input, (H_Y, W_Y); kH*kW where it has none."""
    first = np.full(p.count, p.area, np.min_scalar_type(p.area))
    for t, (places, _) in reversed(taps):
        first[places] = t
    return first


def _winners(X, p, taps, first) -> np.ndarray:
    """The entry that every window's gradient goes to, (images, H_Y, W_Y): its first maximum, or not-a-number."""
    winner = np.broadcast_to(first, (len(X), *p.count)).copy()
    Y = np.full(winner.shape, -np.inf, X.dtype)
    for t, (places, met) in taps:
        entry, best, chosen = X[met], Y[places], winner[places]
        # The numbers grow, so the largest number among the improvements is the last of them.
        np.maximum(chosen, (entry > best) * chosen.dtype.type(t), out=chosen)
        np.maximum(best, entry, out=best)
    if np.isnan(Y).any():
        for t, (places, met) in reversed(taps):
            winner[places][np.isnan(X[met])] = t
    return winner
