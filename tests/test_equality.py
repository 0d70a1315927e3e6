"""Named layers against torch, and right values that were found by hand; `test_proof` holds the rules."""

import inspect
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given

from convnotes import IMPLEMENTATIONS, OPERATIONS, cases, implementation, naive, windows
from convnotes.cases import Case
from convnotes.check import error
from convnotes.proof import problems

OURS = [name for name in IMPLEMENTATIONS if name != "torch"]
SMALL = [case for case in cases.CASES if case.name.startswith(("founding/", "lenet5/"))]


@problems.unwarned
def run(name: str, operation: str, case: Case, operands: dict) -> np.ndarray:
    return getattr(implementation(name), operation)(**case.arguments(operation, operands))


def assert_equal(name: str, against: str, case: Case, operands: dict) -> None:
    for operation in case.operations:
        actual = run(name, operation, case, operands)
        expected = run(against, operation, case, operands)
        assert actual.dtype == expected.dtype == np.float64
        assert error(actual, expected) < 1e-10, f"{name}.{operation} differs from {against}"


@pytest.mark.parametrize("case", SMALL, ids=lambda case: case.name)
@pytest.mark.parametrize("name", OURS)
def test_named_cases_match_torch(name, case):
    assert_equal(name, "torch", case, problems.operands(case, seed=1))


# torch warns, once a process, that an even kernel makes it copy the input.
@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize("name", IMPLEMENTATIONS)
@pytest.mark.parametrize("image", [(5, 6), (6, 5)])
@pytest.mark.parametrize(("kernel", "dilation"), [((3, 2), 1), ((4, 3), (1, 2)), ((2, 2), (1, 3)), (1, 1)])
def test_same_keeps_the_size_as_torch_does(name, image, kernel, dilation, rng):
    K_H, K_W = kernel if isinstance(kernel, tuple) else (kernel, kernel)
    X, K = rng.standard_normal((2, 2, *image)), rng.standard_normal((3, 2, K_H, K_W))
    Y = implementation(name).conv2d(X, K, padding="same", dilation=dilation)
    assert Y.shape == (2, 3, *image)
    expected = torch.nn.functional.conv2d(torch.tensor(X), torch.tensor(K), padding="same", dilation=dilation)
    assert error(Y, expected.numpy()) < 1e-12


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_every_form_of_padding_means_the_same(name, rng):
    conv2d = implementation(name).conv2d
    X, K = rng.standard_normal((1, 2, 5, 6)), rng.standard_normal((3, 2, 3, 2))
    assert np.array_equal(conv2d(X, K, padding=1), conv2d(X, K, padding=((1, 1), (1, 1))))
    assert np.array_equal(conv2d(X, K, padding=(2, 1)), conv2d(X, K, padding=[[2, 2], [1, 1]]))
    assert np.array_equal(conv2d(X, K, padding="valid"), conv2d(X, K))
    assert conv2d(X, K, padding=((0, 1), (2, 3))).shape == (1, 3, 4, 10)


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_pools_default_to_a_stride_of_the_kernel(name, rng):
    module, X = implementation(name), rng.standard_normal((1, 2, 7, 9))
    for pool in (module.max_pool2d, module.avg_pool2d):
        assert np.array_equal(pool(X, (2, 3)), pool(X, (2, 3), (2, 3)))
        assert pool(X, (2, 3)).shape == (1, 2, 3, 3)


