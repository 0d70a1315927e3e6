"""Reductions over windows, one axis after the other: K + K steps for each result instead of K * K.

Rows first: only those where windows begin are reduced, each in whole rows. They lie in one line then, on which a column
is one place. From every place on, whether a window begins there or not, the line and itself, shifted, are reduced
in the longest runs there are. What that makes of other places is dropped.
"""

import numpy as np

from convnotes.windows import Windows


def reduce(ufunc: np.ufunc, start: float, X: np.ndarray, out: np.ndarray, p: Windows) -> None:
    """Write `ufunc` over every window of X (planes, H, W), on whose padding `start` stands, to `out`."""
    (left, _), W, (H_Y, _), S = p.padding[1], p.size[1], p.count, p.stride[1]
    width = max(p.covered[1], left + W)
    rows = np.empty((len(X), H_Y, width), X.dtype)
    rows[..., :left] = rows[..., left + W :] = start
    _down(ufunc, start, X, rows[..., left : left + W], p)
    line = along(ufunc, rows.reshape(-1), p.kernel[1], p.dilation[1])
    strides = (line.itemsize * places for places in (H_Y * width, width, S))
    out[...] = np.ndarray(out.shape, line.dtype, line, 0, tuple(strides))


def held(p: Windows) -> int:
    """The entries that `reduce` holds of a plane: its rows, what two steps along them make, and weights of windows."""
    return 4 * p.count[0] * max(p.covered[1], p.padding[1][0] + p.size[1]) + 4 * p.positions


def _down(ufunc: np.ufunc, start: float, X: np.ndarray, out: np.ndarray, p: Windows) -> None:
    """`ufunc` over the rows of every window; taps that all windows have on the image come first."""
    taps = sorted(p.meetings(0), key=lambda tap: tap[0].start - tap[0].stop)
    whole = [X[:, met] for places, met in taps[:2] if places.stop - places.start == p.count[0]]
    if len(whole) == 2:
        ufunc(*whole, out=out)
    else:
        out[...] = whole[0] if whole else start
    for places, met in taps[len(whole) :]:
        some = out[:, places]
        ufunc(some, X[:, met], out=some)


def along(ufunc: np.ufunc, A: np.ndarray, size: int, step: int = 1) -> np.ndarray:
    """`ufunc` over every `size` entries, `step` apart, of the last axis; put together from those over 1, 2, 4, ...

    About log2(size) passes, and unlike running sums no cancellation. May return a view of A.
    """
    count = A.shape[-1] - (size - 1) * step
    total, start, each, own = None, 0, 1, False
    # A holds those over `each` entries; the bits of `size` say which of them a window consists of.
    while True:
        if size & each:
            part = A[..., start : start + count]
            out = part if own and 2 * each > size else None
            total = part if total is None else ufunc(total, part, out=out)
            start += each * step
        shift, each = each * step, 2 * each
        if each > size:
            return total
        A, own = ufunc(A[..., :-shift], A[..., shift:]), True


def spread(Y: np.ndarray, out: np.ndarray, p: Windows) -> None:
    """The transpose of a sum: every entry of Y is added to all the entries that its window has on the input, in `out`.

    Y: (planes, H_Y, W_Y); out: (planes, H, W)
    """
    rows = np.zeros((len(Y), p.size[0], p.count[1]), Y.dtype)
    for places, met in p.meetings(0):
        rows[:, met] += Y[:, places]
    for places, met in p.meetings(1):
        out[..., met] += rows[..., places]


def spread_held(p: Windows) -> int:
    """The entries that `spread` holds of a plane, weights, and what it spreads."""
    return p.size[0] * p.count[1] + 5 * p.positions
