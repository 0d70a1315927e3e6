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


def text(every: Comparison, out: Path | None) -> str:
    """The summary: what a reader wants to know first comes first, and what no longer fits is left to the page."""
    last = ["Tables and a figure: --out FOLDER"]
    if out is not None:
        last = screen.place(f"Written to {out};", "open", out / records.README)
    found = every.of_first(FOLDERS)
    named = {i: f"{i} {without_middle(folder.name, _NAME)}" for i, folder in enumerate(found.folders, 1)}
    lines = [f"{named[i]}: {folder.line}" for i, folder in enumerate(found.folders, 1)]
    if more := every.folders[FOLDERS:]:
        lines.append(f"and {len(more)} more: --out FOLDER")
    lines.append(f"Different: {', '.join(differences(every.folders)['different']) or 'nothing'}.")
    lines += [f"{named[i]}: {agree(both)}" for i, _, both in found.others]
    alone = ", ".join(f"{count} in {i}" for i, count in enumerate(every.alone, 1) if count)
    lines.append(f"Rows that no other folder has: {alone or 'none'}.")
    first = _means(means.over_first(found), named, "Geometric means of time over that in 1")
    over_torch = means.over_torch(found.folders).rename(columns={"ratio_to_torch": "ratio"})
    for block in (first, _means(over_torch, named, "Geometric means of time over torch's there")):
        if block and len(lines) + 1 + len(block) + len(last) <= LINES:
            lines += ["", *block]
    room = LINES - len(lines) - len(last) - 2
    lines += _largest(found, min(MOST, room)) if room >= LEAST else []
    return screen.text([*(shorten(line, COLUMNS) for line in lines), *last])


def _means(rows: pd.DataFrame, named: dict[int, str], title: str) -> list[str]:
    """A table with a line for each folder."""
    if rows.empty:
        return []
    rows = rows.sort_values("number", kind="stable")
    rows = rows.assign(family=rows["number"].map(named), estimated=False)
    return [f"{title}: {LEGEND}", *means_table(rows, names(rows), FOLDERS, "There is no room here for {}.")]


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
    return ["", title, *lines]


def _row(row: pd.Series) -> str:
    step = f" ({row['step']})" if row["step"] else ""
    return f"{row['case']}, batch {row['batch']}, {row['operation']}, {row['implementation']}{step}"
