"""The arithmetic of windows against plain enumeration, and the moves of layout against their definitions."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convnotes import layout, windows
from convnotes.proof import problems

lengths = st.integers(1, 12)
steps = st.integers(1, 4)


@given(lengths, steps, steps, steps)
def test_count_is_the_number_of_windows_that_fit(padded, kernel, stride, dilation):
    starts = [y for y in range(0, padded, stride) if y + dilation * (kernel - 1) < padded]
    assert max(0, windows.count(padded, kernel, stride, dilation)) == len(starts)


@given(problems.convolutions())
def test_the_remainder_is_what_no_window_covers(case):
    p = case.windows
    reached = {(h, w) for y, x in product(*map(range, p.count)) for h, w in p.entries(y, x, on_padding=True)}
    (top, bottom), (left, right) = p.padding
    last = max(h for h, _ in reached), max(w for _, w in reached)
    assert p.remainder == (p.size[0] + bottom - 1 - last[0], p.size[1] + right - 1 - last[1])
    assert all(0 <= rest < stride for rest, stride in zip(p.remainder, p.stride))
    assert p.uncovered == tuple((0, rest) for rest in p.remainder)
    assert p.covered == (last[0] + top + 1, last[1] + left + 1)
    assert p.canvas_padding == p.padding


@given(problems.transposed_convolutions())
def test_fractional_windows_read_the_entries_whose_stamps_arrive(case):
    p = case.windows
    walk = windows.fractional(p)
    assert walk.count == p.size
    assert walk.remainder == (0, 0)
    assert walk.stride == (1, 1)
    arrived = {place: set() for place in product(*map(range, p.size))}
    for y, x in product(*map(range, p.count)):
        for place in p.entries(y, x):
            arrived[place].add((y * p.stride[0], x * p.stride[1]))
    for place, sources in arrived.items():
        spread = {(h, w) for h, w in walk.entries(*place) if h % p.stride[0] == 0 and w % p.stride[1] == 0}
        assert spread == sources


@given(problems.max_pools())
def test_entries_lie_on_the_input_or_the_padding(case):
    p = case.windows
    (top, bottom), (left, right) = p.padding
    for y, x in product(*map(range, p.count)):
        everywhere = [
            (y * p.stride[0] + i * p.dilation[0] - top, x * p.stride[1] + j * p.dilation[1] - left)
            for i, j in product(*map(range, p.kernel))
        ]
        padded = [(h, w) for h, w in everywhere if -top <= h < p.size[0] + bottom and -left <= w < p.size[1] + right]
        inside = [(h, w) for h, w in everywhere if 0 <= h < p.size[0] and 0 <= w < p.size[1]]
        assert list(p.entries(y, x)) == inside
        assert list(p.entries(y, x, on_padding=True)) == padded


@given(problems.max_pools())
def test_every_window_fits_on_the_canvas(case):
    p = case.windows
    for size, (before, after), covered in zip(p.size, p.canvas_padding, p.covered):
        assert covered <= before + size + after
    grown = [new - old for (_, new), (_, old) in zip(p.canvas_padding, p.padding)]
    assert grown == [max(0, -rest) for rest in p.remainder]


@pytest.mark.parametrize(("C", "size"), list(product(range(1, 7), range(1, 9))))
def test_channels_are_torchs_window(C, size):
    for c in range(C):
        assert list(windows.channels(c, size, C)) == [d for d in range(C) if c - size // 2 <= d <= c + (size - 1) // 2]


@pytest.mark.parametrize("shape", [(4, 5), (3, 4, 5), (2, 3, 4, 5)])
def test_pad_and_crop_are_inverse(shape, rng):
    X = rng.standard_normal(shape)
    for padding in [0, 2, (1, 3), ((1, 0), (2, 3))]:
        padded = layout.pad(X, padding, value=7)
        assert np.array_equal(layout.crop(padded, padding), X)
        assert (padded == 7).sum() == padded.size - X.size
    assert layout.pad(X.astype(np.float32), 1).dtype == np.float32
    assert not np.shares_memory(layout.crop(X, 0), X)
    assert not np.shares_memory(layout.pad(X, 0), X)


def test_crop_refuses_more_than_there_is():
    with pytest.raises(ValueError, match=r"^padding must not exceed the array's own size, got 2 for \(3, 4\)$"):
        layout.crop(np.ones((3, 4)), 2)
    assert layout.crop(np.ones((3, 4)), ((1, 2), (2, 2))).shape == (0, 0)


def test_pad_refuses_what_needs_a_kernel():
    with pytest.raises(TypeError, match=r"^padding must be an integer, a pair or a pair of pairs here, got 'same'$"):
        layout.pad(np.ones((3, 4)), "same")


@given(problems.convolutions())
def test_dilate_spreads_the_entries(case):
    X = np.arange(1.0, 1 + np.prod(case.weight_size)).reshape(case.weight_size)
    D_H, D_W = case.options["dilation"]
    Y = layout.dilate(X, (D_H, D_W))
    assert Y.shape[2:] == tuple(map(windows.extent, X.shape[2:], (D_H, D_W)))
    assert np.array_equal(Y[..., ::D_H, ::D_W], X)
    assert np.count_nonzero(Y) == X.size
    assert Y.dtype == X.dtype


def test_dilate_of_nothing_is_nothing():
    assert layout.dilate(np.ones((2, 0, 3)), 2).shape == (2, 0, 5)


def test_rot180_turns_both_axes(rng):
    X = rng.standard_normal((2, 3, 4, 5))
    assert np.array_equal(layout.rot180(X), np.rot90(X, 2, axes=(2, 3)))
    assert not np.shares_memory(layout.rot180(X), X)
