"""Measuring: expected values are computed, implementations compared with them, and only then timed."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from convnotes import check
from convnotes.benchmark import costs, steps, timing
from convnotes.benchmark.calls import Calls
from convnotes.benchmark.estimate import Estimates
from convnotes.cases import Case

# Rounding in sums of a few thousand products explains errors far below these; a result above them is wrong.
BOUNDS = {"float32": 1e-4, "float64": 1e-10}

# Plain loops define the expected values where they take no longer than this.
DEFINING = 0.1  # seconds
# Tracing memory slows plain loops about tenfold, and an implementation that works on whole arrays not at all. Loops
# are traced where this times their estimate is within the limit, which a traced call then takes a third of.
TRACING = {"naive": 30}
# Plain loops get this part of the limit: they take long in proportion to their work, and a longer call of theirs
# teaches nothing that a shorter one does not.
PATIENCE = {"naive": 0.25}


class Worker(Calls):
    """Some implementations, measured in one precision.

    limit: the seconds that one call may take; plain loops have PATIENCE's part of it
    threads: the threads torch may use; those of NumPy's BLAS are set before the process starts
    """

    def __init__(
        self, modules: Mapping[str, str], rounded: str, dtype: str, limit: float, threads: int, device: str = "cpu"
    ):
        super().__init__(modules, rounded, dtype, device)
        self.limit, self.threads = limit, threads
        self.estimates = Estimates(self.prepare)
        self.stopwatch = timing.elapsed
        if "torch" in modules:
            import torch

            torch.set_num_threads(threads)
        if device == "cuda":
            from convnotes.benchmark import cuda

            cuda.set_precision()
            self.stopwatch = cuda.elapsed

    def define(self, case: Case, operation: str, path: Path) -> str:
        """Store the expected values; returns the implementation they are by.

        It is the naive one, or the matrix products, proven equal, where plain loops would take too long.
        """
        longest = min(DEFINING, self.limit)
        if self.estimates.seconds("naive", case, operation, longest) <= longest:
            np.save(path, self.prepare("naive", case, operation)())
            return "naive"
        np.save(path, self.image_by_image(case, operation))
        return "matmul"

    def measure(self, case: Case, operation: str, definition: str, path: Path, repeats: int) -> list[dict]:
        """The first round: one record for each timing of each implementation, or one that says why there is none."""
        expected = np.load(path)
        records, calls = {}, {}
        for name in self.modules:
            call, found = self._check(name, case, operation, expected)
            known = costs.record(case, operation, name, self.dtype) | {"device": self.device, "threads": self.threads}
            records[name, ""] = known | {"definition": definition} | found
            if call:
                calls[name, ""] = call
        plans = self._plan(records, calls, repeats)
        if ("matmul", "") in calls and operation == "conv2d":
            for step, call in steps.calls(case, self.operands(case)).items():
                calls["matmul", step] = call
                records["matmul", step] = steps.record(records["matmul", ""], step)
                plans["matmul", step] = timing.plan(call, repeats, self.stopwatch)
        rows = self._time(records, calls, plans, 0)
        for name, step in calls:
            times = [row.get("seconds") for row in rows if (row["implementation"], row["step"]) == (name, step)]
            if not step and times != [None]:
                self.estimates.learn(name, case, operation, min(times))
        return rows

    def repeat(self, case: Case, operation: str, turn: int, known: Sequence[tuple[dict, timing.Plan]]) -> list[dict]:
        """A later round: further timings of what was measured in the first, whose records and plans are known."""
        records = {(record["implementation"], record["step"]): record for record, _ in known}
        plans = dict(zip(records, (plan for _, plan in known)))
        calls = {(name, step): self.prepare(name, case, operation) for name, step in records if not step}
        if any(step for _, step in records):
            parts = steps.calls(case, self.operands(case))
            calls |= {("matmul", step): parts[step] for _, step in records if step}
        return self._time(records, calls, plans, turn)

    def _plan(self, records, calls, repeats):
        """The plans of the calls; one that proves to take longer than the limit is not timed."""
        plans = {}
        for key, call in list(calls.items()):
            plans[key] = timing.plan(call, repeats, self.stopwatch)
            if plans[key].seconds > self._limit(key[0]):
                records[key] |= {"status": "not run", "estimate_seconds": plans.pop(key).seconds}
                del calls[key]
        return plans

    def _time(self, records, calls, plans, turn):
        # In the first round a long call has been timed already, when it was planned.
        times = {key: [plans[key].seconds] for key in calls if turn == 0 and plans[key].seconds > timing.LONG}
        later = {key: call for key, call in calls.items() if key not in times}
        awake = timing.AWAKE if self.threads > 1 else 0
        times |= timing.take_turns(later, plans, self.stopwatch, awake)
        rows = []
        for key, record in records.items():
            if key not in times:
                rows.append(record)
            elif isinstance(times[key], Exception):
                # What the record of the first round says of its timing is none of this one.
                untimed = {"round": turn, "repeat": None, "seconds": None, "loops": None}
                rows.append(record | untimed | _failure(times[key]))
                continue
            for repeat, seconds in enumerate(times.get(key, ())):
                timed = {"round": turn, "repeat": repeat, "seconds": seconds, "loops": plans[key].loops}
                rows.append(record | timed)
        return rows

    def _limit(self, name):
        return self.limit * PATIENCE.get(name, 1.0)

    def _check(self, name, case, operation, expected):
        """The call if it may be timed, else None, and what was found out about it. No clock runs here."""
        tracing, limit = TRACING.get(name, 1), self._limit(name)
        try:
            estimate = self.estimates.seconds(name, case, operation, limit / tracing)
            if estimate > limit:
                return None, {"status": "not run", "estimate_seconds": estimate}
            call = self.prepare(name, case, operation)
            if name == "torch" or estimate * tracing > limit:
                result, peak = call(), None
            else:
                result, peak = timing.peak(call)
            error = check.error(np.asarray(result.cpu()) if name == "torch" else result, expected)
        except Exception as problem:  # whatever an implementation raises is its result, and no reason to stop
            return None, _failure(problem)
        if not error <= BOUNDS[self.dtype]:
            return None, {"status": "wrong", "error": error}
        return call, {"status": "measured", "error": error, "peak_bytes": peak}


def _failure(problem: Exception) -> dict:
    return {"status": "failed", "note": f"{type(problem).__name__}: {problem}".splitlines()[0]}
