"""What serves pooling: the first maximum of every window, sums along an axis, and the smallest blocks and parts."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convnotes import windows
from convnotes.check import error
from convnotes.fast import bias
from convnotes.fast.algorithms import argmax, planes, sliding
from convnotes.fast.machine import threads, workspace
from convnotes.proof import problems
from test_workspace import assert_layers_right

# Few values, so that many are equal, and both that the padding and that comparisons treat in a way of their own.
VALUES = np.array([-np.inf, -1, -0.0, 0, 1, np.inf, np.nan])


def by_search(image, p, y, x):
    """How far behind the window's first entry the first maximum lies, or the first not-a-number."""
    first = (y * p.stride[0] - p.padding[0][0]) * p.size[1] + x * p.stride[1] - p.padding[1][0]
    best, place = None, None
    for h, w in p.entries(y, x):
        value = image[h, w]
        if best is None or value > best or (np.isnan(value) and not np.isnan(best)):
            best, place = value, h * p.size[1] + w
    return None if place is None else place - first


@pytest.fixture(params=[True, False], ids=["by lines", "by taps"])
def either_way(request, monkeypatch):
    """Whichever way a maximum is found, it is for these windows."""
    monkeypatch.setattr(argmax, "MORE", np.inf if request.param else 0)


def assert_found(images, p):
    found = argmax.offsets(images, p)
    for n, y, x in product(range(len(images)), *map(range, p.count)):
        expected = by_search(images[n], p, y, x)
        if expected is not None:
            assert found[n, y, x] == expected


def drawn_images(case, seed, dtype=np.float64):
    rng = np.random.default_rng(seed)
    images = 2, *case.input_size[2:]
    return rng.choice(VALUES[: rng.integers(1, len(VALUES) + 1)], images).astype(dtype)


@pytest.mark.usefixtures("either_way")
@given(problems.max_pools(), st.integers(0, 2**32), st.sampled_from([np.float32, np.float64]))
def test_the_first_of_the_best_entries_wins(case, seed, dtype):
    assert_found(drawn_images(case, seed, dtype), case.windows)


def test_each_way_is_that_of_some_windows():
    for p, by_lines in ((windows.pool((1, 1, 20, 20), 3, 2, 1), True), (windows.pool((1, 1, 200, 200), 2, 100), False)):
        lines, taps = argmax._read(p, 4)
        assert (lines <= argmax.MORE * taps) == by_lines


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("gaps", [1, 2], ids=["runs", "gaps"])
@given(problems.max_pools(), st.integers(0, 2**32))
def test_there_gradients_are_added(gaps, case, seed):
    """Of ties, of entries that are no numbers, and of minus infinities alone; also to a view of a larger array."""
    X, p = drawn_images(case, seed), case.windows
    dY = np.random.default_rng(seed).standard_normal((2, *p.count))
    dX, expected = np.zeros((*X.shape[:2], gaps * X.shape[2]))[..., ::gaps], np.zeros(X.shape)
    add = argmax.adder()
    # Once more, with what it remembers.
    for _ in range(2):
        dX[...] = 0
        add(X, dX, dY, planes.Part((...,), (...,), p))
    for n, y, x in np.ndindex(dY.shape):
        place = by_search(X[n], p, y, x)
        if place is not None:
            place += (y * p.stride[0] - p.padding[0][0]) * p.size[1] + x * p.stride[1] - p.padding[1][0]
            expected[n].flat[place] += dY[n, y, x]
    assert error(dX, expected) < 1e-12


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_largest_numbers_that_there_are_pass_in_silence(dtype):
    """What is computed on the way, such as between two rows, is no news for the caller."""
    images = np.full((1, 4, 4), np.finfo(dtype).max)
    images[0, 1, 1:] = np.inf
    with np.errstate(all="raise"):
        assert_found(images.astype(dtype), windows.sliding((1, 1, 4, 4), 2, 2))


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize(("W", "number"), [(100, np.uint8), (300, np.uint16)])
def test_numbers_are_as_large_as_the_image_is_wide(W, number):
    """The last entry of a window of 3 x 3 lies 2*W + 2 behind the first."""
    images = np.arange(5.0 * W).reshape(1, 5, W)
    p = windows.sliding((1, 1, 5, W), 3, 2)
    assert argmax.offsets(images, p).dtype == number
    assert_found(images, p)


@given(st.integers(1, 9), st.integers(1, 3), st.integers(0, 12))
def test_along_an_axis_every_window_is_whole(size, step, more):
    A = np.random.default_rng(size).standard_normal((2, (size - 1) * step + 1 + more))
    before = A.copy()
    found = sliding.along(np.add, A, size, step)
    expected = [A[:, x : x + (size - 1) * step + 1 : step].sum(axis=1) for x in range(more + 1)]
    assert error(found, np.stack(expected, axis=1)) < 1e-12
    assert np.array_equal(A, before)


@pytest.mark.filterwarnings("ignore:invalid value", "ignore:overflow")
@pytest.mark.parametrize("layer", ["max_pools", "avg_pools", "normalizations", "biases"])
@pytest.mark.parametrize("count", [1, 3], ids=["alone", "shared"])
@pytest.mark.parametrize("space", [2**6, 2**9, 2**24])
def test_the_smallest_blocks_make_the_whole(layer, count, space, monkeypatch):
    """Of a few entries each, in as little space or in much."""
    monkeypatch.setattr(threads, "number", lambda: count)
    monkeypatch.setattr(workspace, "BOUND", space)
    monkeypatch.setattr(workspace, "THREAD", space // 4)
    monkeypatch.setattr(planes, "BLOCK", 2**6)
    monkeypatch.setattr(bias, "MOST", 4)

    assert_layers_right(layer, 30)
