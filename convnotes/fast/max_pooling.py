"""Max pooling as maxima of a line and itself, shifted, and its gradient through the place of every window's winner.

Derived in notebooks/07_pooling.ipynb and 09_fast_convolution.ipynb.
"""

from functools import partial

import numpy as np

from convnotes import arguments
from convnotes.fast import first_maxima, separable, winners
from convnotes.fast.bands import bands, images, room
from convnotes.fast.buffers import copy_rows
from convnotes.fast.gaps import every
from convnotes.fast.padded_lines import padded
from convnotes.fast.threads import share
from convnotes.windows import Windows

# The bytes of the images that are worked on together: each block has dozens of calls, which large ones share.
CACHE = 2**21
# With strides whose product is greater, most places of a line are those of no window, and not worth their maxima.
DENSE = 4


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
    reduce, held = _on_lines, _held_on_lines
    most = room(X, p, held(p))
    dense = p.stride[0] * p.stride[1] <= DENSE
    if not dense or held(p) > most:
        reduce, held = _along_axes, separable.held
    every = bands(p, held, most)

    def some(views) -> None:
        image, result = views
        for windows, met, q in every:
            reduce(image[met], result[windows], q)

    share(some, images(X, Y, cache=CACHE, most=most // held(p)))
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
    dX = np.empty(X.shape, X.dtype)
    each, held = _to_all, _held_by_all
    if ties == "first":
        each, held = (
            _added,
            partial(winners.held, itemsize=X.itemsize),
        )
    most = room(X, p, held(p))
    if each is _added and held(p.of_rows(slice(0, 1))[1]) > most:
        each, held = first_maxima.add, first_maxima.held
    every = bands(p, held, most)
    blocks = images(X, dY, dX, cache=CACHE, most=most // held(p))
    if each is _added and len(every) == 1:
        longest = max((len(views[0]) for views in blocks), default=0)
        each = partial(_to_first, begin=_begin(longest, p))

    def some(views) -> None:
        image, upstream, result = views
        # Zeros are written where the gradients follow at once, as long as they are in a cache.
        result[...] = 0
        for windows, met, q in every:
            each(image[met], upstream[windows], result[met], q)

    share(some, blocks)
    return dX


def _held_on_lines(p: Windows) -> int:
    """The entries of padded images and of maxima down them, and of the windows' rows and of maxima across these."""
    (top, _), (left, _) = p.padding
    height, width = p.covered
    height = max(height, top + p.size[0])
    return 2 * (height + p.count[0]) * max(width, left + p.size[1])


def _held_by_all(p: Windows) -> int:
    """The entries of the maxima and of the windows' rows, and what tells whether an entry is one, and its gradient."""
    return separable.held(p) + 3 * p.positions


def _on_lines(X, Y, p: Windows) -> None:
    """Y of images (images, H, W): maxima down the lines, of these the windows' rows, and so their columns."""
    whole = padded(X, p, -np.inf)
    (N, _, width), (S_H, S_W), (H_Y, _) = (
        whole.shape,
        p.stride,
        p.count,
    )
    down = _maxima(whole, p.kernel[0], p.dilation[0] * width)
    rows = np.empty((N, H_Y, width), X.dtype)
    copy_rows(down[:, : (H_Y - 1) * S_H + 1 : S_H], rows)
    across = _maxima(rows, p.kernel[1], p.dilation[1])
    every(across, S_W, 0, Y)


def _maxima(images, K: int, step: int) -> np.ndarray:
    """From every place of the images' line on the maximum of K entries, each `step` behind the one before.

    The last places, from which there are not so many, hold anything.
    """
    if K == 1:
        return images
    line, out = images.reshape(-1), np.empty_like(images)
    length = len(line) - (K - 1) * step
    best = out.reshape(-1)[:length]
    np.maximum(line[:length], line[step : step + length], out=best)
    for k in range(2, K):
        start = k * step
        np.maximum(best, line[start : start + length], out=best)
    return out


def _along_axes(X, Y, p: Windows) -> None:
    """Y of images (images, H, W), of no entries but those of windows."""
    separable.reduce(np.maximum, -np.inf, X, p, Y)


def _to_first(X, dY, dX, p: Windows, begin) -> None:
    """Put the gradient of every window on its winner, in place of zeros."""
    # The winner's place in all images written as one line.
    target = np.empty(dY.shape, np.intp)
    target[...] = winners.winners(X, p)
    target += begin[: len(X)]
    if p.dilation != (1, 1) and not p.all_meet_input():
        live = np.logical_and.outer(p.meet_input(0), p.meet_input(1))
        target, dY = target[:, live], dY[:, live]
    line, target, dY = (A.reshape(-1) for A in (dX, target, dY))
    if p.overlap():
        np.add.at(line, target, dY)
    else:
        line[target] = dY


def _added(X, dY, dX, p: Windows) -> None:
    """The same for a band: added to what is there, where images are in no run."""
    if X.size:
        alone = np.zeros(X.shape, X.dtype)
        _to_first(X, dY, alone, p, _begin(len(X), p))
        dX += alone


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


def _begin(images: int, p: Windows) -> np.ndarray:
    """The place of every window's first entry in images written as one line; on padding it can lie before them."""
    (H, W), (S_H, S_W), ((top, _), (left, _)), (H_Y, W_Y) = (
        p.size,
        p.stride,
        p.padding,
        p.count,
    )
    begin = np.empty((max(1, images), H_Y, W_Y), np.intp)
    rows = np.arange(-top, H_Y * S_H - top, S_H) * W
    columns = np.arange(-left, W_Y * S_W - left, S_W)
    np.add(rows[:, np.newaxis], columns, out=begin[0])
    # As many images again as are known, in one long run.
    known = 1
    while known < images:
        more = begin[known : 2 * known]
        np.add(begin[: len(more)], known * H * W, out=more)
        known += len(more)
    return begin
