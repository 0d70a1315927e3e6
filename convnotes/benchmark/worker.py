"""What a worker process does: it computes expected values, and it measures implementations against them."""

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from pathlib import Path

import numpy as np

from convnotes import check
from convnotes.benchmark import costs, machine, timing
from convnotes.benchmark.estimate import Estimates
from convnotes.cases import Case

# Rounding in sums of a few thousand products explains errors far below these; a result above them is wrong.
BOUNDS = {"float32": 1e-4, "float64": 1e-10}

# Tracing memory slows plain loops about tenfold.
TRACING = 10

_worker = None


def start(*settings) -> dict:
    """Set this process up as a `Worker`; returns its libraries and their threads."""
    global _worker
    _worker = Worker(*settings)
    return machine.libraries("torch" in _worker.modules)


def define(*problem) -> str:
    """`Worker.define` in this process."""
    return _worker.define(*problem)


def measure(*problem) -> list[dict]:
    """`Worker.measure` in this process."""
    return _worker.measure(*problem)


class Worker:
    """Some implementations, computing in one precision.

    modules: the module of each implementation, by its name
    rounded: the dtype to which all operands are rounded
    dtype: the dtype in which to compute; float64 for the definition
    limit: the seconds that one call may take
    threads: the threads torch may use; those of NumPy's BLAS are set before the process starts
    """

    def __init__(self, modules: Mapping[str, str], rounded: str, dtype: str, limit: float, threads: int):
        self.modules = {name: import_module(module) for name, module in modules.items()}
        self.rounded, self.dtype, self.limit, self.threads = (rounded, dtype, limit, threads)
        self.estimates = Estimates(self.prepare)
        if "torch" in modules:
            import torch

            torch.set_num_threads(threads)

    def prepare(self, name: str, case: Case, operation: str) -> Callable:
        """One operation of a case as a call without arguments; the operands are the same wherever it is made."""
        rng = np.random.default_rng(list(case.name.encode()))
        operands = case.operands(rng, self.rounded)
        operands |= {key: value.astype(self.dtype) for key, value in operands.items() if hasattr(value, "dtype")}
        if name == "torch":
            from convnotes.benchmark import torch_calls

            return torch_calls.prepare(case, operation, operands)
        return partial(getattr(self.modules[name], operation), **case.arguments(operation, operands))

    def define(self, case: Case, operation: str, path: Path) -> str:
        """Store the expected values; returns the implementation they are by.

        It is the naive one, or the matrix products, proven equal, where plain loops would take too long.
        """
        too_slow = self.estimates.seconds("naive", case, operation, self.limit) > self.limit
        name = "matmul" if too_slow else "naive"
        np.save(path, self.prepare(name, case, operation)())
        return name

    def measure(self, case: Case, operation: str, definition: str, path: Path, repeats: int) -> list[dict]:
        """One record for each timing of each implementation, or one that says why there is none."""
        expected = np.load(path)
        calls, records = {}, {}
        for name in self.modules:
            facts = self._facts(case, operation, name) | {"definition": definition}
            calls[name], found = self._check(name, case, operation, expected)
            records[name] = facts | found
        timings = timing.take_turns({name: call for name, call in calls.items() if call}, repeats)
        rows = []
        for name, record in records.items():
            loops, times = timings.get(name, (None, []))
            for repeat, seconds in enumerate(times):
                rows.append({**record, "repeat": repeat, "seconds": seconds, "loops": loops})
            if times:
                self.estimates.learn(name, case, operation, min(times))
            else:
                rows.append(record)
        return rows

    def _facts(self, case, operation, name):
        itemsize = np.dtype(self.dtype).itemsize
        return {
            "case": case.name,
            "operation": operation,
            "implementation": name,
            "batch": case.input_size[0],
            "dtype": self.dtype,
            "threads": self.threads,
            "multiply_adds": costs.multiply_adds(case, operation),
            "bytes": costs.compulsory_bytes(case, operation, itemsize),
            "workspace_bytes": costs.workspace_bytes(case, operation, name, itemsize),
        }

    def _check(self, name, case, operation, expected):
        """The call if it may be timed, else None, and what was found out about it. No clock runs here."""
        try:
            estimate = self.estimates.seconds(name, case, operation, self.limit / TRACING)
            if estimate > self.limit:
                return None, {"status": "not run", "estimate_seconds": estimate}
            call = self.prepare(name, case, operation)
            if name == "torch" or estimate * TRACING > self.limit:
                result, peak = call(), None
            else:
                result, peak = timing.peak(call)
            error = check.error(np.asarray(result), expected)
        except Exception as problem:  # whatever an implementation raises is its result, and no reason to stop
            note = f"{type(problem).__name__}: {problem}".splitlines()[0]
            return None, {"status": "failed", "note": note}
        if not error <= BOUNDS[self.dtype]:
            return None, {"status": "wrong", "error": error}
        return call, {"status": "measured", "error": error, "peak_bytes": peak}
