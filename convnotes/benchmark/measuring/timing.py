"""How one call is measured: calibrated, repeated in turns, and traced for the memory that it takes."""

import gc
import itertools
import math
import time
import tracemalloc
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from convnotes.benchmark.storing import failures

# Times a number of calls in nanoseconds: `elapsed` here, the GPU's own events in `torch_calls`.
Stopwatch = Callable[[Callable[..., Any], int], int]
Key = TypeVar("Key", bound=Hashable)

# One timing lasts at least this long, far above the clock's resolution; shorter calls are looped inside it.
TARGET = 2_000_000  # nanoseconds
# A call longer than this is timed once in a round. It is warmed by no untimed call, which could take minutes
# over a whole run and would make no difference.
LONG = 0.1  # seconds
# An untimed call before each timing leaves the caches in the same state whoever ran before; where a call
# takes longer than this, one before all its timings is enough.
WARM = 0.02  # seconds
# With several threads the calls are repeated for so long before: processors that have slept may need that long until
# they work at full speed, above all those of a virtual machine.
AWAKE = 0.3  # seconds


@dataclass(frozen=True)
class Plan:
    """How often to time a call: `repeats` timings of `loops` calls each; `seconds` is what one call took before."""

    seconds: float
    loops: int
    repeats: int


def elapsed(call: Callable[..., Any], loops: int, clock: Callable[[], int] = time.perf_counter_ns) -> int:
    """The nanoseconds that `loops` calls take."""
    start = clock()
    for _ in itertools.repeat(None, loops):
        call()
    return clock() - start


def plan(call: Callable[..., Any], repeats: int, stopwatch: Stopwatch = elapsed) -> Plan:
    """Choose the loops that make one timing last TARGET; a long call is timed once, others `repeats` times."""
    loops = 1
    while (nanoseconds := stopwatch(call, loops)) < TARGET:
        loops = max(2 * loops, math.ceil(loops * TARGET / max(nanoseconds, 1)))
    seconds = nanoseconds / loops / 1e9
    return Plan(seconds, loops, 1 if seconds > LONG else repeats)


def take_turns(
    calls: Mapping[Key, Callable[..., Any]],
    plans: Mapping[Key, Plan],
    stopwatch: Stopwatch = elapsed,
    awake: float = 0,
    catching: type[BaseException] = Exception,
) -> dict[Key, list[float] | str]:
    """Time every call, all in turns repeat by repeat, so that a machine that slows down slows all of them alike.

    awake: for so many seconds the calls are repeated untimed before, but those that take long
    catching: what a call may raise without an end to all
    Returns the seconds of one call in each repeat, by the keys of `calls`, or a note on what a call raised: then the
    others go on without it.
    """
    times: dict[Key, Any] = {key: [] for key in calls}
    short = [call for key, call in calls.items() if plans[key].seconds <= LONG]
    with _no_collection():
        _wake(short, awake, catching)
        for turn in range(max((plans[key].repeats for key in calls), default=0)):
            for key, call in calls.items():
                p = plans[key]
                if turn >= p.repeats or isinstance(times[key], str):
                    continue
                try:
                    if p.seconds < WARM or (turn == 0 and p.seconds <= LONG):
                        call()
                    times[key].append(stopwatch(call, p.loops) / p.loops / 1e9)
                except catching as problem:  # such as a lack of memory: a result, and no reason to stop
                    # The exception itself would keep the arrays of the call that it ended.
                    times[key] = failures.note(problem)
    return times


def _wake(calls: Sequence[Callable[..., Any]], seconds: float, catching: type[BaseException]) -> None:
    """Repeat calls in turns for some time; one that fails is left to be timed."""
    end = time.perf_counter() + seconds
    while calls and time.perf_counter() < end:
        for call in calls:
            with suppress(catching):
                call()


def peak(call: Callable[..., Any]) -> tuple[object, int]:
    """The result of one call, and the largest number of bytes that it held at a time, its result included."""
    tracemalloc.start()
    try:
        result = call()
        return result, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@contextmanager
def _no_collection() -> Iterator[None]:
    """No cyclic garbage collection, which would hit one timing and spare the next."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
