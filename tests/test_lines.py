"""Windows along an axis in one line: each step against loops, whether or not the line goes on over the axis's ends."""

import numpy as np
import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

from convnotes import windows
from convnotes.fast import lines
from convnotes.fast.buffers import copy_rows


@st.composite
def drawn(draw):
    """An axis, every (tap, window, entry) that meet on it, and a generator of numbers."""
    size, S, D, K = (draw(st.integers(1, most)) for most in (9, 3, 3, 4))
    before, after = draw(st.integers(0, 4)), draw(st.integers(0, 4))
    count = windows.count(before + size + after, K, S, D)
    assume(count >= 1)
    axis = lines.axis_of(size, count, S, [k * D - before for k in range(K)])
    event(f"in line: {axis.in_line}")
    met = [(k, x, x * S + k * D - before) for k in range(K) for x in range(count)]
    inner = draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return axis, K, [(k, x, h) for k, x, h in met if 0 <= h < size], inner, rng


OUTER = 3


@given(drawn())
def test_what_every_tap_meets_is_taken_and_zeros_from_the_padding(drawing):
    axis, K, met, inner, rng = drawing
    X = rng.standard_normal((OUTER, axis.size, inner))
    R = np.full((K, OUTER, axis.count, inner), np.nan)
    lines.take(X, axis, R)
    expected = np.zeros_like(R)
    for k, x, h in met:
        expected[k, :, x] = X[:, h]
    assert np.array_equal(R, expected)


@given(drawn())
def test_what_windows_meet_is_added_up(drawing):
    axis, K, met, inner, rng = drawing
    Z = rng.standard_normal((K, OUTER, axis.size, inner))
    expected = np.zeros((OUTER, axis.count, inner))
    for k, x, h in met:
        expected[:, x] += Z[k, :, h]
    Y = np.full_like(expected, np.nan)
    lines.add(Z, axis, Y)
    assert np.allclose(Y, expected, rtol=0, atol=1e-12)


@given(drawn())
def test_windows_are_spread_over_what_they_meet(drawing):
    axis, K, met, inner, rng = drawing
    Y = rng.standard_normal((OUTER, axis.count, inner))
    V = np.full((K, OUTER, axis.size, inner), 0.0 if axis.S > 1 else np.nan)
    lines.spread(Y, axis, V)
    expected = np.zeros_like(V)
    for k, x, h in met:
        expected[k, :, h] = Y[:, x]
    assert np.array_equal(V, expected)


@given(drawn())
def test_what_windows_have_is_put_back(drawing):
    axis, K, met, inner, rng = drawing
    Z = rng.standard_normal((K, OUTER, axis.count, inner))
    expected = np.zeros((OUTER, axis.size, inner))
    for k, x, h in met:
        expected[:, h] += Z[k, :, x]
    X = np.zeros_like(expected)
    lines.put(Z, axis, X)
    assert np.allclose(X, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("width", [1, 2, 5])
@pytest.mark.parametrize("out_step", [1, 2, -1])
@pytest.mark.parametrize("step", [1, 2, -1])
def test_rows_are_copied_as_they_are(step, out_step, width, rng):
    """From and to rows that are runs, have gaps or go backwards; what lies around them is left alone."""
    source = rng.standard_normal((4, 6, 16))[:, ::3, :][..., ::step][..., :width]
    whole = np.full((4, 2, 20), 9.0)
    rest = np.ones(20, bool)
    rest[2:18][::out_step][:width] = False
    out = whole[..., 2:18][..., ::out_step][..., :width]
    copy_rows(source, out)
    assert np.array_equal(out, source)
    assert (whole[..., rest] == 9).all()
