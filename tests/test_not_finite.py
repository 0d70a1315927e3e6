"""Not-a-numbers and infinities stand where the definition puts them, for every algorithm, and nowhere else."""

import numpy as np
import pytest

from convnotes import fast, implementation, matmul, naive, windows
from convnotes.check import error
from convnotes.fast import dispatch
from convnotes.fast.algorithms import lowering, shares
from convnotes.fast.machine import threads
from convnotes.fast.machine.finite import all_finite
from convnotes.proof import problems

pytestmark = pytest.mark.usefixtures("forgetful")

OURS = ("naive", "matmul", "fast")
ALGORITHMS = ("auto", *dispatch.ALGORITHMS, "col2im")

# A layer for each algorithm and each reduction of one, larger than those drawn elsewhere: name, input, weight, options.
LAYERS = {
    "3x3": ((2, 6, 20, 22), (8, 6, 3, 3), {"padding": 1}),
    "5x5 in groups": ((1, 6, 18, 18), (4, 3, 5, 5), {"padding": 2, "groups": 2}),
    "3x3 stride 2": ((1, 4, 21, 20), (6, 4, 3, 3), {"padding": 1, "stride": 2}),
    "3x3 dilated": ((1, 4, 21, 20), (6, 4, 3, 3), {"padding": 3, "dilation": 3}),
    "1x7": ((1, 4, 20, 22), (6, 4, 1, 7), {"padding": (0, 3)}),
    "7x7 stride 2": ((1, 3, 24, 23), (4, 3, 7, 7), {"padding": 3, "stride": 2}),
    "3x3 stride 2 dilated": ((1, 4, 21, 20), (6, 4, 3, 3), {"padding": 2, "stride": 2, "dilation": 2}),
    "1x1": ((2, 6, 15, 14), (4, 6, 1, 1), {}),
    "1x1 stride 2": ((2, 6, 15, 14), (4, 6, 1, 1), {"stride": 2}),
    "depthwise": ((2, 5, 28, 27), (5, 1, 3, 3), {"padding": 1, "groups": 5}),
    "depthwise stride 2": ((2, 5, 28, 27), (5, 1, 3, 3), {"padding": 1, "groups": 5, "stride": 2}),
}
OPERATIONS = ("conv2d", "conv2d_grad_input", "conv2d_grad_weight")


def assert_alike(actual, expected, bound=1e-5):
    """The same entries are not finite, and in the same way; the others are right."""
    assert error(actual, expected) < bound


@pytest.fixture(autouse=True)
def _unwarned():
    with np.errstate(**problems.UNWARNED):
        yield


def calls(layer, rng, dtype=np.float32):
    """The operands of a layer, and its three operations as functions of them and of an implementation."""
    size, weight_size, options = LAYERS[layer]
    p = windows.convolution(size, weight_size, **options)
    shapes = {"X": size, "K": weight_size, "dY": p.output_size}
    operands = {name: rng.standard_normal(shape).astype(dtype) for name, shape in shapes.items()}

    def call(module, operation, **named):
        X, K, dY = operands.values()
        positional = {"conv2d": (X, K), "conv2d_grad_input": (size, K, dY), "conv2d_grad_weight": (X, weight_size, dY)}
        return getattr(module, operation)(*positional[operation], **options, **named)

    return operands, call


def by_every_algorithm(call, operation):
    """The results of an operation by each algorithm that takes the layer; the others refuse it by their name."""
    for algorithm in ALGORITHMS:
        try:
            result = call(fast, operation, algorithm=algorithm)
        except ValueError as refused:
            assert str(refused).startswith("algorithm")  # noqa: PT017 - not all take every layer
            continue
        yield result


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, np.float32(3e37)], ids=str)
@pytest.mark.parametrize("operand", ["X", "K", "dY"])
@pytest.mark.parametrize("layer", LAYERS)
def test_every_algorithm_keeps_them_in_their_places(layer, operand, value, rng):
    """3e37 is finite in float32, and so are its products; Winograd's sums of it are not."""
    operands, call = calls(layer, rng)
    array = operands[operand]
    array.flat[rng.integers(array.size)] = value
    for operation in OPERATIONS:
        expected = call(matmul, operation)
        for result in by_every_algorithm(call, operation):
            assert_alike(result, expected)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_one_entry_of_a_large_layer_reaches_nine_windows_of_each_filter(value, rng):
    X, K = rng.standard_normal((1, 64, 56, 56), np.float32), rng.standard_normal((64, 64, 3, 3), np.float32)
    X[0, 5, 20, 30] = value
    for result in (fast.conv2d(X, K, padding=1), fast.conv2d_grad_input(X.shape, K, X, padding=1)):
        assert (~np.isfinite(result)).sum() == 9 * 64
        assert np.isinf(result).any() == np.isinf(value)


