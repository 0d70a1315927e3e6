"""The checks themselves must fail where a claim is false; show must show what runs; cases must be what they say."""

from itertools import pairwise

import numpy as np
import pytest

from convnotes import OPERATIONS, cases, check, matmul, naive, windows
from convnotes.cases import Case
from convnotes.fast.algorithms import toom_cook
from convnotes.show import show, source

ONES = np.ones((2, 3))


def test_compare_prints_a_bound_and_no_digits(capsys):
    check.compare("a", ONES + 1e-14, ONES, against="b")
    check.compare("a", ONES.astype(np.float32), ONES, against="b")
    check.compare("a", ONES + 1e-3, ONES, against="b", bound=2e-2)
    assert capsys.readouterr().out == (
        "a  (2, 3)  matches b  error < 1e-12\na  (2, 3)  matches b  error < 1e-5\na  (2, 3)  matches b  error < 0.02\n"
    )


@pytest.mark.parametrize(
    ("actual", "message"),
    [
        (ONES + 1e-11, r"^a  \(2, 3\)  matches b fails: error 1e-11 is not below 1e-12$"),
        (ONES.T, r"^a has shape \(3, 2\), b has \(2, 3\)$"),
        (ONES * np.nan, "fails: error inf is not below"),
        (np.where(np.eye(2, 3), np.inf, 1), "fails: error inf is not below"),
    ],
)
def test_compare_raises(actual, message, capsys):
    with pytest.raises(AssertionError, match=message):
        check.compare("a", actual, ONES, against="b")
    assert not capsys.readouterr().out


def test_within_prints_the_bounds_and_raises_outside_them(capsys):
    check.within("a", [1, 2], 1, 2)
    assert capsys.readouterr().out == "a  between 1 and 2\n"
    for values, reason in [([1, 2.5], "2.5 is not"), ([np.nan], "nan is not"), ([], "no values"), (0.9, "0.9 is not")]:
        with pytest.raises(AssertionError, match=f"^a  between 1 and 2 fails: {reason}$"):
            check.within("a", values, 1, 2)


def test_error_is_relative_to_the_largest_entry():
    assert check.error([1.0, 100.0], [2.0, 100.0]) == 0.01
    assert check.error([-1.0, -100.0], [-2.0, -100.0]) == 0.01
    assert check.error([0.5, 0], [0, 0]) == 0.5
    assert check.error([], []) == 0
    assert check.error([1.0], [[1.0]]) == np.inf


def test_error_compares_what_is_not_finite_by_place_and_kind():
    assert check.error([np.nan, -np.inf, 2], [np.nan, -np.inf, 2]) == 0
    assert check.error([np.nan, np.nan], [np.nan, np.nan]) == 0
    assert check.error([np.inf, 1], [-np.inf, 1]) == np.inf
    assert check.error([1, np.nan], [np.nan, 1]) == np.inf
    assert check.error([np.nan, 1], [0, 1]) == np.inf


def test_distance_is_the_l2_norm():
    assert check.distance([[3.0, 0]], [[0, 4.0]]) == 5
    with pytest.raises(ValueError, match="could not be broadcast"):
        check.distance([1.0, 2], [1.0, 2, 3])


def test_adjoint_raises_for_a_map_that_is_not_the_transpose(rng, capsys):
    A, x, y = rng.standard_normal((3, 4)), rng.standard_normal(4), rng.standard_normal(3)
    check.adjoint("A", lambda x: A @ x, lambda y: A.T @ y, x, y)
    assert capsys.readouterr().out == "A  (4,) -> (3,)  <A x, y> = <x, A^T y>  error < 1e-12\n"
    wrong = A + np.eye(3, 4) * 1e-9
    with pytest.raises(AssertionError, match="fails: error"):
        check.adjoint("A", lambda x: A @ x, lambda y: wrong.T @ y, x, y)


def test_numerical_gradient_of_a_square(rng):
    x, dy = rng.standard_normal((2, 3)), rng.standard_normal((2, 3))
    assert check.error(check.numerical_gradient(np.square, x, dy), 2 * x * dy) < 1e-9


