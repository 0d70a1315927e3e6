"""The winner of every window of max pooling, against a search through the window's entries one by one."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convnotes import windows
from convnotes.fast.winners import winners
from convnotes.proof import problems

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


def assert_found(images, p):
    found = winners(images, p)
    for n, y, x in product(range(len(images)), *map(range, p.count)):
        expected = by_search(images[n], p, y, x)
        if expected is not None:
            assert found[n, y, x] == expected


@given(problems.max_pools(), st.integers(0, 2**32), st.sampled_from([np.float32, np.float64]))
def test_the_first_of_the_best_entries_wins(case, seed, dtype):
    rng = np.random.default_rng(seed)
    images = 2, *case.input_size[2:]
    choice = rng.choice(VALUES[: rng.integers(1, len(VALUES) + 1)], images)
    assert_found(choice.astype(dtype), case.windows)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_largest_numbers_that_there_are_pass_in_silence(dtype):
    """What is computed on the way, such as between two rows, is no news for the caller."""
    images = np.full((1, 4, 4), np.finfo(dtype).max)
    images[0, 1, 1:] = np.inf
    with np.errstate(all="raise"):
        assert_found(images.astype(dtype), windows.sliding((1, 1, 4, 4), 2, 2))


@pytest.mark.parametrize(("W", "number"), [(100, np.uint8), (300, np.uint16)])
def test_numbers_are_as_large_as_the_image_is_wide(W, number):
    """The last entry of a window of 3 x 3 lies 2*W + 2 behind the first."""
    images = np.arange(5.0 * W).reshape(1, 5, W)
    p = windows.sliding((1, 1, 5, W), 3, 2)
    assert winners(images, p).dtype == number
    assert_found(images, p)
