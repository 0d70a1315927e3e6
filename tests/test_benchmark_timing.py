"""How calls are timed, on a clock that only the calls themselves move."""

import gc

import numpy as np
import pytest

from convnotes.benchmark import timing

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


@pytest.mark.parametrize(
    ("nanoseconds", "loops", "repeats"),
    [
        (1_000, 2_000, 10),  # looped until one timing lasts 2 ms
        (3 * MS, 1, 10),
        (400 * MS, 1, 5),  # 2 s in total
        (30_000 * MS, 1, 3),  # but never fewer than three
    ],
)
def test_plan(nanoseconds, loops, repeats):
    clock = Clock()
    plan = timing.plan(clock.call("a", nanoseconds), 10, clock)
    assert (plan.loops, plan.repeats) == (loops, repeats)
    assert plan.seconds == pytest.approx(nanoseconds / 1e9)


def test_a_slow_first_call_does_not_leave_timings_too_short():
    clock = Clock()
    durations = iter([1_500_000])

    def call():
        clock.now += next(durations, 1_000)

    assert timing.plan(call, 10, clock).loops >= 1_000


def test_calls_take_turns_and_times_are_of_one_call():
    clock = Clock()
    calls = {"a": clock.call("a", 60 * MS), "b": clock.call("b", 1_000 * MS)}
    times = timing.take_turns(calls, 5, clock)
    assert times == {"a": (1, [0.06] * 5), "b": (1, [1.0] * 3)}
    # One call each to plan, then turns; the call that is done with its repeats sits out.
    assert "".join(clock.order) == "ab" + "ab" * 3 + "aa"


def test_the_time_of_a_looped_call_is_that_of_one():
    clock = Clock()
    times = timing.take_turns({"a": clock.call("a", 1_000)}, 3, clock)
    assert times == {"a": (2_000, [1e-6] * 3)}


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

    times = timing.take_turns({"short": short, "other": other}, 3, clock)
    assert times["short"][1] == [0.003] * 3


def test_nothing_is_collected_while_the_clock_runs():
    seen = []
    timing.take_turns({"a": lambda: seen.append(gc.isenabled())}, 3, iter(range(0, 10**9, 10 * MS)).__next__)
    assert seen[0]
    assert not any(seen[1:])
    assert gc.isenabled()


def test_nothing_to_time():
    assert timing.take_turns({}, 3) == {}


def test_peak_counts_what_a_call_holds_at_a_time():
    def call():
        first = np.ones(1_000_000, np.uint8)
        del first
        return np.ones(3_000_000, np.uint8)

    result, peak = timing.peak(call)
    assert result.size == 3_000_000
    assert 3_000_000 <= peak < 3_100_000
