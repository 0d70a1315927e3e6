"""What the layers of the user's own network add up to: every layer's time, as often as it occurs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pandas as pd

from convnotes.benchmark.reporting.summary import KINDS, calls, kind
from convnotes.benchmark.reporting.units import digits, duration
from convnotes.benchmark.storing.schema import LAYERS, MEASURED, NOT_RUN

TOGETHER = "all together"
_PROBLEM = ["case", "operation"]

# Whoever was not run for more than this share of the multiply-adds has no total: plain loops would leave the others
# hardly a layer to be compared on.
SHARE = 0.5

RULE = (
    "Each layer's median time is multiplied by how often the layer occurs, and summed up. A total holds only the "
    "layers that all the implementations in its row have a time for. An implementation has no total where more than "
    "half of the multiply-adds were not run by it. No estimate is added."
)


@dataclass(frozen=True)
class Total:
    """One pass through the network.

    seconds: the seconds of each layer that counts, as often as it occurs: a row for each layer in the network's
    order, a column for each implementation, the fastest first
    times: how often each of these layers occurs
    left: the layers that do not count, and why
    without: the implementations that have no total, and why
    """

    name: str
    seconds: pd.DataFrame
    times: pd.Series
    left: dict[str, str]
    without: dict[str, str]

    @property
    def sums(self) -> pd.Series:
        """The seconds of each implementation."""
        return self.seconds.sum()


def totals(summary: pd.DataFrame) -> list[Total]:
    """Of every pass that was asked for, and of all together where these are several; none of other runs."""
    if "times" not in summary:
        return []
    rows = calls(summary[summary["suite"] == LAYERS])
    rows = rows.assign(times=rows["times"].fillna(1).astype(float), kind=rows["operation"].map(kind))
    found = [_total(name, rows[rows["kind"] == name]) for name in KINDS if name in set(rows["kind"])]
    return [*found, _total(TOGETHER, rows)] if len(found) > 1 else found


def _total(name: str, rows: pd.DataFrame) -> Total:
    rows = rows.assign(
        seconds=(rows["median"] * rows["times"]).where(rows["status"] == MEASURED),
        work=rows["multiply_adds"] * rows["times"],
    )
    work = rows.groupby(_PROBLEM, sort=False)["work"].first()
    by_name = rows.groupby("implementation", sort=False)
    seconds = pd.DataFrame(
        {one: found.groupby(_PROBLEM)["seconds"].max().reindex(work.index) for one, found in by_name}
    )
    # A layer has a time where all its calls have one.
    seconds = seconds.groupby("case", sort=False).agg(lambda found: found.sum(skipna=False))
    known = seconds.notna()
    too_long = rows[rows["status"] == NOT_RUN].groupby("implementation")["work"].sum()
    taking = [one for one in seconds if known[one].any() and too_long.get(one, 0) <= SHARE * work.sum()]
    counts = known[taking].all(axis=1) if taking else pd.Series(False, index=seconds.index)
    why = _reasons(rows)
    # Where nobody has a total, nobody is the reason for it.
    causes = taking or list(seconds)
    left = {case: why(case, [one for one in causes if not known.loc[case, one]]) for case in seconds.index[~counts]}
    without = {}
    for one in seconds:
        if one not in taking:
            lacking = seconds.index[~known[one]]
            states = dict.fromkeys(why(case, [one], False) for case in lacking)
            without[one] = f"{len(lacking)} of {len(seconds)} layers {' or '.join(states)}"
    shown = seconds.loc[counts, taking]
    times = rows.groupby("case", sort=False)["times"].first().loc[shown.index].astype(int)
    return Total(name, shown[list(shown.sum().sort_values(kind="stable").index)], times, left, without)


def _reasons(rows: pd.DataFrame) -> Callable[..., str]:
    """Says why a layer has no time by some implementations."""
    status = rows[rows["status"] != MEASURED].groupby(["case", "implementation"], sort=False)["status"].first()

    def why(case: str, implementations: Iterable[str], named: bool = True) -> str:
        states = [(one, status.get((case, one), "not asked for")) for one in implementations]
        return ", ".join(f"{one} {state}" if named else state for one, state in states)

    return why


def table(found: Iterable[Total]) -> pd.DataFrame:
    """A row for each pass: how many layers count, and the total of each implementation."""
    found = list(found)
    there = list(dict.fromkeys(name for total in found for name in total.seconds))
    lines = []
    for total in found:
        line = {"pass": total.name, "layers": f"{len(total.seconds)} of {len(total.seconds) + len(total.left)}"}
        counted = len(total.seconds) > 0
        lines.append(line | {one: _duration(total.sums.get(one)) if counted else "" for one in there})
    return pd.DataFrame(lines)


def layers(total: Total) -> pd.DataFrame:
    """A row for each layer of a total, the longest first: its time, as often as it occurs, and its share of all."""
    order = total.seconds.iloc[:, 0].sort_values(ascending=False, kind="stable").index
    lines = []
    for case in order:
        line = {"layer": case, "times": str(total.times[case])}
        for one in total.seconds:
            part = total.seconds.loc[case, one]
            line[one] = f"{duration(part)} ({digits(100 * part / total.sums[one], 2)} %)"
        lines.append(line)
    return pd.DataFrame(lines)


def _duration(seconds: float | None) -> str:
    return "" if seconds is None else duration(seconds)


def notes(total: Total) -> list[str]:
    """A sentence on the layers that a total does not hold, and one on each implementation that has none."""
    because: dict[str, list[str]] = {}
    for case, reason in total.left.items():
        because.setdefault(reason, []).append(case)
    told = [f"{', '.join(cases)} ({reason})" for reason, cases in because.items()]
    found = [f"{total.name[0].upper()}{total.name[1:]}, layers left out: {'; '.join(told)}."] if told else []
    return found + [
        f"{total.name[0].upper()}{total.name[1:]}, no total: {one}, {why}." for one, why in total.without.items()
    ]
