"""A table of means that fits on a screen of 80 columns: what has no room is named below it."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from convnotes.benchmark.reporting.summary import geometric_mean, kind
from convnotes.benchmark.reporting.units import digits
from convnotes.benchmark.terminal.output import columns, ljust, rjust, shorten, without_middle

LINES, COLUMNS = 25, 80
# A pass through a layer, as a column is headed: the output, the gradients of the input and of the parameters.
PASSES = {"forward": "Y", "input gradient": "dX", "parameter gradient": "dK"}
LEGEND = "forward Y, gradients dX and dK"


def means_table(ratios: pd.DataFrame, others: list[str], most: int, more: str = "The page also has {}.") -> list[str]:
    """A line for each family, a column for each implementation and pass; what does not fit is named below.

    ratios: `family`, `implementation`, `operation`, `ratio`, and whether that is `estimated`
    most: so many families are shown, and one more where nothing is left out
    more: the sentence on what is left out
    """
    ratios = ratios.assign(column=ratios["operation"].map(kind).map(PASSES.get))
    passes = [one for one in PASSES.values() if one in set(ratios["column"])]
    cells = {}
    for key, group in ratios.groupby(["family", "implementation", "column"], sort=False):
        cells[key] = ("~" if group["estimated"].any() else "") + digits(geometric_mean(group["ratio"]))
    groups = list(dict.fromkeys(ratios["family"]))
    lines, out = _fitting(groups, others, passes, cells)
    # The line that names what is left out has room for one family more.
    if len(groups) + bool(out) > most + 1:
        lines, out = _fitting(groups[:most], others, passes, cells)
        out = groups[most:] + out
    return [*lines, *([shorten(more.format(", ".join(out)), COLUMNS)] if out else [])]


def _fitting(
    shown: Sequence[str], others: Sequence[str], passes: Sequence[str], cells: Mapping[Any, str]
) -> tuple[list[str], list[str]]:
    """The lines of some families, and the implementations that these have no room for."""
    first = min(20, max(map(columns, shown)) + 1)
    found = {one: _column(one, shown, passes, cells) for one in others}
    left, out = [one for one in others if one == "naive"] + [one for one in others if one != "naive"][::-1], []
    while first + sum(columns(lines[0]) for lines in found.values()) > COLUMNS and len(found) > 1:
        del found[left[0]]
        out.append(left.pop(0))
    labels = ["", "", *(without_middle(group, first - 1) for group in shown)]
    return ["".join([ljust(label, first), *parts]).rstrip() for label, *parts in zip(labels, *found.values())], out


def _column(implementation: str, groups: Sequence[str], passes: Sequence[str], cells: Mapping[Any, str]) -> list[str]:
    """The lines of one implementation, all of the same width: its name, its passes, its means in every group."""
    table = [passes, *([cells.get((group, implementation, one), "") for one in passes] for group in groups)]
    widths = [max(map(len, column)) + 1 for column in zip(*table)]
    lines = ["".join(cell.rjust(width) for cell, width in zip(row, widths)) for row in table]
    title = shorten(implementation, max(10, len(lines[0])))
    width = max(columns(title), len(lines[0])) + 2
    return [rjust(line, width) for line in (title, *lines)]
