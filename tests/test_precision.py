"""How far a result may be from the exact one: a small share of the largest sum of absolute products.

That sum is what the same operation gives for |input| and |weight|. A result itself can be much smaller, where products
cancel, and then no bound relative to it holds for sums of rounded numbers, torch's included.
"""

from functools import partial

import numpy as np
import pytest

from convnotes import fast, matmul, reference, windows
from convnotes.cases import Case
from convnotes.fast import dispatch
from convnotes.proof import problems

pytestmark = pytest.mark.usefixtures("forgetful")

# What help(fast.conv2d) promises.
BOUNDS = {np.float32: 3e-5, np.float64: 1e-12}
OPERATIONS = ("conv2d", "conv2d_grad_input", "conv2d_grad_weight")


def largest_error(function, operation: str, *args, **options) -> float:
    """The largest error of a result, over the largest sum of absolute products; None stands for no bias."""
    exact, absolute = (
        getattr(matmul, operation)(*(of(a) if isinstance(a, np.ndarray) else a for a in args), **options)
        for of in (lambda a: a.astype(float), lambda a: np.abs(a.astype(float)))
    )
    return np.abs(function(*args, **options) - exact).max() / absolute.max()


def gradients(X, K, dY):
    """The positional arguments of the three operations."""
    return {"conv2d": (X, K), "conv2d_grad_input": (X.shape, K, dY), "conv2d_grad_weight": (X, K.shape, dY)}


@pytest.mark.parametrize("case", problems.LAYERS, ids=lambda case: case.name)
def test_no_layer_errs_more_than_promised(case):
    """Of the layer's real channels and kernel, on a piece of its image: the error hangs on what is summed."""
    side = min(case.input_size[2], 4 * case.windows.stride[0] + windows.extent(case.windows.kernel[0]))
    case = Case(case.name, "conv2d", (1, case.input_size[1], side, side), case.weight_size, case.options)
    for dtype, bound in BOUNDS.items():
        drawn = case.operands(np.random.default_rng(1), dtype)
        for operation, args in gradients(drawn["input"], drawn["weight"], drawn["grad_output"]).items():
            assert largest_error(getattr(fast, operation), operation, *args, **case.options) < bound, operation


def balanced(K):
    """Filters whose weights sum to zero, as those that find edges."""
    return K - K.mean((1, 2, 3), keepdims=True)


# Data on which rounding errors add up or results cancel: an input and a weight from normal ones.
HARD = {
    "filters that sum to zero on a bright image": lambda X, K: (1000 + X, balanced(K)),
    "constants": lambda X, K: (np.full_like(X, 1 / 3), np.full_like(K, 1.1)),
    "ones": lambda X, K: (np.ones_like(X), np.ones_like(K)),
    "positive": lambda X, K: (abs(X), abs(K)),
    "a checkerboard": lambda X, K: (1000 * (-1) ** np.indices(X.shape).sum(0) + X, K),
    "single bright points": lambda X, K: (np.where(np.indices(X.shape)[2:].sum(0) % 5 == 0, 1000, X), K),
}


@pytest.mark.parametrize("hard", HARD)
@pytest.mark.parametrize("kernel", [*((k, k) for k in range(2, 6)), (2, 5), (5, 3)], ids=str)
@pytest.mark.parametrize("C", [3, 512, 2048])
def test_nor_do_tiles_on_data_that_cancel_or_add_up(C, kernel, hard, rng):
    X, K = HARD[hard](rng.standard_normal((1, C, 10, 10)), rng.standard_normal((2, C, *kernel)))
    dY = abs(rng.standard_normal((1, 2, *(11 - k for k in kernel))))
    for dtype, bound in BOUNDS.items():
        for operation, args in gradients(*(array.astype(dtype) for array in (X, K, dY))).items():
            function = partial(getattr(fast, operation), algorithm="winograd")
            assert largest_error(function, operation, *args) < bound, operation


@pytest.mark.parametrize("algorithm", dispatch.ALGORITHMS)
@pytest.mark.parametrize("side", [258, 720])
def test_nor_do_long_scalar_products(side, algorithm):
    """Half a million equal products: added up in one chain their rounding errors do not cancel."""
    X = np.full((1, 1, side, side), 1 / 3, np.float32)
    function = partial(fast.conv2d_grad_weight, algorithm=algorithm)
    assert largest_error(function, "conv2d_grad_weight", X, (1, 1, 3, 3), X, padding=1) < BOUNDS[np.float32]


