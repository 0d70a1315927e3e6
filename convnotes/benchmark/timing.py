"""How one call is measured: calibrated, repeated in turns, and traced for the memory that it takes."""

import gc
import itertools
import math
import time
import tracemalloc
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

# One timing lasts at least this long, far above the clock's resolution; shorter calls are looped inside it.
TARGET = 2_000_000  # nanoseconds
# No call is repeated for longer than this in total, as long as it is repeated at least LEAST times.
BUDGET = 2.0  # seconds
LEAST = 3
# An untimed call before each timing leaves the caches in the same state whoever ran before; where a call
# takes longer than this they make no difference.
WARM = 0.02  # seconds


@dataclass(frozen=True)
class Plan:
    """How often to time a call: `repeats` timings of `loops` calls each; `seconds` is one call's first timing."""

    seconds: float
    loops: int
    repeats: int


def elapsed(call: Callable, loops: int, clock: Callable[[], int]) -> int:
    """The nanoseconds that `loops` calls take."""
    start = clock()
    for _ in itertools.repeat(None, loops):
        call()
    return clock() - start


def plan(call: Callable, most: int, clock: Callable[[], int] = time.perf_counter_ns) -> Plan:
    """Choose the loops that make one timing last TARGET, and at most `most` repeats."""
    loops = 1
    while (nanoseconds := elapsed(call, loops, clock)) < TARGET:
        loops = max(2 * loops, math.ceil(loops * TARGET / max(nanoseconds, 1)))
    seconds = nanoseconds / loops / 1e9
    repeats = max(LEAST, min(most, int(BUDGET / (seconds * loops))))
    return Plan(seconds, loops, repeats)


def take_turns(
    calls: Mapping[str, Callable], most: int, clock: Callable[[], int] = time.perf_counter_ns
) -> dict[str, tuple[int, list[float]]]:
    """Time every call, all in turns repeat by repeat, so that a machine that slows down slows all of them alike.

    Returns, by name, the number of loops and the seconds of one call in each repeat.
    """
    plans = {name: plan(call, most, clock) for name, call in calls.items()}
    times = {name: [] for name in calls}
    with _no_collection():
        for turn in range(max((p.repeats for p in plans.values()), default=0)):
            for name, p in plans.items():
                if turn < p.repeats:
                    if p.seconds < WARM:
                        calls[name]()
                    times[name].append(elapsed(calls[name], p.loops, clock) / p.loops / 1e9)
    return {name: (plans[name].loops, times[name]) for name in calls}


def peak(call: Callable) -> tuple[object, int]:
    """The result of one call, and the largest number of bytes that it held at a time, its result included."""
    tracemalloc.start()
    try:
        result = call()
        return result, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@contextmanager
def _no_collection():
    """No cyclic garbage collection, which would hit one timing and spare the next."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