@pytest.mark.parametrize("name", OURS)
def test_defaults_are_torchs(name, rng):
    """Every option left out at once, where any other default would change the result."""
    for case in [
        Case("defaults", "conv2d", (2, 2, 7, 8), (4, 2, 3, 2)),
        Case("defaults", "conv_transpose2d", (2, 2, 4, 3), (2, 3, 3, 2)),
        Case("defaults", "max_pool2d", (2, 2, 7, 8), None, {"kernel_size": 3}),
        Case("defaults", "avg_pool2d", (2, 2, 7, 8), None, {"kernel_size": 3}),
        Case("defaults", "avg_pool2d", (2, 2, 7, 8), None, {"kernel_size": 3, "padding": 1}),
        Case("defaults", "local_response_norm", (2, 6, 3, 2), None, {"size": 4}),
    ]:
        assert_equal(name, "torch", case, problems.operands(case, seed=4))


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_signatures_are_the_vocabulary(name):
    """Names, order and defaults of every parameter, as the naive implementation has them."""
    for operation, leading in OPERATIONS.items():
        parameters = inspect.signature(getattr(implementation(name), operation)).parameters
        assert list(parameters)[: len(leading)] == list(leading)
        # `fast` lets its algorithm be named as well.
        common = {name: parameter for name, parameter in parameters.items() if name != "algorithm"}
        assert common == dict(inspect.signature(getattr(naive, operation)).parameters)


def test_bias_is_optional_and_added_once(rng):
    X, K, b = rng.standard_normal((2, 3, 5, 5)), rng.standard_normal((4, 3, 2, 2)), rng.standard_normal(4)
    for name in IMPLEMENTATIONS:
        module = implementation(name)
        expected = module.conv2d(X, K) + b[:, None, None]
        assert error(module.conv2d(X, K, b), expected) < 1e-12
        assert error(module.bias_add(module.conv2d(X, K), b), expected) < 1e-12


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
@pytest.mark.parametrize("ties", ["first", "all"])
def test_not_a_number_propagates_and_takes_the_gradient(name, ties):
    X = np.arange(16.0).reshape(1, 1, 4, 4)
    X[0, 0, 0, 1] = np.nan
    module, dY = implementation(name), np.array([[[[2.0, 3.0], [5.0, 7.0]]]])
    assert error(module.max_pool2d(X, 2), np.array([[[[np.nan, 7], [13, 15]]]])) == 0
    expected = np.zeros((1, 1, 4, 4))
    expected[0, 0, [0, 1, 3, 3], [1, 3, 1, 3]] = 2, 3, 5, 7
    assert np.array_equal(module.max_pool2d_grad_input(X, dY, 2, ties=ties), expected)


@pytest.mark.parametrize("name", OURS)
def test_of_several_not_a_numbers_the_first_takes_the_gradient(name):
    X = np.array([[[[1.0, np.nan, np.nan]]]])
    dX = implementation(name).max_pool2d_grad_input(X, np.array([[[[2.0]]]]), (1, 3))
    assert np.array_equal(dX, [[[[0, 2, 0]]]])


ON_PADDING = Case(
    "on padding", "max_pool2d", (1, 1, 1, 9), None,
    {"kernel_size": (2, 4), "stride": (1, 3), "padding": (1, 2), "dilation": (2, 3)},
)  # fmt: skip


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("ties", ["first", "all"])
def test_a_window_wholly_on_the_padding_is_minus_infinity_without_gradient(name, ties):
    case = replace(ON_PADDING, options={**ON_PADDING.options, "ties": ties})
    drawn = problems.operands(case, seed=5)
    assert not case.windows.all_meet_input()
    assert np.all(run(name, "max_pool2d", case, drawn) == -np.inf)
    assert np.all(run(name, "max_pool2d_grad_input", case, drawn) == 0)


@pytest.mark.parametrize("operation", ["max_pool2d", "max_pool2d_grad_input"])
def test_torch_is_not_called_for_a_window_wholly_on_the_padding(operation):
    with pytest.raises(ValueError, match="dilation must leave no window wholly on the padding here"):
        run("torch", operation, ON_PADDING, problems.operands(ON_PADDING, seed=5))


def test_windows_wholly_on_the_padding_are_found():
    """Against the enumeration of every window's entries."""

    @given(problems.max_pools())
    def found(case):
        p: windows.Windows = case.windows
        met = all(any(True for _ in p.entries(y, x)) for y, x in product(*map(range, p.count)))
        assert p.all_meet_input() == met

    found()
