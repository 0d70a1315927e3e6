"""Refusals in whole sentences, and in the same words by all implementations; `convnotes.proof.refusals` has them."""

import numpy as np
import pytest

from convnotes import IMPLEMENTATIONS, OPERATIONS, implementation, matmul
from convnotes.proof import refusals
from convnotes.proof.calls import answer


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_refusals(name, operation):
    asked = list(refusals.questions(operation))
    assert asked
    for _, call, error, sentence in asked:
        found = answer(implementation(name), call)
        assert (found.raised, found.said) == (error.__name__, sentence)


def test_a_kernel_as_large_as_the_padded_input_is_not_refused():
    for name in IMPLEMENTATIONS:
        module = implementation(name)
        assert module.conv2d(np.ones((1, 1, 1, 2)), np.ones((1, 1, 3, 4)), padding=1).shape == (1, 1, 1, 1)
        assert module.max_pool2d(np.ones((1, 1, 2, 2)), 4, padding=1).shape == (1, 1, 1, 1)


def test_im2col_and_col2im_refuse_in_the_same_words():
    with pytest.raises(
        ValueError, match=r"^kernel_size must not be larger than the padded input, got a kernel that spans"
    ):
        matmul.im2col(np.ones((1, 1, 2, 2)), 3)
    with pytest.raises(ValueError, match=r"^columns must have shape \(1, 4, 4\), got \(1, 4, 5\)$"):
        matmul.col2im(np.ones((1, 4, 5)), (1, 1, 3, 3), 2)
    with pytest.raises(ValueError, match=r"^input_size must have four axes"):
        matmul.col2im(np.ones((1, 4, 4)), (1, 3, 3), 2)
    with pytest.raises(ValueError, match=r"^input_size must have four axes"):
        matmul.toeplitz(np.ones((1, 1, 2, 2)), (3, 3))
