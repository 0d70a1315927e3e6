"""Everything that cannot work is refused in one sentence that names the parameter, its value and the rule."""

import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np

from convnotes import OPERATIONS, naive
from convnotes.cases import Case
from convnotes.proof import derivations, values
from convnotes.proof.arrays import must_refuse
from convnotes.proof.calls import Call
from convnotes.proof.rules import REFUSE, Asked, Rule

LAYERS = {
    "conv2d": Case("c", "conv2d", (2, 4, 6, 5), (6, 2, 3, 2), {"groups": 2}),
    "conv_transpose2d": Case("t", "conv_transpose2d", (2, 4, 3, 2), (4, 3, 2, 2), {"groups": 2}),
    "max_pool2d": Case("m", "max_pool2d", (2, 3, 6, 5), None, {"kernel_size": 3}),
    "avg_pool2d": Case("a", "avg_pool2d", (2, 3, 6, 5), None, {"kernel_size": 3}),
    "local_response_norm": Case("l", "local_response_norm", (2, 3, 2, 2), None, {"size": 3}),
    "bias_add": Case("b", "bias_add", (2, 3, 2, 2)),
}
# Without groups, for whatever is not about them: with the same output.
PLAIN = LAYERS | {
    "conv2d": Case("c", "conv2d", (2, 4, 6, 5), (6, 4, 3, 2)),
    "conv_transpose2d": Case("t", "conv_transpose2d", (2, 4, 3, 2), (4, 6, 2, 2)),
}
CONVOLUTIONS = "conv2d conv_transpose2d"
POOLS = "max_pool2d avg_pool2d"

