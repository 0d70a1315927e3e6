"""Witnesses that need no definition: the adjoint identity, and central differences of a function's own values."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from convnotes import OPERATIONS, check
from convnotes.cases import Case
from convnotes.proof import derivations, problems
from convnotes.proof.calls import Call
from convnotes.proof.rules import ADJOINT, Asked, Beside, Broken, Rule, array, is_defined, result
from convnotes.proof.values import LAYERS, SEEDS, STRATEGIES, all_features, call_on, offered

# A gradient that is linear in grad_output, the operation that it is the transpose of, and the operand it is for.
TRANSPOSES = {
    "conv2d_grad_input": ("conv2d", "input"),
    "conv2d_grad_weight": ("conv2d", "weight"),
    "conv_transpose2d_grad_input": ("conv_transpose2d", "input"),
    "conv_transpose2d_grad_weight": ("conv_transpose2d", "weight"),
    "avg_pool2d_grad_input": ("avg_pool2d", "input"),
}
DIFFERENTIABLE = [
    Case("c", "conv2d", (2, 2, 4, 5), (2, 2, 3, 2)),
    Case("c", "conv2d", (2, 4, 6, 5), (2, 2, 3, 2), {"stride": (2, 3), "padding": ((1, 0), (2, 1)), "groups": 2}),
    Case("c", "conv2d", (1, 2, 7, 6), (3, 2, 2, 3), {"dilation": (3, 2), "padding": 1}),
    Case("t", "conv_transpose2d", (2, 2, 2, 3), (2, 1, 3, 2)),
    Case("t", "conv_transpose2d", (2, 4, 2, 3), (4, 1, 3, 2), {
        "stride": 2, "padding": 1, "output_padding": 1, "groups": 2,
    }),
    Case("t", "conv_transpose2d", (1, 2, 3, 2), (2, 2, 2, 2), {"dilation": (2, 3), "output_padding": (1, 2)}),
    Case("b", "bias_add", (2, 3, 2, 2)),
    Case("m", "max_pool2d", (2, 2, 6, 6), None, {"kernel_size": 3}),
    Case("m", "max_pool2d", (2, 2, 6, 7), None, {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}),
    Case("m", "max_pool2d", (1, 2, 7, 6), None, {"kernel_size": (2, 3), "stride": 1, "dilation": 2}),
    Case("a", "avg_pool2d", (2, 2, 6, 6), None, {"kernel_size": 3}),
    Case("a", "avg_pool2d", (2, 2, 6, 7), None, {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}),
    Case("a", "avg_pool2d", (1, 2, 5, 6), None, {"kernel_size": 2, "padding": 1, "count_include_pad": False}),
    Case("l", "local_response_norm", (1, 5, 2, 2), None, {"size": 3}),
    Case("l", "local_response_norm", (2, 6, 2, 2), None, {"size": 4, "alpha": 0.7, "beta": 0.75, "k": 1.5}),
    Case("l", "local_response_norm", (1, 5, 2, 2), None, {"size": 3, "alpha": 2.0, "beta": 0.5, "k": 1.0}),
]  # fmt: skip
IDENTITY, DIFFERENCES = "<forward(x), y> = <x, gradient(y)>", "central differences of the forward operation"

# The operand that each gradient is for.
SOURCES = {"grad_input": "input", "grad_weight": "weight", "bias_grad": "bias"}


def source(gradient: str) -> str:
    """The operand that a gradient is for."""
    return next(operand for ending, operand in SOURCES.items() if gradient.endswith(ending))


def transpose(gradient: str, subject: Asked, question: Any) -> None:
    """The identity that defines a transpose, for random x and y: an error in any entry of either map shows."""
    case, seed = question
    forward, operand = TRANSPOSES[gradient]
    drawn = problems.operands(case, seed)
    x, y = drawn[operand], drawn["grad_output"]
    back = call_on(gradient, case, drawn)
    image, returned = _image(subject, call_on(forward, case, drawn), y), array(result(subject, back, x))
    if returned.shape != x.shape:
        raise Broken(back, f"an array of shape {x.shape}", f"one of shape {returned.shape}")
    scale = np.linalg.norm(image) * np.linalg.norm(y)
    left, right = np.vdot(image, y), np.vdot(x, returned)
    if not abs(left - right) <= 1e-10 * (scale or 1):
        why = f"<{forward}({operand}), grad_output> is {left:.10g}, <{operand}, {gradient}(...)> is {right:.10g}"
        raise Broken(back, "the same number on both sides of the identity", why)


def differences(gradient: str, subject: Asked, case: Case) -> None:
    """The gradient against differences of the subject's own forward values."""
    drawn = problems.operands(case, 6)
    if not is_defined(subject, gradient, case, drawn):
        raise Beside
    operand, there = source(gradient), call_on(case.layer, case, drawn)

    def forward(value: NDArray[Any]) -> NDArray[Any]:
        return _image(subject, there.having(**{operand: value}), drawn["grad_output"])

    back = call_on(gradient, case, drawn)
    numerical = check.numerical_gradient(forward, drawn[operand], drawn["grad_output"])
    found = result(subject, back, numerical)
    if not check.error(array(found), numerical) <= 1e-7:
        raise Broken(back, numerical, found)


def _image(subject: Asked, call: Call, like: NDArray[Any]) -> np.ndarray:
    """What the forward operation makes; where that is no array of the right shape, no gradient is to blame."""
    found = subject.ask(call)
    if found.lacking or found.value is None or found.value.shape != like.shape:
        raise Beside
    return found.value


def _questions(gradient: str, there: frozenset[str] | None) -> st.SearchStrategy[Any]:
    forward = TRANSPOSES[gradient][0]
    features = offered(gradient, all_features(forward), there)
    return st.tuples(STRATEGIES[LAYERS[forward]](features), SEEDS)


def rules() -> Iterator[Rule]:
    """The two witnesses, for all gradients that they can be asked of."""
    for operation in OPERATIONS:
        derived = derivations.WITNESSES
        if operation in TRANSPOSES:
            questions = partial(_questions, operation)
            rule = partial(transpose, operation)
            yield Rule(operation, ADJOINT, IDENTITY, questions, rule, derived, of_float64=True)
        if operation != LAYERS[operation]:
            cases = [case for case in DIFFERENTIABLE if case.layer == LAYERS[operation]]
            rule = partial(differences, operation)
            yield Rule(operation, ADJOINT, DIFFERENCES, cases, rule, derived, of_float64=True)
