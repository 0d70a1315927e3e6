"""How threads share what is done: all of it, each part once, and nothing of a result hangs on that."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from convnotes import cases, fast, matmul, windows
from convnotes.check import error
from convnotes.fast import dispatch
from convnotes.fast.algorithms import shares
from convnotes.fast.machine import threads
from convnotes.proof import problems
from test_fast import GRADIENTS, NAMES, assert_right

pytestmark = pytest.mark.usefixtures("forgetful")


@pytest.fixture
def shared(monkeypatch):
    """Into how many parts each call was shared."""
    found, share = [], threads.share
    monkeypatch.setattr(threads, "share", lambda function, parts: found.append(len(parts)) or share(function, parts))
    return found


def test_what_a_thread_raises_is_raised(monkeypatch):
    monkeypatch.setattr(threads, "number", lambda: 2)

    def fails(part):
        if part == 3:
            raise ValueError("part 3")
        return part

    assert threads.share(fails, [0, 1, 2]) == [0, 1, 2]
    with pytest.raises(ValueError, match="part 3"):
        threads.share(fails, range(5))


@pytest.mark.parametrize("case", ["lenet5/conv2", "mobilenet/depthwise 512 stride 2", "alexnet/pool5"])
def test_threads_change_nothing(case, monkeypatch):
    (case,) = cases.select(case)
    case = case.with_batch(3)
    operands = case.operands(np.random.default_rng(0))
    for operation in case.operations:
        arguments = case.arguments(operation, operands)
        alone = getattr(fast, operation)(**arguments)
        with monkeypatch.context() as patched:
            patched.setattr(threads, "number", lambda: 2)
            patched.setattr(shares, "LONG", 0)
            assert error(getattr(fast, operation)(**arguments), alone) < 1e-12


# What the definition does with infinities is no news, in whichever thread.
@pytest.mark.filterwarnings("ignore:invalid value", "ignore:overflow")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("count", [2, 5])
def test_nor_do_they_for_any_algorithm_on_any_layer(name, count, monkeypatch):
    """Images of a batch, of which there may be fewer than threads, and bands of few rows."""
    monkeypatch.setattr(threads, "number", lambda: count)
    monkeypatch.setattr(shares, "LONG", 0)
    monkeypatch.setattr(shares, "BAND", 1)

    assert_right(name, 60)


@pytest.mark.parametrize("algorithm", dispatch.ALGORITHMS)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"padding": 1},
        {"padding": ((2, 1), (0, 2)), "groups": 2},
        {"stride": (3, 2), "padding": (1, 0), "dilation": (2, 1)},
    ],
    ids=str,
)
@pytest.mark.parametrize("N", [1, 2])
@pytest.mark.parametrize("band", [1, 4])
def test_bands_of_an_image_change_nothing(algorithm, options, N, band, shared, monkeypatch, rng):
    """Three threads share one image of 29 rows, and five share two."""
    X, K = rng.standard_normal((N, 4, 29, 12)), rng.standard_normal((6, 4 // options.get("groups", 1), 3, 3))
    b, p = rng.standard_normal(6), windows.convolution(X.shape, K.shape, **options)
    if not dispatch.ALGORITHMS[algorithm].takes(p):
        return
    dY = rng.standard_normal(p.output_size)
    monkeypatch.setattr(shares, "LONG", 0)
    monkeypatch.setattr(shares, "BAND", band)
    monkeypatch.setattr(threads, "number", lambda: 2 * N + 1)
    Y = fast.conv2d(X, K, b, **options, algorithm=algorithm)
    assert error(Y, matmul.conv2d(X, K, b, **options)) < 1e-12
    dK = fast.conv2d_grad_weight(X, K.shape, dY, **options, algorithm=algorithm)
    assert error(dK, matmul.conv2d_grad_weight(X, K.shape, dY, **options)) < 1e-12
    assert len(shared) == 2
    assert min(shared) > N
    if algorithm != "winograd" or p.stride == (1, 1):
        dX = fast.conv2d_grad_input(X.shape, K, dY, **options, algorithm=algorithm)
        assert error(dX, matmul.conv2d_grad_input(X.shape, K, dY, **options)) < 1e-12


@given(problems.convolutions(), st.integers(1, 7), st.integers(1, 3), st.booleans())
def test_parts_are_all_of_a_convolution_and_none_overlap(case, number, band, bands):
    p = case.windows
    assume(p.input_size[0])
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(threads, "number", lambda: number)
        patched.setattr(shares, "BAND", band)
        parts = shares.parts_of(p, 1.0, bands)
    seen = np.zeros((p.output_size[0], p.count[0]), int)
    for images, met, rows, q in parts:
        seen[images, rows] += 1
        assert (q.input_size[0], q.count[0]) == seen[images, rows].shape
        assert q.size[0] == len(range(p.size[0])[met])
        assert (q.input_size[2:], q.output_size[2:], q.weight_size) == (q.size, q.count, p.weight_size)
        if not bands:
            # Of these the whole input gradient is made, with what no window covers.
            assert (q.size, q.count, met) == (p.size, p.count, slice(None))
    assert (seen == 1).all()
    assert len(parts) <= number


@pytest.mark.parametrize("operation", GRADIENTS)
@pytest.mark.parametrize(("bound", "parts"), [(1.1, 1), (0.9, 3)])
def test_only_what_takes_long_is_shared(operation, bound, parts, shared, monkeypatch, rng):
    """Nine images, whose predicted time is less than the bound or more."""
    X, K = rng.standard_normal((9, 8, 16, 16)), rng.standard_normal((24, 8, 3, 3))
    p = windows.convolution(X.shape, K.shape, 2, 1)
    if operation == "conv2d_grad_input":
        by, (_, seconds) = "col2im", dispatch.transpose("col2im", p, 8)
    else:
        which = {"conv2d": "forward"}.get(operation, "grad_weight")
        by, (_, seconds) = "auto", dispatch.choose("auto", p, which, 8)
    monkeypatch.setattr(shares, "LONG", bound * seconds)
    monkeypatch.setattr(threads, "number", lambda: 3)
    dY = rng.standard_normal(p.output_size)
    args = {"conv2d": (X, K, None), "conv2d_grad_input": (X.shape, K, dY), "conv2d_grad_weight": (X, K.shape, dY)}
    result = getattr(fast, operation)(*args[operation], stride=2, padding=1, algorithm=by)
    assert error(result, getattr(matmul, operation)(*args[operation], stride=2, padding=1)) < 1e-12
    assert shared == [parts]
