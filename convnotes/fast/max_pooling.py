"""Max pooling as running maxima, and its gradient through the number of every window's winning entry.

Derived in notebooks/07_pooling.ipynb and 09_fast_convolution.ipynb.
"""

import numpy as np

from convnotes import arguments
from convnotes.fast import separable
from convnotes.fast.planes import Layout, layout, planes, rows
from convnotes.fast.threads import share
from convnotes.windows import Windows

# The bytes of the images whose gradient is worked on together: each block has dozens of calls, which larger ones share.
CACHE = 2**20


def max_pool2d(
    input,
    kernel_size,
    stride=None,
    padding=0,
    dilation=1,
    ceil_mode=False,
):
    """Y, as `naive.max_pool2d` defines it: the maximum down the rows, then the maximum of these across."""
    X, p = arguments.max_pool2d(
        input, kernel_size, stride, padding, dilation, ceil_mode
    )
    Y = np.empty((*X.shape[:2], *p.count), X.dtype)
    share(
        lambda some: separable.reduce(
            np.maximum, -np.inf, some[0], p, some[1]
        ),
        separable.images(X, Y),
    )
    return Y


def max_pool2d_grad_input(
    input,
    grad_output,
    kernel_size,
    stride=None,
    padding=0,
    dilation=1,
    ceil_mode=False,
    ties="first",
):
    """dX, as `naive.max_pool2d_grad_input` defines it."""
    X, dY, p = arguments.max_pool2d_grad_input(
        input,
        grad_output,
        kernel_size,
        stride,
        padding,
        dilation,
        ceil_mode,
        ties=ties,
    )
    dX = np.zeros(X.shape, X.dtype)
    if ties == "all":
        share(
            lambda some: _to_all(*some, p),
            separable.images(X, dY, dX),
        )
        return dX
    blocks = separable.images(X, dY, dX, cache=CACHE)
    form, first, offsets = layout(p), _first_on_input(p), _offsets(p)
    images = max((len(some[0]) for some in blocks), default=0)
    places, none = _places(images, p), first.max() == p.area

    def to_first(some) -> None:
        image, upstream, result = some
        winner = _winners(image, p, form, first)
        # One addition for each window: its gradient, to the place of its winner in all images written as one line.
        target = np.take(offsets, winner)
        target += places[: len(image)]
        if none:
            inside = winner < p.area
            target, upstream = target[inside], upstream[inside]
        np.add.at(
            result.reshape(-1),
            target.reshape(-1),
            upstream.reshape(-1),
        )

    share(to_first, blocks)
    return dX


def _to_all(X, dY, dX, p: Windows) -> None:
    """Add the gradient of every window to every one of its maxima."""
    Y = separable.reduce(
        np.maximum, -np.inf, X, p, np.empty(dY.shape, X.dtype)
    )
    for down, met_down in p.meetings(0):
        for across, met_across in p.meetings(1):
            entry = X[:, met_down, met_across]
            wins = (entry == Y[:, down, across]) | np.isnan(entry)
            dX[:, met_down, met_across] += np.where(
                wins, dY[:, down, across], 0
            )


def _first_on_input(p: Windows) -> np.ndarray:
    """The first entry that every window has on the input, (H_Y, W_Y); kH*kW where it has none."""
    first = np.full(p.count, p.area, np.min_scalar_type(p.area))
    meetings = [
        (i, j, down, across)
        for i, (down, _) in enumerate(p.meetings(0))
        for j, (across, _) in enumerate(p.meetings(1))
    ]
    for i, j, down, across in reversed(meetings):
        first[down, across] = i * p.kernel[1] + j
    return first


def _winners(X, p: Windows, form: Layout, first) -> np.ndarray:
    """The entry that every window's gradient goes to, (images, H_Y, W_Y): its first maximum, or not-a-number."""
    entries = planes(X, p, form, -np.inf)
    places = len(X) * form.height * form.width
    winner = np.zeros(places, first.dtype)
    rows(winner, p, form)[...] = first
    # All images are one line; the last places of it, whose windows would reach beyond its end, are none.
    length = places - form.taps[-1][1]
    best = np.full(length, -np.inf, X.dtype)
    chosen, better = winner[:length], np.empty(length, bool)
    number = np.empty(length, winner.dtype)
    for t, (plane, start) in enumerate(form.taps):
        entry = entries[plane][start : start + length]
        np.greater(entry, best, out=better)
        # The numbers grow, so the largest number among the improvements is the last of them.
        np.multiply(
            better.view(np.uint8), number.dtype.type(t), out=number
        )
        np.maximum(chosen, number, out=chosen)
        np.maximum(best, entry, out=best)
    if np.isnan(best).any():
        for t, (plane, start) in reversed(list(enumerate(form.taps))):
            entry = entries[plane][start : start + length]
            chosen[np.isnan(entry)] = t
    return rows(winner, p, form)


def _places(images: int, p: Windows) -> np.ndarray:
    """The place of every window's first entry in images written as one line; on padding it can lie before them."""
    (H, W), (S_H, S_W), ((top, _), (left, _)), (H_Y, W_Y) = (
        p.size,
        p.stride,
        p.padding,
        p.count,
    )
    image = np.arange(images)[:, None, None] * (H * W)
    return (
        image
        + (np.arange(H_Y)[:, None] * S_H - top) * W
        + (np.arange(W_Y) * S_W - left)
    )


def _offsets(p: Windows) -> np.ndarray:
    """How far from its first entry every entry of a window lies; 0 stands for none of them."""
    (D_H, D_W), W = p.dilation, p.size[1]
    return np.array(
        [i * D_H * W + j * D_W for i, j in np.ndindex(p.kernel)] + [0]
    )