def test_numerical_gradient_leaves_its_argument_alone():
    x = np.arange(3)
    check.numerical_gradient(np.sin, x, np.ones(3))
    assert np.array_equal(x, [0, 1, 2])


def test_show_shows_the_source_without_the_docstring():
    shown = show(naive.conv2d, naive.bias_add).data
    assert shown.startswith("```python\n# convnotes.naive.convolution\ndef conv2d(")
    assert "for c, i, j in np.ndindex(K.shape[1:]):" in shown
    assert "# convnotes.naive.bias\ndef bias_add(" in shown
    assert '"""' not in shown
    assert '"""Y[n, f, y, x]' in source(naive.conv2d, docstring=True)


def test_a_signature_is_shown_without_annotations_in_as_few_lines_as_hold_it():
    lines = source(naive.conv2d).splitlines()
    assert lines[1:4] == [
        "def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1,",
        "           groups=1):",
        "    X, K, b, p = arguments.conv2d(",
    ]
    # A decorator, what stands before the first statement, and defaults as they are written.
    assert "\n@cache\ndef transforms(m, k, dtype):\n    if m + k - 2 > len(POINTS):\n" in source(toom_cook.transforms)
    assert "def local_response_norm(input, size, alpha=1e-4, beta=0.75, k=1.0):\n" in source(naive.local_response_norm)
    assert source(with_all_kinds).splitlines()[1:] == [
        'def with_all_kinds(a, /, b="x, y", *c, d, e=(1, 2), **f):',
        "    # A comment.",
        "    return a",
    ]


def with_all_kinds(
    a: int,
    /,
    b: str = "x, y",
    *c: int,
    d: int,
    e: tuple[int, int] = (1, 2),
    **f: int,
) -> int:  # what it is
    # A comment.
    return a


def test_case_names_are_unique_and_every_case_is_possible():
    names = [case.name for case in cases.CASES]
    assert len(set(names)) == len(names)
    for case in cases.CASES:
        assert min(case.output_size) > 0
        assert set(case.operations) <= set(OPERATIONS)


def test_alexnet_flows_from_layer_to_layer():
    """Each layer's output has the size of the next one's input."""
    layers = cases.select("alexnet/*")
    for layer, following in pairwise(layers):
        assert layer.output_size[1:] == following.input_size[1:], following.name


def test_select_refuses_a_pattern_without_a_case():
    with pytest.raises(ValueError, match=r"^cases must match a case of founding/\*, .*vgg16/\*, .*, got 'vgg/\*'$"):
        cases.select("vgg/*")


def test_operations_of_a_case():
    conv = Case("c", "conv2d", (1, 1, 3, 3), (1, 1, 2, 2))
    assert conv.operations == ("conv2d", "conv2d_grad_input", "conv2d_grad_weight")
    assert Case("b", "bias_add", (1, 1, 3, 3)).operations == ("bias_add", "bias_grad")
    assert conv.with_batch(5).output_size == (5, 1, 2, 2)


def test_defaults_of_what_lies_below_the_operations():
    assert windows.extent(3) == 3
    assert windows.count(7, 3) == 5
    size, K = (1, 2, 7, 6), np.arange(24.0).reshape(2, 2, 3, 2)
    assert windows.sliding(size, (3, 2)) == windows.sliding(size, (3, 2), 1, 0, 1)
    assert windows.convolution(size, K.shape) == windows.convolution(size, K.shape, 1, 0, 1, 1)
    assert windows.transposed_convolution(size, K.shape) == windows.transposed_convolution(size, K.shape, 1, 0, 0, 1, 1)
    assert windows.pool(size, (3, 2)) == windows.pool(size, (3, 2), (3, 2), 0, 1, False)
    X = np.arange(84.0).reshape(size)
    columns = matmul.im2col(X, (3, 2))
    assert np.array_equal(columns, matmul.im2col(X, (3, 2), 1, 0, 1))
    assert np.array_equal(matmul.col2im(columns, size, (3, 2)), matmul.col2im(columns, size, (3, 2), 1, 0, 1))
    assert np.array_equal(matmul.toeplitz(K, size), matmul.toeplitz(K, size, 1, 0, 1, 1))
    assert matmul.neighbours(3, 2).dtype == np.float64
