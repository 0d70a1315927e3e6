"""What comes in and what goes out: dtypes, memory layouts, empty batches, nothing changed in place, nothing shared."""

import numpy as np
import pytest

import problems
from convnotes import IMPLEMENTATIONS, OPERATIONS, check, implementation, layout, matmul
from convnotes.cases import Case
from convnotes.check import error

LAYERS = [
    Case("c", "conv2d", (2, 4, 6, 5), (2, 2, 3, 2), {"stride": (2, 1), "padding": 1, "groups": 2}),
    Case("c", "conv2d", (2, 3, 4, 4), (2, 3, 1, 1)),
    Case("c", "conv2d", (1, 1, 4, 1), (1, 1, 2, 1)),
    Case("t", "conv_transpose2d", (2, 2, 3, 2), (2, 3, 2, 2), {"stride": 2, "output_padding": 1}),
    Case("t", "conv_transpose2d", (2, 2, 3, 2), (2, 3, 1, 1)),
    Case("t", "conv_transpose2d", (1, 1, 1, 3), (1, 1, 2, 2)),
    Case("b", "bias_add", (2, 3, 2, 2)),
    Case("b", "bias_add", (1, 1, 3, 1)),
    Case("m", "max_pool2d", (2, 2, 6, 7), None, {"kernel_size": 3, "stride": 2, "padding": 1}),
    Case("m", "max_pool2d", (2, 2, 3, 3), None, {"kernel_size": 1}),
    Case("m", "max_pool2d", (1, 1, 4, 1), None, {"kernel_size": (2, 1)}),
    Case("a", "avg_pool2d", (2, 2, 6, 7), None, {"kernel_size": np.int64(3), "divisor_override": np.int64(4)}),
    Case("a", "avg_pool2d", (2, 2, 3, 3), None, {"kernel_size": 1}),
    Case("a", "avg_pool2d", (1, 1, 4, 1), None, {"kernel_size": (2, 1)}),
    Case("l", "local_response_norm", (2, 6, 2, 2), None, {
        "size": np.int64(4), "alpha": np.float64(0.7), "beta": np.float64(0.75), "k": np.float64(2)
    }),
    Case("l", "local_response_norm", (1, 3, 1, 1), None, {"size": 3}),
]  # fmt: skip

CALLS = [
    pytest.param(name, case, operation, id=f"{name}-{operation}-{i}")
    for name in IMPLEMENTATIONS
    for i, case in enumerate(LAYERS)
    for operation in case.operations
]


def call(name, case, operation, operands):
    return getattr(implementation(name), operation)(**case.arguments(operation, operands))


def arrays(operation: str) -> list[str]:
    return [operand for operand in OPERATIONS[operation] if not operand.endswith("_size")]


def test_every_operation_is_here():
    assert {operation for case in LAYERS for operation in case.operations} == set(OPERATIONS)


@pytest.mark.parametrize(("name", "case", "operation"), CALLS)
def test_precision_is_kept(name, case, operation):
    """float32 stays float32 even where an option is a float64 scalar; the result is as good as its precision."""
    drawn = problems.operands(case, seed=8)
    single = drawn | {operand: drawn[operand].astype(np.float32) for operand in arrays(operation)}
    result, precise = call(name, case, operation, single), call(name, case, operation, drawn)
    assert (result.dtype, precise.dtype) == (np.float32, np.float64)
    assert error(result, precise) < 1e-5


@pytest.mark.parametrize(("name", "case", "operation"), CALLS)
@pytest.mark.parametrize("dtype", ["float16", ">f4", "int8", "int64", "bool"])
def test_other_numbers_are_promoted(name, case, operation, dtype):
    drawn = problems.operands(case, seed=9, fill="whole")
    converted = drawn | {operand: drawn[operand].round().astype(dtype) for operand in arrays(operation)}
    result = call(name, case, operation, converted)
    promoted = np.result_type(dtype, np.float32)
    as_floats = drawn | {operand: converted[operand].astype(promoted) for operand in arrays(operation)}
    assert result.dtype == promoted
    assert np.array_equal(result, call(name, case, operation, as_floats))


