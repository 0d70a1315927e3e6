"""Rules about arrays: dtypes, memory layouts, empty batches, nothing changed in place, nothing shared."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from convnotes import OPERATIONS
from convnotes.cases import Case
from convnotes.proof import derivations, values
from convnotes.proof.calls import LAYOUTS, Call, Stored
from convnotes.proof.rules import (
    ARRAYS,
    REFUSE,
    Asked,
    Beside,
    Broken,
    Lacking,
    Rule,
    array,
    definition,
    equal,
    is_defined,
    result,
)

# Small layers of each kind, the smallest first: one whose axes have a single entry, the plainest, one with parameters.
LAYERS = [
    Case("c", "conv2d", (1, 1, 4, 1), (1, 1, 2, 1)),
    Case("c", "conv2d", (2, 3, 4, 4), (2, 3, 2, 2)),
    Case("c", "conv2d", (2, 3, 4, 4), (2, 3, 1, 1)),
    Case("c", "conv2d", (2, 4, 6, 5), (2, 2, 3, 2), {"stride": (2, 1), "padding": 1, "groups": 2}),
    Case("c", "conv2d", (1, 2, 5, 6), (3, 2, 2, 2), {"dilation": (2, 3)}),
    Case("t", "conv_transpose2d", (1, 1, 1, 3), (1, 1, 2, 2)),
    Case("t", "conv_transpose2d", (2, 2, 3, 2), (2, 3, 2, 2)),
    Case("t", "conv_transpose2d", (2, 2, 3, 2), (2, 3, 1, 1)),
    Case("t", "conv_transpose2d", (2, 2, 3, 2), (2, 3, 2, 2), {"stride": 2, "output_padding": 1}),
    Case("t", "conv_transpose2d", (1, 2, 3, 2), (2, 3, 2, 2), {"dilation": (2, 3)}),
    Case("b", "bias_add", (1, 1, 3, 1)),
    Case("b", "bias_add", (2, 3, 2, 2)),
    Case("m", "max_pool2d", (1, 1, 4, 1), None, {"kernel_size": (2, 1)}),
    Case("m", "max_pool2d", (2, 2, 6, 7), None, {"kernel_size": 3}),
    Case("m", "max_pool2d", (2, 2, 3, 3), None, {"kernel_size": 1}),
    Case("m", "max_pool2d", (2, 2, 6, 7), None, {"kernel_size": 3, "stride": 2, "padding": 1}),
    Case("a", "avg_pool2d", (1, 1, 4, 1), None, {"kernel_size": (2, 1)}),
    Case("a", "avg_pool2d", (2, 2, 6, 7), None, {"kernel_size": np.int64(3)}),
    Case("a", "avg_pool2d", (2, 2, 3, 3), None, {"kernel_size": 1}),
    Case("a", "avg_pool2d", (2, 2, 6, 7), None, {"kernel_size": 3, "divisor_override": np.int64(4)}),
    Case("l", "local_response_norm", (1, 3, 1, 1), None, {"size": 3}),
    Case("l", "local_response_norm", (2, 6, 2, 2), None, {"size": 4}),
    Case("l", "local_response_norm", (2, 6, 2, 2), None, {
        "size": np.int64(4), "alpha": np.float64(0.7), "beta": np.float64(0.75), "k": np.float64(2)
    }),
]  # fmt: skip

# What float32 adds to the error of float64.
SINGLE = 1e-5


def given(call: Call) -> list[str]:
    """Those arguments of a call that are arrays."""
    return [name for name in operands(call.operation) if name in call.arguments]


def beside_bias(operation: str, subject: Asked, call: Call) -> Iterator[Call]:
    """A call, and the same one with a bias where the operation can have one."""
    yield call
    there = subject.parameters(operation)
    if operation in ("conv2d", "conv_transpose2d") and (there is None or "bias" in there):
        yield call.having(bias=np.arange(1.0, 1 + definition(call).shape[1]))


def operands(operation: str) -> list[str]:
    """The operation's arguments that are arrays."""
    return [name for name in OPERATIONS[operation] if not name.endswith("_size")]


def converted(call: Call, dtype: DTypeLike, names: Sequence[str] | None = None) -> Call:
    """A call with its arrays, or some of them, in another dtype."""
    names = given(call) if names is None else names
    return call.having(**{name: call.arguments[name].astype(dtype) for name in names})


def _asked(subject: Asked, call: Call, expected: NDArray[Any], dtype: np.dtype, bound: float) -> None:
    """Whether the answer is the expected one, in a dtype."""
    found = equal(subject, call, expected, bound)
    there = array(found).dtype
    if there != dtype:
        raise Broken(call, expected.astype(dtype), found, f"the result's dtype is {there}, not {dtype}")


def single(operation: str, subject: Asked, case: Case) -> None:
    for call in beside_bias(operation, subject, values.call(operation, case, 8)):
        expected = definition(call)
        _asked(subject, converted(call, np.float32), expected, np.dtype(np.float32), SINGLE)
        _asked(subject, call, expected, np.dtype(np.float64), 1e-10)


def promoted(operation: str, subject: Asked, question: Any) -> None:
    case, dtype = question
    for some in beside_bias(operation, subject, values.call(operation, case, 9, "whole")):
        call = converted(some, dtype)
        to = np.result_type(dtype, np.float32)
        _asked(subject, call, definition(converted(call, to)), to, SINGLE)


