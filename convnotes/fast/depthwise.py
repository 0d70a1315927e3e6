"""Convolution of every channel by itself, as sums of shifted images: one multiplication and one sum for each weight.

With one channel there is no matrix product worth its name: every number read takes part in kH * kW
multiply-adds and no more. What counts is that the runs are contiguous and stay in a cache.

Derived in notebooks/09_fast_convolution.ipynb.
"""

import numpy as np

from convnotes.fast.blocks import spans
from convnotes.fast.planes import layout, planes, rows
from convnotes.fast.work import Work
from convnotes.windows import Convolution

# The bytes of the channels that are worked on together.
CACHE = 2**19


def takes(p: Convolution) -> bool:
    """One filter for each channel, which is its group."""
    return p.groups == p.input_size[1] == p.weight_size[0]


def work(p: Convolution) -> Work:
    """For every weight a product and a sum, each over all positions."""
    N, C = p.input_size[:2]
    form = layout(p)
    places = N * C * form.height * form.width
    strided = (
        places * p.stride[0] * p.stride[1]
        if p.stride != (1, 1)
        else 0
    )
    # Half as much is moved as by a copy, for what is summed up stays in the nearest cache; and every run is begun.
    runs = 2 * p.area * N * C
    calls = (2 * p.area + 6) * N * -(-C // _channels(p)) + runs // 20
    return Work(
        copied=places + p.area * N * C * form.length // 2,
        strided=strided,
        calls=calls,
    )


def workspace(p: Convolution) -> int:
    """The planes of a few channels, before and after they are split, a product and the sum."""
    form = layout(p)
    split = 2 if p.stride != (1, 1) else 1
    area = form.height * form.width
    return _channels(p) * (
        2 * split * area * p.stride[0] * p.stride[1] + 4 * area
    )


def gather(
    X: np.ndarray, K: np.ndarray, p: Convolution, Y: np.ndarray
) -> None:
    """Y_c = sum over entries of K_c,i,j X_c, shifted."""
    form, weights = layout(p), K.reshape(-1, p.area, 1)
    for n, c in _blocks(p):
        entries = planes(X[n, c], p, form)
        total = np.empty(
            (c.stop - c.start, p.count[0] * form.width), X.dtype
        )
        product = np.empty((c.stop - c.start, form.length), X.dtype)
        for t, (plane, start) in enumerate(form.taps):
            entry = entries[plane][:, start : start + form.length]
            np.multiply(
                entry,
                weights[c, t],
                out=product if t else total[:, : form.length],
            )
            if t:
                total[:, : form.length] += product
        Y[n, c] = rows(total, p, form)


def correlate(
    X: np.ndarray, dY: np.ndarray, p: Convolution
) -> np.ndarray:
    """dK_c,i,j = the scalar product of dY_c and X_c, shifted; dY has zeros where no window is."""
    form = layout(p)
    dK = np.zeros((p.groups, p.area), X.dtype)
    for n, c in _blocks(p):
        entries = planes(X[n, c], p, form)
        upstream = np.zeros(
            (c.stop - c.start, p.count[0] * form.width), X.dtype
        )
        rows(upstream, p, form)[...] = dY[n, c]
        upstream = upstream[:, : form.length, None]
        for t, (plane, start) in enumerate(form.taps):
            entry = entries[plane][
                :, None, start : start + form.length
            ]
            dK[c, t] += (entry @ upstream)[:, 0, 0]
    return dK.reshape(p.weight_size)


def _blocks(p):
    """A few channels of one image at a time."""
    for n in range(p.input_size[0]):
        for c in spans(p.input_size[1], _channels(p)):
            yield n, c


def _channels(p: Convolution) -> int:
    """How many channels fit in the cache: the image, the product and the sum."""
    form = layout(p)
    area = form.height * form.width * (2 + p.stride[0] * p.stride[1])
    return max(1, min(p.input_size[1], CACHE // (4 * area)))