@pytest.mark.parametrize(("name", "case", "operation"), CALLS)
def test_one_precise_operand_makes_the_result_precise(name, case, operation):
    drawn = problems.operands(case, seed=10)
    for precise in arrays(operation):
        mixed = {operand: drawn[operand].astype(np.float32) for operand in arrays(operation) if operand != precise}
        expected = np.float64
        assert call(name, case, operation, drawn | mixed).dtype == expected


STORED = {
    "Fortran order": np.asfortranarray,
    "negative strides": lambda array: array[tuple(slice(None, None, -1) for _ in array.shape)].copy()[
        tuple(slice(None, None, -1) for _ in array.shape)
    ],
    "every other entry": lambda array: np.repeat(array, 2, axis=-1)[..., ::2],
    # The stride of an axis of one entry is never used, and may be anything.
    "stray strides": lambda array: np.lib.stride_tricks.as_strided(
        array, strides=[stride if size > 1 else 4 * stride + 3 for size, stride in zip(array.shape, array.strides)]
    ),
    "transposed axes": lambda array: np.moveaxis(np.moveaxis(array, 0, -1).copy(), -1, 0),
}


@pytest.mark.parametrize("store", STORED.values(), ids=STORED)
@pytest.mark.parametrize(("name", "case", "operation"), CALLS)
def test_any_memory_layout_read_only(name, case, operation, store):
    drawn = problems.operands(case, seed=11)
    stored = {operand: store(drawn[operand]) for operand in arrays(operation)}
    for array in stored.values():
        array.flags.writeable = False
    assert error(call(name, case, operation, drawn | stored), call(name, case, operation, drawn)) < 1e-14


@pytest.mark.parametrize(("name", "case", "operation"), CALLS)
def test_nothing_is_changed_in_place_or_shared(name, case, operation):
    drawn = problems.operands(case, seed=12)
    before = {operand: drawn[operand].copy() for operand in arrays(operation)}
    result = call(name, case, operation, drawn)
    assert result.flags.c_contiguous
    assert result.flags.writeable
    for operand, array in before.items():
        assert np.array_equal(drawn[operand], array)
        assert not np.shares_memory(drawn[operand], result)


@pytest.mark.parametrize(("name", "case", "operation"), CALLS)
def test_an_empty_batch_works(name, case, operation):
    empty = case.with_batch(0)
    result = call(name, empty, operation, problems.operands(empty, seed=13))
    full = call(name, case, operation, problems.operands(case, seed=13))
    if operation.endswith("grad_weight") or operation == "bias_grad":
        assert np.array_equal(result, np.zeros_like(full))
    else:
        assert result.shape == (0, *full.shape[1:])


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_lists_are_arrays_too(name):
    assert implementation(name).bias_add([[[[1, 2]]]], [0.5]).tolist() == [[[[1.5, 2.5]]]]


@pytest.mark.parametrize(("name", "case", "operation"), CALLS)
@pytest.mark.parametrize("dtype", [complex, object, "U1", "datetime64[s]"])
def test_other_kinds_are_refused(name, case, operation, dtype):
    drawn = problems.operands(case, seed=14)
    for operand in arrays(operation):
        wrong = np.zeros(drawn[operand].shape, dtype)
        with pytest.raises(
            TypeError, match=f"^{operand} must hold real numbers, got dtype {wrong.dtype}".replace("[", r"\[")
        ):
            call(name, case, operation, drawn | {operand: wrong})


def test_longdouble_is_kept_where_numpy_computes_and_refused_by_torch():
    X = np.ones((1, 1, 2, 2), np.longdouble)
    for name in ("naive", "matmul"):
        assert implementation(name).conv2d(X, X).dtype == np.longdouble
    with pytest.raises(TypeError, match="torch computes in float32 or float64, got dtype"):
        implementation("torch").conv2d(X, X)


@pytest.mark.parametrize(("name", "case", "operation"), CALLS)
def test_masked_arrays_are_refused(name, case, operation):
    """Their mask would be lost, and what it hides be computed with."""
    drawn = problems.operands(case, seed=17)
    for operand in arrays(operation):
        for masked in (np.ma.masked_less(drawn[operand], 0), [np.ma.masked_less(part, 0) for part in drawn[operand]]):
            with pytest.raises(TypeError, match=f"^{operand} must be an array without a mask, got a masked array"):
                call(name, case, operation, drawn | {operand: masked})


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
