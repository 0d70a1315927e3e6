"""What comes in and what goes out, beyond the rules of `convnotes.proof.arrays`."""

import numpy as np
import pytest

from convnotes import IMPLEMENTATIONS, check, implementation, layout, matmul
from convnotes.proof import arrays, values
from convnotes.proof.calls import answer


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_every_result_is_contiguous(name):
    for case in arrays.LAYERS:
        for operation in case.operations:
            assert answer(implementation(name), values.call(operation, case, 12)).flags["contiguous"], operation


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_lists_are_arrays_too(name):
    assert implementation(name).bias_add([[[[1, 2]]]], [0.5]).tolist() == [[[[1.5, 2.5]]]]


def test_longdouble_is_kept_where_numpy_computes_and_refused_by_torch():
    X = np.ones((1, 1, 2, 2), np.longdouble)
    for name in ("naive", "matmul"):
        assert implementation(name).conv2d(X, X).dtype == np.longdouble
    with pytest.raises(TypeError, match="torch computes in float32 or float64, got dtype"):
        implementation("torch").conv2d(X, X)


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_a_mask_within_a_list_is_found(name):
    for case in arrays.LAYERS:
        for operation in case.operations:
            call = values.call(operation, case, 17)
            for operand in arrays.operands(operation):
                if operand in call.arguments:
                    masked = [np.ma.masked_less(part, 0) for part in call.arguments[operand]]
                    found = answer(implementation(name), call.having(**{operand: masked}))
                    assert found.said.startswith(f"{operand} must be an array without a mask, got a masked array")


MASKED = np.ma.masked_equal(np.eye(3), 1)


@pytest.mark.parametrize(
    "function",
    [
        lambda: layout.pad(MASKED, 1),
        lambda: layout.crop(MASKED, 1),
        lambda: layout.dilate(MASKED, 2),
        lambda: layout.rot180(MASKED),
        lambda: matmul.im2col(MASKED[None, None], 2),
        lambda: check.error(MASKED, np.eye(3)),
        lambda: check.error(np.eye(3), MASKED),
        lambda: check.distance(np.eye(3), MASKED),
        lambda: check.compare("", MASKED, np.eye(3), "all"),
        lambda: check.adjoint("", lambda x: MASKED, lambda y: y, np.eye(3), np.eye(3)),
        lambda: check.numerical_gradient(np.sum, MASKED, 1.0),
    ],
)
def test_so_they_are_by_whatever_else_takes_arrays(function):
    with pytest.raises(TypeError, match="must be an array without a mask, got a masked array"):
        function()