def alike(operation: str, subject: Asked, question: Any) -> None:
    """What is right in float64 is right in float32."""
    case, fill, seed = question
    call = values.call(operation, case, seed, fill)
    if not is_defined(subject, operation, case, call.arguments):
        raise Beside
    equal(subject, converted(call, np.float32), definition(call), SINGLE)


def mixed(operation: str, subject: Asked, case: Case) -> None:
    for call in beside_bias(operation, subject, values.call(operation, case, 10)):
        names = given(call)
        for precise in names:
            some = converted(call, np.float32, [name for name in names if name != precise])
            _asked(subject, some, definition(some), np.dtype(np.float64), 1e-10)


def laid_out(layout: str, operation: str, subject: Asked, case: Case) -> None:
    for call in beside_bias(operation, subject, values.call(operation, case, 11, "digits")):
        expected, names = definition(call), given(call)
        # All arrays together, and each alone: the others lie as any new array does.
        for some in [names, *([name] for name in names if len(names) > 1)]:
            equal(subject, call.having(**{name: Stored(call.arguments[name], layout) for name in some}), expected)
        few = converted(call, np.float32)
        equal(subject, few.having(**{name: Stored(few.arguments[name], layout) for name in names}), expected, SINGLE)


def unchanged(operation: str, subject: Asked, case: Case) -> None:
    for call in beside_bias(operation, subject, values.call(operation, case, 12, "digits")):
        for dtype in (np.float64, np.float32, np.int64):
            some = converted(call, dtype)
            found = result(subject, some)
            if found.changed:
                raise Broken(some, f"{found.changed[0]} as it was", f"{found.changed[0]} is changed in place")


def apart(operation: str, subject: Asked, case: Case) -> None:
    call = values.call(operation, case, 12, "digits")
    result(subject, call)
    found = result(subject, call)  # once more, since a result can lie where an earlier one does
    if found.shared:
        raise Broken(call, "a new array", f"the result shares memory with {found.shared[0]}")
    if not found.flags["writeable"]:
        raise Broken(call, "an array that can be written to", "one that is read-only")


def empty(operation: str, subject: Asked, case: Case) -> None:
    equal(subject, values.call(operation, case.with_batch(0), 13))


def refused(operation: str, subject: Asked, question: Any) -> None:
    case, name, convert = question
    call = values.call(operation, case, 14, "digits")
    if name not in call.arguments:
        raise Beside
    must_refuse(subject, call.having(**{name: convert(call.arguments[name])}), TypeError, name)


def must_refuse(subject: Asked, call: Call, error: type[Any], parameter: str, sentence: str = "") -> None:
    """Whether a call is refused, by an error of a kind whose text names the parameter, or is a certain sentence."""
    found = subject.ask(call)
    if found.lacking:
        raise Lacking
    expected = f"{error.__name__}: {sentence or f'a sentence that names {parameter}'}"
    if error.__name__ not in found.kinds:
        raise Broken(call, expected, found)
    if parameter not in found.said:
        raise Broken(call, expected, found)


PRECISION, EMPTY = "float32 stays float32 and float64 stays float64", "an empty batch works"
KEPT: dict[str, Callable[..., Any]] = {
    "nothing is changed in place": unchanged,
    PRECISION: single,
    "one float64 operand makes the result float64": mixed,
    "the result is a new array that can be written to": apart,
    EMPTY: empty,
}
DTYPES = ("float16", ">f4", "int8", "int64", "bool")
KINDS = {
    "complex numbers are refused": lambda array: array.astype(complex),
    "objects are refused": lambda array: array.astype(object),
    "text is refused": lambda array: np.zeros(array.shape, "U1"),
    "dates are refused": lambda array: np.zeros(array.shape, "datetime64[s]"),
    "masked arrays are refused": lambda array: np.ma.masked_less(array, 0),
}


def rules() -> Iterator[Rule]:
    """The rules about arrays of all operations."""
    for operation in OPERATIONS:
        cases = [case for case in LAYERS if operation in case.operations]

        def rule(
            says: str,
            questions: Any,
            check: Callable[..., None],
            kind: str = ARRAYS,
            of_float64: bool = False,
            operation: str = operation,
        ) -> Rule:
            help = derivations.help_of(operation)
            return Rule(operation, kind, says, questions, check, help, of_float64=of_float64)

        for says, check in KEPT.items():
            yield rule(says, cases, partial(check, operation), of_float64=check in (single, mixed))
        yield rule(
            "all parameters together in float32", partial(values.everything, operation), partial(alike, operation)
        )
        for layout in LAYOUTS:
            yield rule(f"read-only arrays in {layout}", cases, partial(laid_out, layout, operation))
        for dtype in DTYPES:
            says = f"{np.dtype(dtype).name if dtype != '>f4' else 'swapped float32'} is promoted"
            yield rule(says, [(case, dtype) for case in cases], partial(promoted, operation))
        for says, convert in KINDS.items():
            questions = [(case, name, convert) for case in cases for name in operands(operation)]
            yield rule(says, questions, partial(refused, operation), REFUSE)
