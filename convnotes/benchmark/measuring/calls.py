"""Operations as calls without arguments, on operands that are the same in every process."""

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

from convnotes.cases import Case


class Calls:
    """The calls of some implementations in one precision.

    modules: the module of each implementation, by its name
    rounded: the dtype to which all operands are rounded
    dtype: the dtype in which to compute; float64 for the definition
    device: where torch's tensors lie
    """

    def __init__(self, modules: Mapping[str, str], rounded: str, dtype: str, device: str = "cpu") -> None:
        self.modules = dict(modules)
        self.rounded, self.dtype, self.device = rounded, dtype, device
        self._drawn: tuple[Case | None, dict[str, Any]] = None, {}

    def operands(self, case: Case) -> dict[str, Any]:
        """The operands of a case, the same in every process; the last ones are kept for the case's next operation."""
        if self._drawn[0] != case:
            self._drawn = None, {}  # two cases' operands at a time may be too large
            drawn = case.operands(np.random.default_rng(list(case.name.encode())), self.rounded)
            arrays = {name: value for name, value in drawn.items() if isinstance(value, np.ndarray)}
            drawn |= {name: array.astype(self.dtype, copy=False) for name, array in arrays.items()}
            self._drawn = case, drawn
        return self._drawn[1]

    def prepare(self, name: str, case: Case, operation: str) -> Callable[..., Any]:
        """One operation of a case as a call without arguments."""
        if name == "torch":
            from convnotes.benchmark.measuring import torch_calls

            return torch_calls.prepare(case, operation, self.operands(case), self.device)
        return partial(self._function(name, operation), **case.arguments(operation, self.operands(case)))

    def has_own_arrays(self, name: str) -> bool:
        """Whether the calls of an implementation work on arrays that are not NumPy's, made before a clock starts."""
        return name == "torch"

    def to_numpy(self, name: str, result: Any) -> object:
        """The result of a call as a NumPy array; what is to be one already, as it is."""
        return np.asarray(result.cpu()) if name == "torch" else result

    def image_by_image(self, case: Case, operation: str) -> np.ndarray:
        """The result of the matrix products, with the columns of one image at a time: these fit in memory."""
        one, operands = case.with_batch(1), self.operands(case)
        function = self._function("matmul", operation)
        results = []
        for n in range(case.input_size[0]):
            image = {name: operands[name][n : n + 1] for name in ("input", "grad_output")}
            results.append(function(**one.arguments(operation, operands | image | {"input_size": one.input_size})))
        of_all = operation.endswith(("_grad_weight", "bias_grad"))
        return sum(results) if of_all else np.concatenate(results)

    def _function(self, name: str, operation: str) -> Callable[..., Any]:
        # Not before it is asked for: a module that cannot be imported fails as its calls would.
        return getattr(import_module(self.modules[name]), operation)
