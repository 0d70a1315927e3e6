"""How long a call will take, before it is made."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from convnotes.benchmark.storing.costs import multiply_adds
from convnotes.cases import CASES, Case

# The first call that tells an implementation's speed is of the largest case up to this size.
SMALL = 50_000  # multiply-adds
# Each further call made only to improve an estimate is of a case this many times larger than the one before,
STEP = 10
# and is made only where it should not take longer than this.
PATIENCE = 0.1  # seconds
# Something else on the machine can hold up a single call, so the fastest of several counts, which take this together.
SEVERAL, TOGETHER = 5, 0.03  # calls, seconds


class Estimates:
    """Seconds per multiply-add of every implementation and operation, learnt from calls of this run.

    `prepare(implementation, case, operation)` returns a call without arguments.
    """

    def __init__(
        self, prepare: Callable[[str, Case, str], Callable[..., Any]], clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._prepare = prepare
        self._clock = clock
        self._rates: dict[tuple[str, str], float] = {}
        self._ladders: dict[tuple[str, str], list[Case]] = {}

    def seconds(self, implementation: str, case: Case, operation: str, limit: float) -> float:
        """The seconds that one call will take.

        Small cases make a fast implementation look slow. So where the estimate is above the limit, it is
        first improved on larger and larger cases, as long as these are quick.
        """
        key = implementation, operation
        if key not in self._ladders:
            self._ladders[key] = self._begin(implementation, operation)
        ladder = self._ladders[key]
        size = multiply_adds(case, operation)
        while self._rates[key] * size > limit and ladder:
            if self._rates[key] * multiply_adds(ladder[0], operation) > PATIENCE:
                break
            case = ladder.pop(0)
            with suppress(NotImplementedError):
                self._try(implementation, case, operation)
                ladder[:] = _above(case, ladder, operation)
        return self._rates[key] * size

    def learn(self, implementation: str, case: Case, operation: str, seconds: float) -> None:
        """Take note of what one call took. The lowest rate counts: it is the least burdened by overhead."""
        key = implementation, operation
        self._rates[key] = min(self._rates.get(key, float("inf")), seconds / multiply_adds(case, operation))

    def _begin(self, implementation: str, operation: str) -> list[Case]:
        """Try the largest small case that is offered; returns those for a better estimate, the smallest first."""
        cases = sorted((c for c in CASES if operation in c.operations), key=lambda c: multiply_adds(c, operation))
        small = [case for case in cases if multiply_adds(case, operation) <= SMALL] or cases[:1]
        while True:
            first = small.pop()
            try:
                self._prepare(implementation, first, operation)()  # the first call also loads what later ones find
                self._try(implementation, first, operation)
                break
            except NotImplementedError:
                if not small:
                    raise
        return _above(first, cases, operation)

    def _try(self, implementation: str, case: Case, operation: str) -> None:
        call = self._prepare(implementation, case, operation)
        times: list[float] = []
        while len(times) < SEVERAL and sum(times) < TOGETHER:
            start = self._clock()
            call()
            times.append(self._clock() - start)
        self.learn(implementation, case, operation, min(times))


def _above(case: Case, cases: list[Case], operation: str) -> list[Case]:
    """Those cases that are STEP times as large as a case, or larger."""
    return [other for other in cases if multiply_adds(other, operation) >= STEP * multiply_adds(case, operation)]
