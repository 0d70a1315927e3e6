"""What is printed of a comparison: at most 25 lines of 80 columns, however many folders there are."""

from pathlib import Path

import pandas as pd

from convnotes.benchmark.reporting import screen
from convnotes.benchmark.reporting.compare import means
from convnotes.benchmark.reporting.compare.folders import differences
from convnotes.benchmark.reporting.compare.rows import Comparison, agree, by_size
from convnotes.benchmark.reporting.fitting import COLUMNS, LEGEND, LINES, means_table
from convnotes.benchmark.reporting.summary import names
from convnotes.benchmark.reporting.units import digits
from convnotes.benchmark.storing import records
from convnotes.benchmark.terminal.output import shorten, without_middle

# So many folders are told of, and so many rows that differ are shown; fewer than the least are not worth their title.
FOLDERS, MOST, LEAST = 6, 5, 2
_NAME = 28
_MORE = "There is no room here for {}."


def text(found: Comparison, out: Path | None) -> str:
    """The summary: what a reader wants to know first comes first, and what no longer fits is left to the page."""
    last = ["Tables and a figure: --out FOLDER"]
    if out is not None:
        last = screen.place(f"Written to {out};", "open", out / records.README)
    lines = [*_machines(found), *_agreements(found)]
    for block in (_over_first(found), _over_torch(found)):
        if block and len(lines) + 1 + len(block) + len(last) <= LINES:
            lines += ["", *block]
    room = LINES - len(lines) - len(last) - 2
    lines += _largest(found, min(MOST, room)) if room >= LEAST else []
    return screen.text([*lines, *last])


def _machines(found: Comparison) -> list[str]:
    """A line for each folder, and one on what is not the same in them."""
    shown = found.folders[:FOLDERS]
    lines = [shorten(f"{_name(i, folder)}: {folder.line}", COLUMNS) for i, folder in enumerate(shown, 1)]
    if more := found.folders[FOLDERS:]:
        lines.append(f"and {len(more)} more: --out FOLDER")
    different = ", ".join(differences(found.folders)["different"]) or "nothing"
    return [*lines, shorten(f"Different: {different}.", COLUMNS)]


def _name(number: int, folder) -> str:
    return f"{number} {without_middle(folder.name, _NAME)}"


def _agreements(found: Comparison) -> list[str]:
    """A sentence for each folder but the first, and one on the rows that no two folders have."""
    lines = [f"{_name(number, folder)}: {agree(both)}" for number, folder, both in found.others[: FOLDERS - 1]]
    alone = ", ".join(f"{count} in {number}" for number, count in enumerate(found.alone, 1) if count)
    return [*lines, shorten(f"Rows that no other folder has: {alone or 'none'}.", COLUMNS)]


def _over_first(found: Comparison) -> list[str]:
    rows = means.over_first(found)
    title = f"Geometric means of time over that in 1: {LEGEND}"
    return _means(found, rows, title, names(rows))


def _over_torch(found: Comparison) -> list[str]:
    rows = means.over_torch(found.folders)
    rows = rows.assign(ratio=rows["ratio_to_torch"])
    title = f"Geometric means of time over torch's there: {LEGEND}"
    return _means(found, rows, title, names(rows))


def _means(found: Comparison, rows: pd.DataFrame, title: str, implementations: list[str]) -> list[str]:
    """A table with a line for each folder."""
    rows = rows[rows["number"] <= FOLDERS].sort_values("number", kind="stable")
    if rows.empty:
        return []
    labels = {number: _name(number, folder) for number, folder in enumerate(found.folders, 1)}
    rows = rows.assign(family=rows["number"].map(labels), estimated=False)
    return [title, *means_table(rows, implementations, FOLDERS, _MORE)]


def _largest(found: Comparison, most: int) -> list[str]:
    """The rows that differ most, whichever folder they are of."""
    rows = by_size(pd.concat([both.assign(number=number) for number, _, both in found.others], ignore_index=True))
    if rows.empty:
        return []
    several = len(found.others) > 1
    lines = []
    for _, row in rows[:most].iterrows():
        number = f"{row['number']}  " if several else ""
        lines.append(f"{digits(row['ratio']):>8}  {number}{_row(row)}")
    title = f"The largest differences beyond noise, over 1{': ratio, folder, row' if several else ''}"
    return ["", title, *(shorten(line, COLUMNS) for line in lines)]


def _row(row: pd.Series) -> str:
    step = f" ({row['step']})" if row["step"] else ""
    return f"{row['case']}, batch {row['batch']}, {row['operation']}, {row['implementation']}{step}"
