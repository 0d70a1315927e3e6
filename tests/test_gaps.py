"""Every S-th entry, two at a time, against NumPy's own slices."""

import numpy as np
import pytest

from convnotes.fast import gaps

SHAPES = [(1,), (2,), (11,), (12,), (3, 7), (2, 3, 8), (0, 4)]


@pytest.fixture(params=[np.float32, np.float64])
def dtype(request):
    return request.param


@pytest.mark.parametrize("S", [1, 2, 3])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_entry_of_a_phase_is_read(shape, S, dtype, rng):
    """Also fewer than there are, and of an array or to one that has gaps of its own."""
    A = rng.standard_normal(shape).astype(dtype)
    for source in (A, np.repeat(A, 2, -1)[..., ::2], np.asfortranarray(A)):
        for first in range(min(S, shape[-1])):
            expected = A[..., first::S]
            for count in range(1, expected.shape[-1] + 1):
                wide = np.full((*shape[:-1], 2 * count + 1), 9, dtype)
                for out in (np.empty((*shape[:-1], count), dtype), wide[..., 1 : count + 1], wide[..., 1::2]):
                    assert gaps.every(source, S, first, out) is out
                    assert np.array_equal(out, expected[..., :count])
                assert (wide[..., 0] == 9).all()


@pytest.mark.parametrize("S", [1, 2, 3])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_what_is_written_among_zeros_leaves_the_rest(shape, S, dtype, rng):
    """What lies before the first entry and behind the last one's zeros is not touched."""
    for first in range(min(S, shape[-1])):
        for count in range(1, len(range(first, shape[-1], S)) + 1):
            values = rng.standard_normal((*shape[:-1], count)).astype(dtype)
            expected = np.full(shape, 9, dtype)
            expected[..., first : first + count * S] = 0
            A = expected.copy()
            expected[..., first : first + (count - 1) * S + 1 : S] = values
            gaps.among_zeros(values, A, S, first)
            assert np.array_equal(A, expected)