# The layers, the changed arguments, the error and its whole message. Every operation of the layer that takes
# all the changed arguments must refuse them.
REFUSALS: list[tuple[str, dict[str, Any], type[Exception], str]] = [
    # stride, dilation, kernel, padding: kind and range
    (f"{CONVOLUTIONS} {POOLS}", {"stride": 0}, ValueError, "stride must be at least 1 along both axes, got 0"),
    (f"{CONVOLUTIONS} {POOLS}", {"stride": (2, -1)}, ValueError, "stride must be at least 1 along both axes, got (2, -1)"),
    (f"{CONVOLUTIONS} {POOLS}", {"stride": 1.0}, TypeError, "stride must be an integer or a pair of integers, got 1.0"),
    (CONVOLUTIONS, {"stride": None}, TypeError, "stride must be an integer or a pair of integers, got None"),
    (f"{CONVOLUTIONS} {POOLS}", {"stride": True}, TypeError, "stride must be an integer or a pair of integers, got True"),
    (f"{CONVOLUTIONS} {POOLS}", {"stride": (1, 2, 3)}, ValueError, "stride must be an integer or a pair (vertical, horizontal), got (1, 2, 3)"),
    (f"{CONVOLUTIONS} max_pool2d", {"dilation": 0}, ValueError, "dilation must be at least 1 along both axes, got 0"),
    (f"{CONVOLUTIONS} max_pool2d", {"dilation": (1, "2")}, TypeError, "dilation must be an integer or a pair of integers, got (1, '2')"),
    (POOLS, {"kernel_size": 0}, ValueError, "kernel_size must be at least 1 along both axes, got 0"),
    (POOLS, {"kernel_size": (3, -2)}, ValueError, "kernel_size must be at least 1 along both axes, got (3, -2)"),
    (POOLS, {"kernel_size": "3"}, TypeError, "kernel_size must be an integer or a pair of integers, got '3'"),
    (f"{CONVOLUTIONS} {POOLS}", {"padding": -1}, ValueError, "padding must be at least 0 along both axes, got -1"),
    (f"{CONVOLUTIONS} {POOLS}", {"padding": 0.5}, TypeError, "padding must be an integer or a pair of integers, got 0.5"),
    ("conv2d", {"padding": ((0, -1), (0, 0))}, ValueError, "padding must be at least 0 along both axes, got (0, -1)"),
    ("conv2d", {"padding": ((0, 0), (0, -1))}, ValueError, "padding must be at least 0 along both axes, got (0, -1)"),
    ("conv2d", {"padding": "full"}, ValueError, "padding must be 'valid', 'same', an integer or a pair, got 'full'"),
    ("conv2d", {"padding": "same", "stride": 2}, ValueError, "padding must not be 'same' unless stride is 1, got stride (2, 2)"),
    ("conv2d", {"padding": "same", "stride": (1, 2)}, ValueError, "padding must not be 'same' unless stride is 1, got stride (1, 2)"),
    (f"conv_transpose2d {POOLS}", {"padding": "same"}, TypeError, "padding must be an integer or a pair of integers, got 'same'"),
    (f"conv_transpose2d {POOLS}", {"padding": ((0, 0), (0, 0))}, TypeError, "padding must be an integer or a pair of integers, got ((0, 0), (0, 0))"),
    (POOLS, {"padding": 2}, ValueError, "padding must be at most half of kernel_size, got 2 for kernel_size 3"),
    (POOLS, {"padding": (1, 2)}, ValueError, "padding must be at most half of kernel_size, got (1, 2) for kernel_size 3"),
    # a kernel larger than the padded input
    ("conv2d", {"dilation": 3}, ValueError, "weight must not be larger than the padded input, got a kernel that spans (7, 4) on (6, 5)"),
    ("conv2d", {"dilation": (1, 7), "padding": 1}, ValueError, "weight must not be larger than the padded input, got a kernel that spans (3, 8) on (8, 7)"),
    (POOLS, {"kernel_size": (2, 6)}, ValueError, "kernel_size must not be larger than the padded input, got a kernel that spans (2, 6) on (6, 5)"),
    ("max_pool2d", {"dilation": 3}, ValueError, "kernel_size must not be larger than the padded input, got a kernel that spans (7, 7) on (6, 5)"),
    (POOLS, {"kernel_size": 8, "stride": 2, "ceil_mode": True}, ValueError, "kernel_size must not be larger than the padded input, got a kernel that spans (8, 8) on (6, 5)"),
    # groups and channels
    (CONVOLUTIONS, {"groups": 0}, ValueError, "groups must be at least 1, got 0"),
    (CONVOLUTIONS, {"groups": 2.0}, TypeError, "groups must be an integer, got 2.0"),
    ("conv2d", {"groups": 3}, ValueError, "groups must divide C_in and C_out, got groups 3 for C_in 4 and C_out 6"),
    ("conv2d", {"groups": 4}, ValueError, "groups must divide C_in and C_out, got groups 4 for C_in 4 and C_out 6"),
    ("conv2d", {"groups": 1}, ValueError, "weight must have C_in/groups = 4/1 channels per filter, got shape (6, 2, 3, 2)"),
    ("conv_transpose2d", {"groups": 3}, ValueError, "groups must divide C_in, got groups 3 for C_in 4"),
    # output padding and transposed padding
    ("conv_transpose2d", {"output_padding": 1}, ValueError, "output_padding must be below max(stride, dilation), got (1, 1) with stride (1, 1) and dilation (1, 1)"),
    ("conv_transpose2d", {"output_padding": (1, 2), "stride": 2}, ValueError, "output_padding must be below max(stride, dilation), got (1, 2) with stride (2, 2) and dilation (1, 1)"),
    ("conv_transpose2d", {"output_padding": -1}, ValueError, "output_padding must be at least 0 along both axes, got -1"),
    ("conv_transpose2d", {"padding": 2}, ValueError, "padding must leave an output of at least one pixel, got 2 for an output of (0, -1)"),
    # options of the pools
    (POOLS, {"ceil_mode": 1}, TypeError, "ceil_mode must be True or False, got 1"),
    ("avg_pool2d", {"count_include_pad": "no"}, TypeError, "count_include_pad must be True or False, got 'no'"),
    ("avg_pool2d", {"divisor_override": 0}, ValueError, "divisor_override must not be 0, got 0"),
    ("avg_pool2d", {"divisor_override": 1.5}, TypeError, "divisor_override must be an integer, got 1.5"),
    # normalization
    ("local_response_norm", {"size": 0}, ValueError, "size must be at least 1, got 0"),
    ("local_response_norm", {"size": 2.0}, TypeError, "size must be an integer, got 2.0"),
    ("local_response_norm", {"alpha": "1"}, TypeError, "alpha must be a real number, got '1'"),
    ("local_response_norm", {"alpha": -1.0}, ValueError, "alpha must not be negative, got -1.0"),
    ("local_response_norm", {"beta": float("inf")}, ValueError, "beta must be finite, got inf"),
    ("local_response_norm", {"beta": float("nan")}, ValueError, "beta must be finite, got nan"),
    ("local_response_norm", {"beta": True}, TypeError, "beta must be a real number, got True"),
    ("local_response_norm", {"k": 0}, ValueError, "k must be above 0, got 0.0"),
    ("local_response_norm", {"k": None}, TypeError, "k must be a real number, got None"),
    # ranks and shapes; a string stands for an array of that shape
    (" ".join(LAYERS), {"input": "(3, 3)"}, ValueError, "input must have four axes (N, C, H, W), got (3, 3)"),
    (" ".join(LAYERS), {"input": "(2, 0, 3, 3)"}, ValueError, "input must have entries along every axis of (N, C, H, W) except N, got (2, 0, 3, 3)"),
    ("conv2d", {"input": "(2, 3, 6, 5)"}, ValueError, "groups must divide C_in and C_out, got groups 2 for C_in 3 and C_out 6"),
    ("conv_transpose2d", {"input": "(2, 3, 6, 5)"}, ValueError, "weight must have C_in = 3 channels along its first axis, got shape (4, 3, 2, 2)"),
    ("conv2d", {"weight": "(6, 3, 3, 2)"}, ValueError, "weight must have C_in/groups = 4/2 channels per filter, got shape (6, 3, 3, 2)"),
    ("conv2d", {"weight": "(6, 2, 3)"}, ValueError, "weight must have four axes (C_out, C_in/groups, kH, kW), got (6, 2, 3)"),
    ("conv2d", {"weight": "(0, 2, 3, 2)"}, ValueError, "weight must have entries along every axis of (C_out, C_in/groups, kH, kW), got (0, 2, 3, 2)"),
    ("conv_transpose2d", {"weight": "(6, 3, 2, 2)"}, ValueError, "weight must have C_in = 4 channels along its first axis, got shape (6, 3, 2, 2)"),
    ("conv_transpose2d", {"weight": "(4, 3, 0, 2)"}, ValueError, "weight must have entries along every axis of (C_in, C_out/groups, kH, kW), got (4, 3, 0, 2)"),
    (f"{CONVOLUTIONS}", {"bias": "(5,)"}, ValueError, "bias must have shape (6,), got (5,)"),
    (f"{CONVOLUTIONS}", {"bias": "(1,)"}, ValueError, "bias must have shape (6,), got (1,)"),
    ("bias_add", {"bias": "(3, 1)"}, ValueError, "bias must have shape (3,), got (3, 1)"),
    ("conv2d", {"grad_output": "(2, 6, 4, 5)"}, ValueError, "grad_output must have shape (2, 6, 4, 4), got (2, 6, 4, 5)"),
    ("conv2d", {"grad_output": "(1, 6, 4, 4)"}, ValueError, "grad_output must have shape (2, 6, 4, 4), got (1, 6, 4, 4)"),
    ("conv_transpose2d", {"grad_output": "(2, 6, 4, 4)"}, ValueError, "grad_output must have shape (2, 6, 4, 3), got (2, 6, 4, 4)"),
    (POOLS, {"grad_output": "(2, 3, 2, 2)"}, ValueError, "grad_output must have shape (2, 3, 2, 1), got (2, 3, 2, 2)"),
    ("local_response_norm", {"grad_output": "(2, 3, 2, 1)"}, ValueError, "grad_output must have shape (2, 3, 2, 2), got (2, 3, 2, 1)"),
    ("bias_add", {"grad_output": "(2, 3)"}, ValueError, "grad_output must have four axes (N, C, H, W), got (2, 3)"),
    # sizes
    (f"{CONVOLUTIONS} avg_pool2d", {"input_size": 5}, TypeError, "input_size must be a tuple of four integers (N, C, H, W), got 5"),
    (f"{CONVOLUTIONS} avg_pool2d", {"input_size": (2, 4, 6)}, ValueError, "input_size must have four axes (N, C, H, W), got (2, 4, 6)"),
    (f"{CONVOLUTIONS} avg_pool2d", {"input_size": (2, 4, 6, 5.0)}, TypeError, "input_size must hold integers (N, C, H, W), got (2, 4, 6, 5.0)"),
    (f"{CONVOLUTIONS} avg_pool2d", {"input_size": (-1, 4, 6, 5)}, ValueError, "input_size must have entries along every axis of (N, C, H, W) except N, got (-1, 4, 6, 5)"),
    (CONVOLUTIONS, {"weight_size": (6, 2, 3)}, ValueError, "weight_size must have four axes (C, C/groups, kH, kW), got (6, 2, 3)"),
    # kinds
    (" ".join(LAYERS), {"input": [[1, 2], [3]]}, ValueError, "input must be an array of numbers, got nested sequences of unequal lengths"),
    (" ".join(LAYERS), {"input": "text"}, TypeError, "input must hold real numbers, got dtype <U4"),
]  # fmt: skip