@pytest.mark.parametrize(("padding", "reached"), [(0, 3), (1, 6)])
def test_an_infinity_on_the_edge_reaches_a_column_or_two_of_a_depthwise_weight(padding, reached, rng):
    X, weight_size = rng.standard_normal((1, 32, 56, 56), np.float32), (32, 1, 3, 3)
    X[0, 7, 5, 0] = np.inf
    side = 54 + 2 * padding
    dY = rng.standard_normal((1, 32, side, side), np.float32)
    dK = fast.conv2d_grad_weight(X, weight_size, dY, padding=padding, groups=32)
    assert np.isinf(dK[7]).sum() == (~np.isfinite(dK)).sum() == reached


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e20])
@pytest.mark.parametrize("name", ["matmul", "fast", "torch"])
def test_normalization_leaves_channels_outside_the_window_alone(name, value, rng):
    """1e20 is finite, its square is not: what it divides becomes zero."""
    X, dY = rng.standard_normal((2, 1, 9, 2, 2), np.float32)
    X[0, 4, 0, 0] = value
    module = implementation(name)
    Y, dX = module.local_response_norm(X, 3), module.local_response_norm_grad_input(X, dY, 3)
    assert_alike(Y, naive.local_response_norm(X, 3))
    assert_alike(dX, naive.local_response_norm_grad_input(X, dY, 3))
    assert np.isfinite(Y[0, :3]).all()
    assert np.isfinite(dX[0, :2]).all()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_weight_that_meets_padding_alone_is_multiplied_by_zero_all_the_same(algorithm):
    X, K = np.ones((1, 2, 1, 1)), np.ones((2, 1, 3, 3))
    K[0, 0, 0, 0] = np.inf
    options = {"padding": 1, "groups": 2}
    p = windows.convolution(X.shape, K.shape, **options)
    if algorithm == "auto" or (algorithm in dispatch.ALGORITHMS and dispatch.ALGORITHMS[algorithm].takes(p)):
        assert np.array_equal(fast.conv2d(X, K, **options, algorithm=algorithm).ravel(), [np.nan, 1], equal_nan=True)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_so_is_one_that_meets_padding_in_some_windows(algorithm):
    """It meets ones elsewhere, and zeros on the padding, which an algorithm may leave out."""
    X, K = np.ones((1, 1, 4, 5)), np.ones((1, 1, 3, 3))
    K[0, 0, 0, 2] = np.inf
    if algorithm != "col2im":
        expected = naive.conv2d(X, K, padding=1)
        assert np.isnan(expected).sum() == 4 + 5 - 1
        assert_alike(fast.conv2d(X, K, padding=1, algorithm=algorithm), expected)
    dY = np.ones((1, 1, 4, 5))
    expected = naive.conv2d_grad_input(X.shape, K, dY, padding=1)
    assert_alike(fast.conv2d_grad_input(X.shape, K, dY, padding=1, algorithm=algorithm), expected)


def test_a_gradient_of_windows_wholly_on_the_padding_meets_zeros(rng):
    X, dY = rng.standard_normal((1, 2, 3, 3)), rng.standard_normal((1, 2, 11, 11))
    dY[0, 0, 0, 0] = np.inf
    dK = fast.conv2d_grad_weight(X, (2, 1, 3, 3), dY, padding=5, groups=2)
    assert_alike(dK, naive.conv2d_grad_weight(X, (2, 1, 3, 3), dY, padding=5, groups=2))
    assert np.isnan(dK[0]).all()


@pytest.mark.parametrize("layer", ["3x3", "depthwise", "3x3 stride 2"])
def test_so_they_do_where_threads_share_the_work(layer, monkeypatch, rng):
    """Images of a batch, or bands of an image, whose results have gaps between them."""
    monkeypatch.setattr(threads, "number", lambda: 3)
    monkeypatch.setattr(shares, "LONG", 0)
    operands, call = calls(layer, rng)
    for array in operands.values():
        array.flat[rng.integers(array.size)] = np.nan
    for operation in OPERATIONS:
        assert_alike(call(fast, operation), call(matmul, operation))


def test_each_algorithm_is_among_what_is_tried():
    takes = {
        name: [layer for layer, sizes in LAYERS.items() if algorithm.takes(windows.convolution(*sizes[:2], **sizes[2]))]
        for name, algorithm in dispatch.ALGORITHMS.items()
    }
    assert takes["im2col"] == list(LAYERS)
    assert {"3x3", "5x5 in groups", "depthwise"} <= set(takes["winograd"])
    assert takes["balanced"] == list(LAYERS)


@pytest.mark.parametrize("layer", LAYERS)
def test_of_what_is_made_again_nothing_is_heard(layer, rng):
    """A result that is finite comes without a warning, whatever a first algorithm met on its way."""
    operands, call = calls(layer, rng)
    operands["X"].flat[0] = 1e37
    with np.errstate(over="raise", invalid="raise"):
        for operation in OPERATIONS:
            for result in by_every_algorithm(call, operation):
                assert np.isfinite(result).all()


@pytest.mark.parametrize("algorithm", [name for name in dispatch.ALGORITHMS if name != "im2col"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_only_what_is_not_finite_is_made_a_second_time(operation, algorithm, monkeypatch, rng):
    """By im2col, of which nothing is asked as long as all is finite."""
    made, (operands, call) = [], calls("3x3", rng)
    for name in ("forward", "grad_weight", "grad_input"):
        of = getattr(lowering.im2col, name)
        monkeypatch.setattr(lowering.im2col, name, lambda *args, name=name, of=of: made.append(name) or of(*args))
    call(fast, operation, algorithm=algorithm)
    assert not made
    operands["K" if operation != "conv2d_grad_weight" else "X"].flat[7] = np.nan
    call(fast, operation, algorithm=algorithm)
    assert made[-1] == {"conv2d": "forward"}.get(operation, operation.removeprefix("conv2d_"))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_single_entry_is_found(value):
    for shape in [(7,), (2, 3, 5), (1, 1, 1, 1)]:
        for place in range(np.prod(shape)):
            A = np.full(shape, 1e30, np.float32)
            assert all_finite(A)
            A.flat[place] = value
            assert not all_finite(A)
            assert not all_finite(np.repeat(A, 2, -1)[..., ::2])
    assert all_finite(np.ones((0, 3)))
    assert all_finite(np.ones((3, 4))[:, ::2])
