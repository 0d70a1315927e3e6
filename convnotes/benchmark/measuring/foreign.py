"""An implementation that somebody else wrote, in a process of its own: asked for what it offers, and not trusted."""

import inspect
from collections.abc import Callable
from functools import cached_property, partial
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convnotes import OPERATIONS, check, naive
from convnotes.benchmark.measuring.estimate import Estimates
from convnotes.benchmark.measuring.measurement import Worker
from convnotes.benchmark.storing.schema import NOTE
from convnotes.cases import Case
from convnotes.implementations import Implementation, offers


class ForeignWorker(Worker):
    """The worker of one implementation that is none of ours."""

    def __init__(self, *settings: Any) -> None:
        super().__init__(*settings)
        # What it cannot do of the small cases says nothing of its speed on others.
        self.estimates = Estimates(self._trial)

    @cached_property
    def module(self) -> ModuleType:
        """Its module, loaded where it is first asked for; LoadError if it cannot be."""
        ((label, source),) = self.modules.items()
        return Implementation(label, source).load()

    def prepare(self, name: str, case: Case, operation: str) -> Callable[..., Any]:
        """One operation of a case as a call without arguments; NotImplementedError where that is not offered."""
        given = case.arguments(operation, dict.fromkeys(_OPERANDS, _OPERAND))
        needed = _needed(operation, given)
        if not offers(self.module, operation):
            raise NotImplementedError(f"no function {operation}")
        if lacking := [one for one in needed if not offers(self.module, operation, [one])]:
            raise NotImplementedError(f"no parameter {lacking[0]}")
        operands = self.operands(case)
        arguments = {one: operands[one] if value is _OPERAND else value for one, value in given.items()}
        taken = [one for one in given if one in needed or offers(self.module, operation, [one])]
        arguments = {one: arguments[one] for one in taken}
        if self.has_own_arrays(name):
            return self.module.prepare(operation, arguments)
        return partial(getattr(self.module, operation), **arguments)

    def has_own_arrays(self, name: str) -> bool:
        """Whether its module offers calls on arrays of its own, by `prepare` and `to_numpy`."""
        return all(offers(self.module, one) for one in ("prepare", "to_numpy"))

    def to_numpy(self, name: str, result: Any) -> object:
        return self.module.to_numpy(result) if self.has_own_arrays(name) else result

    def _trial(self, *problem: Any) -> Callable[..., Any]:
        call = self.prepare(*problem)

        def trial() -> None:
            try:
                call()
            except BaseException as raised:
                raise NotImplementedError from raised

        return trial

    def _judge(self, case: Case, operation: str, result: Any, expected: NDArray[Any]) -> tuple[float, str | None]:
        """As of ours; but it may have changed its arguments, and returned anything."""
        given, self._drawn = self.operands(case), (None, {})
        drawn = self.operands(case)  # the same anew, also for whoever comes next
        arrays = [name for name in OPERATIONS[operation] if isinstance(given[name], np.ndarray)]
        if changed := [name for name in arrays if not np.array_equal(given[name], drawn[name])]:
            fault = f"changes its argument {changed[0]}"
        elif not isinstance(result, np.ndarray):
            fault = f"returns {type(result).__name__} instead of an array"
        elif result.shape != expected.shape:
            fault = f"returns the shape {result.shape} instead of {expected.shape}"
        elif result.dtype.kind != "f":
            fault = f"returns {result.dtype} instead of {self.dtype}"
        else:
            return check.error(result, expected), None
        return np.inf, NOTE.nearest(fault)


_OPERANDS = {name for names in OPERATIONS.values() for name in names}
_OPERAND = object()


def _needed(operation: str, given: dict[str, Any]) -> list[str]:
    """The arguments that are not what a function without them would take: the defaults of the vocabulary."""
    parameters = inspect.signature(getattr(naive, operation)).parameters
    defaults = {name: parameter.default for name, parameter in parameters.items()}
    if "kernel_size" in given:
        defaults["stride"] = given["kernel_size"]  # which is what None stands for
    return [name for name, value in given.items() if value not in (defaults[name], (defaults[name],) * 2)]