def _value(value: Any) -> Any:
    return np.ones(eval(value)) if isinstance(value, str) and value.startswith("(") else value


def _takes(operation: str, changes: dict[str, Any]) -> bool:
    return {*changes} <= {*inspect.signature(getattr(naive, operation)).parameters}


def _call(operation: str, case: Case, changes: dict[str, Any]) -> Call:
    # A bias is there where it is what is wrong.
    call = values.call(operation, case, 0, "digits", bias="bias" in changes)
    if "input" in changes and case.layer == "bias_add":
        shape: tuple[int, ...] = np.shape(_value(changes["input"])) if isinstance(changes["input"], str) else ()
        call = call.having(bias=np.ones(shape[1] if len(shape) == 4 else 3))
    return call.having(**{name: _value(value) for name, value in changes.items()})


def examine(subject: Asked, question: Any) -> None:
    """Whether a call is refused, by the right kind of error, whose text names the parameter."""
    call, error, sentence = question
    must_refuse(subject, call, error, sentence.split()[0], sentence)


def questions(operation: str) -> Iterator[tuple[Any, ...]]:
    """The calls of an operation that are to be refused: the rule, the call, the error and its whole sentence."""
    for layers, changes, error, sentence in REFUSALS:
        for layer in layers.split():
            if operation in LAYERS[layer].operations and _takes(operation, changes):
                of_groups = "group" in sentence or "weight" in changes or str(LAYERS[layer].weight_size) in sentence
                chosen = LAYERS if of_groups else PLAIN
                yield _rule(sentence), _call(operation, chosen[layer], changes), error, sentence
    if operation == "max_pool2d_grad_input":
        for ties in ("last", None, True):
            sentence = f"ties must be 'first' or 'all', got {ties!r}"
            yield _rule(sentence), _call(operation, LAYERS["max_pool2d"], {"ties": ties}), ValueError, sentence


def _rule(sentence: str) -> str:
    """What a sentence says of any value."""
    return sentence.partition(", got")[0]


def rules() -> Iterator[Rule]:
    """The refusals of all operations, those of one parameter and rule together."""
    for operation in OPERATIONS:
        found: dict[str, list[Any]] = {}
        for says, *question in questions(operation):
            found.setdefault(says, []).append(tuple(question))
        for says, some in found.items():
            needs = frozenset().union(*(_needs(operation, call) for call, _, _ in some))
            yield Rule(operation, REFUSE, says, some, examine, derivations.help_of(operation), needs)


def _needs(operation: str, call: Call) -> set[str]:
    return {name for name in call.arguments if name not in OPERATIONS[operation]} | ({"bias"} & {*call.arguments})
