"""How calls are timed, on a clock that only the calls themselves move."""

import gc
from functools import partial

import numpy as np
import pytest

from convnotes.benchmark.measuring import timing

MS = 1_000_000


class Clock:
    def __init__(self):
        self.now, self.order = 0, []

    def __call__(self):
        return self.now

    def call(self, name, nanoseconds):
        def run():
            self.order.append(name)
            self.now += nanoseconds

        return run


def watch(clock):
    """A stopwatch that reads this clock."""
    return partial(timing.elapsed, clock=clock)


def measure(calls, repeats, clock):
    plans = {name: timing.plan(call, repeats, watch(clock)) for name, call in calls.items()}
    clock.order.clear()
    return timing.take_turns(calls, plans, watch(clock))


@pytest.mark.parametrize(
    ("nanoseconds", "loops", "repeats"),
    [
        (1_000, 2_000, 3),  # looped until one timing lasts 2 ms
        (3 * MS, 1, 3),
        (100 * MS, 1, 3),
        (101 * MS, 1, 1),  # a long call is timed once
    ],
)
def test_plan(nanoseconds, loops, repeats):
    clock = Clock()
    plan = timing.plan(clock.call("a", nanoseconds), 3, watch(clock))
    assert (plan.loops, plan.repeats) == (loops, repeats)
    assert plan.seconds == pytest.approx(nanoseconds / 1e9)


def test_a_slow_first_call_does_not_leave_timings_too_short():
    clock = Clock()
    durations = iter([1_500_000])

    def call():
        clock.now += next(durations, 1_000)

    assert timing.plan(call, 10, watch(clock)).loops >= 1_000


def test_calls_take_turns_and_times_are_of_one_call():
    clock = Clock()
    calls = {"a": clock.call("a", 60 * MS), "b": clock.call("b", 1_000 * MS)}
    times = measure(calls, 3, clock)
    assert times == {"a": [0.06] * 3, "b": [1.0]}
    # The shorter call is warmed once, the long one not at all; the call that is done with its repeats sits out.
    assert "".join(clock.order) == "aa" + "b" + "aa"


def test_the_time_of_a_looped_call_is_that_of_one():
    clock = Clock()
    assert measure({"a": clock.call("a", 1_000)}, 3, clock) == {"a": [1e-6] * 3}


def test_a_later_round_times_as_the_first_one_planned():
    clock = Clock()
    times = timing.take_turns({"a": clock.call("a", 1_000)}, {"a": timing.Plan(1e-6, 5, 2)}, watch(clock))
    assert times == {"a": [1e-6] * 2}
    assert len(clock.order) == 2 * (1 + 5)


def test_a_short_call_is_made_once_untimed_before_each_timing():
    clock = Clock()
    durations = {"first": 9 * MS, "later": 3 * MS}
    state = ["first"]

    def short():
        clock.now += durations[state[0]]
        state[0] = "later"

    def other():
        clock.now += 60 * MS
        state[0] = "first"  # whoever ran in between leaves the caches cold

    assert measure({"short": short, "other": other}, 3, clock)["short"] == [0.003] * 3


def test_calls_are_repeated_untimed_before_if_asked_but_long_ones(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(timing.time, "perf_counter", lambda: clock.now / 1e9)
    calls = {"short": clock.call("short", MS), "long": clock.call("long", 200 * MS)}

    def fails():
        raise MemoryError

    plans = {"short": timing.Plan(0.001, 2, 3), "long": timing.Plan(0.2, 1, 1), "fails": timing.Plan(0.001, 1, 3)}
    times = timing.take_turns(calls | {"fails": fails}, plans, watch(clock), awake=0.02)
    assert (times["short"], times["long"]) == ([0.001] * 3, [0.2])
    assert times["fails"] == "MemoryError"
    assert clock.order.count("short") == 20 + 3 * (1 + 2)
    assert clock.order.count("long") == 1


def test_nothing_is_collected_while_the_clock_runs():
    seen = []
    timing.take_turns({"a": lambda: seen.append(gc.isenabled())}, {"a": timing.Plan(0.001, 1, 3)})
    assert seen
    assert not any(seen)
    assert gc.isenabled()


def test_nothing_to_time():
    assert timing.take_turns({}, {}) == {}


def test_peak_counts_what_a_call_holds_at_a_time():
    def call():
        first = np.ones(1_000_000, np.uint8)
        del first
        return np.ones(3_000_000, np.uint8)

    result, peak = timing.peak(call)
    assert result.size == 3_000_000
    assert 3_000_000 <= peak < 3_100_000