def test_relative_to_the_result_there_is_no_such_bound_for_us_or_for_torch(rng):
    X, K = HARD["filters that sum to zero on a bright image"](
        rng.standard_normal((1, 64, 56, 56)), rng.standard_normal((64, 64, 3, 3))
    )
    X, K = X.astype(np.float32), K.astype(np.float32)
    exact = matmul.conv2d(X.astype(float), K.astype(float))
    for module in (fast, reference):
        assert np.abs(module.conv2d(X, K) - exact).max() / np.abs(exact).max() > BOUNDS[np.float32]
        assert largest_error(module.conv2d, "conv2d", X, K) < BOUNDS[np.float32]


@pytest.mark.parametrize("algorithm", dispatch.ALGORITHMS)
def test_whole_numbers_and_zero_weights_are_exact_but_by_winograd(algorithm, rng):
    X, K = (rng.integers(-9, 10, shape).astype(np.float32) for shape in ((1, 8, 14, 14), (8, 8, 3, 3)))
    exact = algorithm != "winograd"
    assert np.array_equal(fast.conv2d(X, K, algorithm=algorithm), reference.conv2d(X, K)) == exact
    # A single weight of one in each filter: every result is an entry of the input.
    X, K = rng.standard_normal((1, 8, 14, 14), np.float32), np.zeros((8, 8, 3, 3), np.float32)
    K[range(8), range(8), 1, 1] = 1
    assert np.array_equal(fast.conv2d(X, K, algorithm=algorithm), X[..., 1:-1, 1:-1]) == exact


# The operations whose results are other sums, on layers with many terms in each.
SUMS = {
    "bias_grad": Case("b", "bias_add", (2**20, 2, 1, 1)),
    "avg_pool2d": Case("a", "avg_pool2d", (1, 2, 400, 400), None, {"kernel_size": 300, "stride": 50}),
    "avg_pool2d_grad_input": Case("a", "avg_pool2d", (1, 2, 70, 70), None, {"kernel_size": 20, "stride": 1}),
    "max_pool2d_grad_input": Case("m", "max_pool2d", (1, 2, 70, 70), None, {"kernel_size": 20, "stride": 1}),
    "local_response_norm": Case("l", "local_response_norm", (1, 600, 4, 4), None, {"size": 501, "alpha": 2.0}),
    "local_response_norm_grad_input": Case(
        "l", "local_response_norm", (1, 600, 4, 4), None, {"size": 501, "beta": 1.0}
    ),
}
VALUES = {
    "normal": lambda A: A,
    "constants": lambda A: np.full_like(A, 1 / 3),
    "positive": abs,
    "a large mean": lambda A: 1000 + A,
}


def absolute_terms(operation: str, given: dict) -> np.ndarray:
    """What an operation gives for the absolute values of the terms that it sums."""
    upstream = {"grad_output": abs(given["grad_output"])} if "grad_output" in given else {}
    if operation == "max_pool2d_grad_input":
        return getattr(matmul, operation)(**given | upstream)
    absolute = getattr(matmul, operation)(
        **given | upstream | ({"input": abs(given["input"])} if "input" in given else {})
    )
    if operation != "local_response_norm_grad_input":
        return absolute
    # Its second term is subtracted, so that it is what the first one is without the difference.
    options = {name: value for name, value in given.items() if name not in ("input", "grad_output")}
    first = matmul.local_response_norm(given["input"], **options) / given["input"] * upstream["grad_output"]
    return 2 * first - absolute


@pytest.mark.parametrize("values", VALUES)
@pytest.mark.parametrize("operation", SUMS)
def test_nor_do_other_sums_err_more_than_promised(operation, values, rng):
    case = SUMS[operation]
    drawn = {name: VALUES[values](array) for name, array in case.operands(rng).items() if isinstance(array, np.ndarray)}
    for dtype, bound in BOUNDS.items():
        rounded = {name: array.astype(dtype) for name, array in drawn.items()}
        given = case.arguments(operation, rounded | {"input_size": case.input_size})
        # Long sums of doubles err themselves.
        exact = {name: v.astype(np.longdouble) if isinstance(v, np.ndarray) else v for name, v in given.items()}
        error = getattr(fast, operation)(**given) - getattr(matmul, operation)(**exact)
        assert abs(error).max() < bound * absolute_terms(operation, exact).max(), dtype
