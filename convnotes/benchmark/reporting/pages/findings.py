"""What a run found, in ten sentences at most: every number in them follows from the summary.

A sentence that a run has no basis for is left out.
"""

from collections.abc import Iterable

import pandas as pd

from convnotes.benchmark.reporting import provenance
from convnotes.benchmark.reporting.pages import wins
from convnotes.benchmark.reporting.pages.words import joined, layer, over, plain, times, whose
from convnotes.benchmark.reporting.ratios import base, ratios, scope
from convnotes.benchmark.reporting.summary import calls, ceilings, geometric_mean, names
from convnotes.benchmark.reporting.tables import STEADY
from convnotes.benchmark.reporting.totals import TOGETHER, totals
from convnotes.benchmark.reporting.units import duration
from convnotes.benchmark.storing.schema import FAILED, MEASURED, NOT_OFFERED, NOT_RUN, WRONG
from convnotes.style import CYCLE

MOST = 10
# What became of calls, of one and of several.
_STATES = {
    MEASURED: ("was measured", "were measured"),
    NOT_RUN: ("was left out as too slow", "were left out as too slow"),
    NOT_OFFERED: ("is not offered", "are not offered"),
    WRONG: ("gave a wrong result", "gave wrong results"),
    FAILED: ("failed", "failed"),
}


def findings(summary: pd.DataFrame) -> list[str]:
    """The sentences; the first compares, where anything can be compared, in Markdown."""
    rows = calls(summary)
    other = base(rows)
    found = ratios(rows, other)
    timed = found[~found["estimated"] & (found["implementation"] != "naive")]
    told, compared = _network(summary), _by_interest(timed)
    if compared:
        told += wins.told(timed[timed["implementation"] == compared[0]], other)
    last = [*_loops(found, other), *_alone(rows), *_states(rows), *_uncertain(rows)]
    last += filter(None, [provenance.ceilings(ceilings(summary))])
    # One sentence for each of the others, as far as there is room.
    others = [wins.beside(timed[timed["implementation"] == one], other) for one in compared[1:]]
    room = max(0, MOST - len(told) - len(last))
    return [*told, *others[:room], *last]


def _by_interest(rows: pd.DataFrame) -> list[str]:
    """The implementations: the user's own first, then ours, the fastest first."""
    there = names(rows)
    return [name for name in there if name not in CYCLE] + [name for name in reversed(CYCLE) if name in there]


def _network(summary: pd.DataFrame) -> list[str]:
    """What the user's own layers add up to."""
    found, parts = {total.name: total for total in totals(summary) if total.seconds.size}, []
    for name, about in (("forward", "forward"), (TOGETHER, "with all gradients")):
        if total := found.get(name):
            number, of = len(total.seconds), len(total.seconds) + len(total.left)
            layers = f"{number} of its {of} layers" if total.left else f"all its {of} layers" if of > 1 else "its layer"
            sums = joined([f"{duration(seconds, 2)} in {plain(one)}" for one, seconds in total.sums.items()])
            verb = "add up to" if number > 1 else "takes"
            parts.append(f"{about}, {layers} {verb} {sums}")
    return [f"Of your network, with each layer as often as it occurs: {'; '.join(parts)}."] if parts else []


def _loops(found: pd.DataFrame, other: str) -> Iterable[str]:
    """How far the plain loops are from the others."""
    rows = scope(found[found["implementation"] == "naive"])
    if len(rows):
        guessed = int(rows["estimated"].sum())
        are = "is an estimate, of a call" if guessed == 1 else "are estimates, of calls"
        rest = f"; {guessed:,} of these times {are} too slow to be run" if guessed else ""
        mean = ", by the geometric mean" if len(rows) > 1 else ""
        ratio = times(geometric_mean(rows["ratio"]))
        yield f"The plain loops of `naive` take {ratio} times {whose(other)} time {over(rows)}{mean}{rest}."


def _alone(rows: pd.DataFrame) -> Iterable[str]:
    """From where to where the times of the only implementation lie."""
    rows = rows[rows["status"] == MEASURED].sort_values("median", kind="stable")
    if len(names(rows)) == 1:
        ends = [f"{duration(row['median'])} (`{row['operation']}` of {layer(row, rows)})" for _, row in rows.iterrows()]
        reach = f"takes {ends[0]}" if len(ends) == 1 else f"takes from {ends[0]} to {ends[-1]}"
        yield f"{plain(rows['implementation'].iloc[0])} has nothing measured beside it: a call {reach}."


def _states(rows: pd.DataFrame) -> Iterable[str]:
    """What became of all calls."""
    count = rows["status"].value_counts()
    told = [(int(count[one]), *words) for one, words in _STATES.items() if one in count]
    match told:
        case []:
            yield "No call of an implementation was asked for."
        case [(1, one, _)]:
            yield f"The only call {one}."
        case [(number, _, several)]:
            yield f"{'Both' if number == 2 else f'All {number:,}'} calls {several}."
        case _:
            parts = [f"{number:,} {one if number == 1 else several}" for number, one, several in told]
            yield f"Of {len(rows):,} calls, {joined(parts)}."


def _uncertain(rows: pd.DataFrame) -> Iterable[str]:
    """How many times are less certain than the others."""
    spread = rows["spread"][rows["status"] == MEASURED]
    if number := int((spread > STEADY).sum()):
        times_are = "time is" if number == 1 else "times are"
        yield f"{number:,} {times_are} uncertain, with an interquartile range above {100 * STEADY:.0f} % of the median."
