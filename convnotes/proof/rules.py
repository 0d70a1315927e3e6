"""A rule: what holds of an operation of every implementation, the questions that are asked, and what is wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from convnotes import check, naive
from convnotes.cases import Case
from convnotes.proof.calls import Answer, Call, answer

# What is asked, in columns: values; what is not finite; arrays; refusals; the witnesses that need no definition.
KINDS = VALUES, FINITE, ARRAYS, REFUSE, ADJOINT = ("values", "finite", "arrays", "refuse", "adjoint")

# What rounding alone explains in small layers.
BOUNDS = {np.dtype(np.float32): 1e-4, np.dtype(np.float64): 1e-10}


@dataclass(frozen=True)
class Rule:
    """A rule for one operation.

    kind: the column that it stands in
    says: what holds, in words
    questions: all of them, a strategy that draws one, or a function of the parameters there are that gives such
    examine: whether a subject keeps the rule on a question; raises `Broken` where it does not, `Lacking` where the
        subject offers nothing of the kind, and `Beside` where the question is none
    derived: the notebook and section that derive it
    needs: the parameters that a function must have to be asked
    weight: so many times the usual number of questions are drawn
    of_float64: whether it is about the precision of float64; of others it can be asked in float32
    """

    operation: str
    kind: str
    says: str
    questions: Any
    examine: Callable[[Any, Any], None]
    derived: str = ""
    needs: frozenset[str] = frozenset()
    weight: int = 1
    of_float64: bool = False


class Asked(Protocol):
    """Whoever answers questions: an implementation in this process, or in one of its own."""

    label: str

    def ask(self, call: Call) -> Answer: ...

    def parameters(self, operation: str) -> frozenset[str] | None: ...


class Broken(Exception):  # noqa: N818 - it is a finding
    """A call that breaks a rule: what was expected, and what came."""

    def __init__(self, call: Call, expected: Any, came: Any, why: str = "") -> None:
        super().__init__(call, expected, came, why)
        self.call, self.expected, self.came, self.why = call, expected, came, why


class Lacking(Exception):  # noqa: N818
    """The subject does not offer what is asked."""


class Beside(Exception):  # noqa: N818
    """Nothing is known of the answer to this question."""


def definition(call: Call) -> np.ndarray:
    """What the definition says; whatever it raises is a fault of the question."""
    found = answer(naive, call)
    if found.value is None:
        raise ValueError(f"the definition has no answer to {call}: {found}")
    return found.value


def array(found: Answer) -> np.ndarray:
    """The array of an answer that has one."""
    assert found.value is not None
    return found.value


def result(subject: Asked, call: Call, expected: Any = "") -> Answer:
    """The answer to a call that has one; raises `Broken` where no array came, `Lacking` where nothing is offered."""
    found = subject.ask(call)
    if found.lacking:
        raise Lacking
    if found.value is None:
        raise Broken(call, expected, found)
    return found


def equal(subject: Asked, call: Call, expected: Any = None, bound: float | None = None) -> Answer:
    """The subject's answer, which must be the expected one, by default the definition's, but for rounding."""
    if expected is None:
        expected = definition(call)
    found = result(subject, call, expected)
    most = bound or BOUNDS.get(array(found).dtype, BOUNDS[np.dtype(np.float64)])
    if not check.error(array(found), expected) <= most:
        raise Broken(call, expected, found)
    return found


def is_defined(subject: Asked, operation: str, case: Case, arguments: Mapping[str, Any]) -> bool:
    """Whether a subject is held to the definition on a layer. All are, but torch, as `convnotes.reference` says."""
    if subject.label != "torch":
        return True
    if case.layer == "max_pool2d" and not case.windows.all_meet_input():
        return False  # it reads outside its memory where a window lies wholly on the padding
    X: Any = arguments.get("input")
    match operation:
        case "max_pool2d_grad_input":  # of several not-a-numbers in a window it takes the last
            return bool(np.isnan(X).sum() <= 1)
        case "local_response_norm_grad_input":  # it multiplies zero with a power of infinity
            return case.options.get("beta", 0.75) <= 1 or bool(np.isfinite(X).all())
    return True
