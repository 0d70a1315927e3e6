"""What is told of one implementation beside another: on which layers it is the faster one, and by how much."""

from collections.abc import Iterable

import pandas as pd

from convnotes.benchmark.reporting.pages.words import code, joined, layer, over, plain, times, whose
from convnotes.benchmark.reporting.ratios import is_convolution, scope
from convnotes.benchmark.reporting.summary import KINDS, geometric_mean, kind
from convnotes.benchmark.reporting.units import duration

# So many operations are named on either side.
NAMED = 3


def told(rows: pd.DataFrame, other: str) -> list[str]:
    """Four sentences at most on the implementation of some rows, whose `ratio` is to the time of another."""
    rows = scope(rows)
    return [*_passes(rows, other), *_operations(rows, other), *_extremes(rows, other)]


def beside(rows: pd.DataFrame, other: str) -> str:
    """One sentence on a further implementation."""
    rows = _convolutions(scope(rows))
    means = [(times(geometric_mean(found["ratio"])), label) for label, found in _by_pass(rows)]
    (mean, label), *rest = means
    parts = [f"{mean} times {whose(other)} time {label}", *(f"{mean} times {label}" for mean, label in rest)]
    return f"{_name(rows)} takes {joined(parts)}, {over(rows)}."


def _name(rows: pd.DataFrame) -> str:
    return code(rows["implementation"].iloc[0])


def _convolutions(rows: pd.DataFrame) -> pd.DataFrame:
    """The convolutions, on which networks spend most of their time, where there are any; else all rows."""
    found = is_convolution(rows)
    return rows[found] if found.any() else rows


def _by_pass(rows: pd.DataFrame) -> Iterable[tuple[str, pd.DataFrame]]:
    """The rows of each pass, and what the pass is called."""
    weights = "weights" if is_convolution(rows).all() else "parameters"
    labels = dict(zip(KINDS, ("forward", "for gradients of inputs", f"for gradients of {weights}")))
    kinds = rows["operation"].map(kind)
    return [(label, rows[kinds == name]) for name, label in labels.items() if (kinds == name).any()]


def _passes(rows: pd.DataFrame, other: str) -> Iterable[str]:
    """The mean of each pass over the convolutions, and from where to where it reaches."""
    rows = _convolutions(rows)
    (label, first), *rest = _by_pass(rows)
    mean = ", by the geometric mean" if len(first) > 1 else ""
    time = f"{whose(other)} time"
    yield f"{_name(rows)} takes {_mean(first)} times {time} {label} {over(first)}{mean}{_reach(first, rows)}."
    parts = [f"{label} it takes {_mean(found)} times {time}{_reach(found, rows)}" for label, found in rest]
    if parts:
        yield f"{parts[0][0].upper()}{'; '.join(parts)[1:]}."


def _mean(rows: pd.DataFrame) -> str:
    return f"**{times(geometric_mean(rows['ratio']))}**"


def _reach(found: pd.DataFrame, rows: pd.DataFrame) -> str:
    """From which layer to which; nothing where all are alike."""
    ends = [found.loc[place] for place in (found["ratio"].idxmin(), found["ratio"].idxmax())]
    if times(ends[0]["ratio"]) == times(ends[1]["ratio"]):
        return ""
    low, high = (f"{times(row['ratio'])} ({layer(row, rows)})" for row in ends)
    return f", from {low} to {high}"


def _operations(rows: pd.DataFrame, other: str) -> Iterable[str]:
    """In which operations it is the faster one on average, and in which the slower one."""
    means = rows.groupby("operation", sort=False)["ratio"].agg(geometric_mean).sort_values(kind="stable")
    if len(means) < 2:
        return
    sides = {"faster": means[means < 1], "slower": means[means >= 1][::-1]}
    parts = [f"{side} than {plain(other)} in {_named(found)}" for side, found in sides.items() if len(found)]
    yield f"Of {len(means)} operations, {_name(rows)} is {'; it is '.join(parts)}."


def _named(means: pd.Series) -> str:
    """How many operations, and the first of them with what each takes of the other's time."""
    found = [f"`{operation}` ({times(ratio)})" for operation, ratio in means.items()]
    return f"{len(found)}{', most in' if len(found) > NAMED else ':'} {joined(found[:NAMED])}"


def _extremes(rows: pd.DataFrame, other: str) -> Iterable[str]:
    """The largest win and the largest loss."""
    if len(rows) < 3:
        return
    best, worst = (rows.loc[place] for place in (rows["ratio"].idxmin(), rows["ratio"].idxmax()))
    ends = []
    if best["ratio"] < 1:
        ends.append(("win", best, f"{times(1 / best['ratio'])} times as fast"))
    if worst["ratio"] > 1:
        ends.append(("loss", worst, f"{times(worst['ratio'])} times as long"))
    for what, row, by in ends:
        seconds = f"{duration(row['median'])} against {duration(row['median'] / row['ratio'])}, {by}"
        yield f"Its largest {what} is `{row['operation']}` of {layer(row, rows)}: {seconds}."
