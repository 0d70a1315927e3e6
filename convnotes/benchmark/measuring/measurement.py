"""Measuring: expected values are computed, implementations compared with them, and only then timed."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convnotes import check
from convnotes.benchmark.measuring import steps, timing
from convnotes.benchmark.measuring.calls import Calls
from convnotes.benchmark.measuring.estimate import Estimates
from convnotes.benchmark.storing import costs, failures
from convnotes.benchmark.storing.schema import MEASURED, NOT_RUN, STEPS, WRONG
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


# An implementation, and the part of its call, empty for the whole.
Key = tuple[str, str]


class Definition(NamedTuple):
    """The implementation that expected values are by, or None and a note that says why there are none."""

    by: str | None
    note: str = ""


class Worker(Calls):
    """Some implementations, measured in one precision.

    limit: the seconds that one call may take; plain loops have PATIENCE's part of it
    threads: the threads torch may use; those of NumPy's BLAS are set before the process starts
    """

    def __init__(
        self, modules: Mapping[str, str], rounded: str, dtype: str, limit: float, threads: int, device: str = "cpu"
    ) -> None:
        super().__init__(modules, rounded, dtype, device)
        self.limit, self.threads = limit, threads
        self.estimates = Estimates(self.prepare)
        self.stopwatch: timing.Stopwatch = timing.elapsed
        if "torch" in modules:
            import torch

            torch.set_num_threads(threads)
        if device == "cuda":
            from convnotes.benchmark.measuring import torch_calls

            torch_calls.set_precision()
            self.stopwatch = torch_calls.elapsed

    def define(self, case: Case, operation: str, path: Path) -> Definition:
        """Store the expected values; returns the implementation they are by, or why there are none.

        It is the naive one, or the matrix products, proven equal, where plain loops would take too long.
        """
        longest = min(DEFINING, self.limit)
        try:
            by = "naive" if self.estimates.seconds("naive", case, operation, longest) <= longest else "matmul"
            whole = by == "naive"
            expected = self.prepare(by, case, operation)() if whole else self.image_by_image(case, operation)
        except BaseException as problem:
            return Definition(None, f"the definition: {failures.note(problem)}")
        np.save(path, expected)
        return Definition(by)

    def measure(
        self, case: Case, operation: str, definition: Definition, path: Path, repeats: int
    ) -> list[dict[str, Any]]:
        """The first round: one record for each timing of each implementation, or one that says why there is none."""
        if definition.by is None:
            return self.fail(case, operation, definition.note)
        try:
            expected = np.load(path)
        except MemoryError as problem:
            return self.fail(case, operation, f"the definition: {failures.note(problem)}")
        records, calls = {}, {}
        for name in self.modules:
            call, found = self._check(name, case, operation, expected)
            records[name, ""] = self._known(name, case, operation) | {"definition": definition.by} | found
            if call:
                calls[name, ""] = call
        plans = self._plan(records, calls, repeats)
        if ("matmul", "") in calls and operation == "conv2d":
            whole = records["matmul", ""]
            records |= {("matmul", step): steps.record(whole, step) for step in STEPS}
            parts = self._steps(case, records)
            plans |= self._plan(records, parts, repeats)
            calls |= parts
        rows = self._time(records, calls, plans, 0)
        for name, step in calls:
            mine = [row for row in rows if (row["implementation"], row["step"]) == (name, step)]
            times: list[Any] = [row.get("seconds") for row in mine]
            if not step and times != [None]:
                self.estimates.learn(name, case, operation, min(times))
        return rows

    def repeat(
        self, case: Case, operation: str, turn: int, known: Sequence[tuple[dict[str, Any], timing.Plan]]
    ) -> list[dict[str, Any]]:
        """A later round: further timings of what was measured in the first, whose records and plans are known."""
        records = {(record["implementation"], record["step"]): record for record, _ in known}
        plans = dict(zip(records, (plan for _, plan in known)))
        calls = {}
        for name, step in records:
            if not step:
                try:
                    calls[name, step] = self.prepare(name, case, operation)
                except BaseException as problem:
                    records[name, step] |= failures.raised(problem) | {"round": turn}
        if any(step for _, step in records):
            calls |= self._steps(case, records, turn)
        return self._time(records, calls, plans, turn)

    def fail(self, case: Case, operation: str, note: str) -> list[dict[str, Any]]:
        """The records of a problem that no implementation could be measured on."""
        return [self._known(name, case, operation) | failures.record(note) for name in self.modules]

    def _known(self, name: str, case: Case, operation: str) -> dict[str, Any]:
        """What is known of a call before it is made."""
        known = costs.record(case, operation, name, self.dtype)
        return known | {"device": self.device, "threads": self.threads}

    def _plan(
        self, records: dict[Key, dict[str, Any]], calls: dict[Key, Callable[[], Any]], repeats: int
    ) -> dict[Key, timing.Plan]:
        """The plans of the calls; one that fails or proves to take longer than the limit is not timed."""
        plans = {}
        for key, call in list(calls.items()):
            try:
                plans[key] = timing.plan(call, repeats, self.stopwatch)
            except BaseException as problem:
                records[key] |= failures.raised(problem)
                del calls[key]
                continue
            if not key[1] and plans[key].seconds > self._limit(key[0]):
                records[key] |= {"status": NOT_RUN, "estimate_seconds": plans.pop(key).seconds}
                del calls[key]
        return plans

    def _steps(
        self, case: Case, records: dict[Key, dict[str, Any]], turn: int | None = None
    ) -> dict[Key, Callable[[], Any]]:
        """The calls of the steps that there are records of; none where their operands cannot be made."""
        wanted = [key for key in records if key[1]]
        try:
            parts = steps.calls(case, self.operands(case))
            return {key: parts[key[1]] for key in wanted}
        except BaseException as problem:
            for key in wanted:
                records[key] |= failures.raised(problem) | {"round": turn}
            return {}

    def _time(
        self,
        records: dict[Key, dict[str, Any]],
        calls: dict[Key, Callable[[], Any]],
        plans: dict[Key, timing.Plan],
        turn: int,
    ) -> list[dict[str, Any]]:
        # In the first round a long call has been timed already, when it was planned.
        times: dict[Key, Any] = {
            key: [plans[key].seconds] for key in calls if turn == 0 and plans[key].seconds > timing.LONG
        }
        later = {key: call for key, call in calls.items() if key not in times}
        awake = timing.AWAKE if self.threads > 1 else 0
        # No Ctrl-C reaches a worker: whatever is raised here is the call's.
        times |= timing.take_turns(later, plans, self.stopwatch, awake, catching=BaseException)
        rows = []
        for key, record in records.items():
            if key not in times:
                rows.append(record)
            elif isinstance(times[key], str):
                # What the record of the first round says of its timing is none of this one.
                rows.append(record | failures.record(times[key]) | {"round": turn})
                continue
            for repeat, seconds in enumerate(times.get(key, ())):
                timed = {"round": turn, "repeat": repeat, "seconds": seconds, "loops": plans[key].loops}
                rows.append(record | timed)
        return rows

    def _limit(self, name: str) -> float:
        return self.limit * PATIENCE.get(name, 1.0)

    def _check(
        self, name: str, case: Case, operation: str, expected: NDArray[Any]
    ) -> tuple[Callable[[], Any] | None, dict[str, Any]]:
        """The call if it may be timed, else None, and what was found out about it. No clock runs here."""
        tracing, limit = TRACING.get(name, 1), self._limit(name)
        try:
            estimate = self.estimates.seconds(name, case, operation, limit / tracing)
        except BaseException:
            estimate = 0.0  # it fails on other cases; what it does on this one is seen when it is called
        if estimate > limit:
            return None, {"status": NOT_RUN, "estimate_seconds": estimate}
        try:
            call = self.prepare(name, case, operation)
            if self.has_own_arrays(name) or estimate * tracing > limit:
                result, peak = call(), None
            else:
                result, peak = timing.peak(call)
            error, fault = self._judge(case, operation, self.to_numpy(name, result), expected)
        except NotImplementedError as problem:
            return None, failures.not_offered(problem)
        except BaseException as problem:  # whatever an implementation raises is its result, and no reason to stop
            return None, failures.raised(problem)
        if not error <= BOUNDS[self.dtype]:
            error = np.nan_to_num(error, nan=np.inf, posinf=np.inf)
            return None, {"status": WRONG, "error": error, "note": fault}
        return call, {"status": MEASURED, "error": error, "peak_bytes": peak}

    def _judge(self, case: Case, operation: str, result: Any, expected: NDArray[Any]) -> tuple[float, str | None]:
        """The error of what a call returned, and in words why it cannot be compared, if so."""
        return check.error(result, expected), None
