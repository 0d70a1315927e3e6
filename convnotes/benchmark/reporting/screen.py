"""What fits on a screen: the few lines that a command prints of what it wrote, and where all of it stands."""

import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from convnotes.benchmark.reporting import ratios
from convnotes.benchmark.reporting.fitting import COLUMNS, LEGEND, LINES, means_table
from convnotes.benchmark.reporting.summary import calls, families, names
from convnotes.benchmark.reporting.tables import time
from convnotes.benchmark.reporting.totals import TOGETHER, Total, totals
from convnotes.benchmark.reporting.units import duration
from convnotes.benchmark.storing import records
from convnotes.benchmark.storing.schema import NOT_OFFERED, STATUSES
from convnotes.benchmark.terminal.output import columns, shorten

if TYPE_CHECKING:
    from convnotes.benchmark.reporting.report import Report

# Of 25 lines, so many a table may have beside all else that is said.
TABLE = 13
# So many wrong or failed results are named, the others counted.
NAMED = 2


def report(found: "Report", out: Path) -> str:
    """What is printed of a report that was written to a folder."""
    rows = calls(found.summary)
    network = own_network(totals(found.summary))
    few = few_calls(rows, TABLE - len(network))
    table = few or means(rows)
    faults = [shorten(fault.replace("**", ""), COLUMNS) for fault in found.faults[:NAMED]]
    if more := len(found.faults) - len(faults):
        faults.append(f"... and {more} more that are wrong or failed.")
    parts = [*wrap(found.line), count(rows), "", *table, *([""] if table else []), *network]
    end = [*faults, *wrap(found.warning or ""), *place(f"Written to {out};", "open", out / records.README)]
    # What the page says first, where nothing above says it already and there is room.
    for finding in found.findings[:1] if table and not few and not network else []:
        lines = [*textwrap.wrap(finding.replace("**", "").replace("`", ""), COLUMNS), ""]
        parts += lines if len(parts) + len(lines) + len(end) <= LINES else []
    return text([*parts, *end])


def wrap(sentence: str) -> list[str]:
    """A sentence in two lines at most."""
    return textwrap.wrap(sentence, COLUMNS, max_lines=2, placeholder=" ...")


def place(sentence: str, verb: str, path: Path) -> list[str]:
    """A sentence that ends in a path; a long path stands on a line of its own and is never broken."""
    whole = f"{sentence} {verb} {path}".strip()
    whole = whole[0].upper() + whole[1:]
    return [whole] if columns(whole) <= COLUMNS else [f"{verb.capitalize()}:", str(path)]


def count(rows: pd.DataFrame) -> str:
    """How many calls there are of each status; nothing of what is not offered where all is."""
    found = rows["status"].value_counts()
    shown = [status for status in STATUSES if status != NOT_OFFERED or status in found]
    return ", ".join(f"{found.get(status, 0)} {status}" for status in shown) + "."


def own_network(found: list[Total]) -> list[str]:
    """What the user's own layers add up to, forward and with the gradients, and what is not in that."""
    lines, by_name = [], {total.name: total for total in found if total.seconds.size}
    if "forward" not in by_name:
        asked = "forward" in (total.name for total in found)
        return ["your network's measured layers: no total, the page says why"] if asked else []
    for name, start in (("forward", "your network's measured layers:"), (TOGETHER, "  with gradients:")):
        if not (total := by_name.get(name)):
            continue
        sums = [f"{shorten(one, 20)} {duration(seconds, 2)}" for one, seconds in total.sums.items()]
        told = [f"{start} {', '.join([*sums[:count], f'{len(sums) - count} more'])}" for count in range(1, len(sums))]
        told.append(f"{start} {', '.join(sums)}")
        lines.append(next(line for line in reversed(told) if len(line) <= COLUMNS))
        left = [f"{len(total.left)} of {len(total.left) + len(total.seconds)} layers"] if total.left else []
        if left or total.without:
            lines.append(shorten(f"    without {', '.join([*left, *total.without])}: the page says why", COLUMNS))
    # Both may be without the same.
    return lines if len(lines) < 4 or lines[1] != lines[3] else [lines[0], *lines[2:]]


def few_calls(rows: pd.DataFrame, most: int = TABLE) -> list[str]:
    """The time of every call, where these are few enough; else nothing."""
    there = names(rows)
    problems = rows.groupby(["case", "batch"], sort=False)
    calls_of = rows.drop_duplicates(["case", "batch", "operation"])
    if rows.empty or len(problems) + len(calls_of) + 1 > most or 32 + 12 * len(there) > COLUMNS:
        return []
    lines = [" " * 32 + "".join(shorten(name, 11).rjust(12) for name in there)]
    for (case, batch), group in problems:
        lines.append(shorten(f"{case}, batch {batch}", COLUMNS))
        for operation, found in group.groupby("operation", sort=False):
            times = {row["implementation"]: _short(row) for _, row in found.iterrows()}
            lines.append(f"  {operation:30}" + "".join(times.get(name, "").rjust(12) for name in there))
    return lines


def _short(row: pd.Series) -> str:
    return time(row).split(" (")[0].replace("**", "")


def means(rows: pd.DataFrame) -> list[str]:
    """The geometric means of times over torch's, or another's, by suite or network and pass, as far as they fit."""
    if not (there := names(rows)):
        return []
    base = ratios.base(rows)
    found = ratios.ratios(rows, base)
    if found.empty:
        return []
    found = found.assign(family=families(found))
    title = f"Geometric means of time over {shorten(base, 17)}'s: {LEGEND}"
    return [title, *means_table(found, [one for one in there if one in set(found["implementation"])], TABLE - 4)]


def text(lines: Iterable[str]) -> str:
    """Lines as a text that ends with a line's end."""
    return "".join(f"{line}\n" for line in lines)
