"""The page of a comparison: what a reader wants to know first, the figure, and the rows that differ most."""

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import pandas as pd

from convnotes.benchmark.reporting import tables
from convnotes.benchmark.reporting.compare import figure, listing, means
from convnotes.benchmark.reporting.compare.folders import Folder, differences
from convnotes.benchmark.reporting.compare.listing import MARK, plain
from convnotes.benchmark.reporting.compare.rows import Comparison, agree
from convnotes.benchmark.storing import records

# The page has no more lines, whatever is compared: so many folders, and lines of its tables.
LINES, FOLDERS, FIRST, TORCH = 150, 12, 15, 28

_OVER_FIRST = (
    "Geometric means over the calls that both folders have, and in brackets the share of these that agree within noise."
)
_OVER_TORCH = (
    "Geometric means for a network's layers at all batches: forward / input gradient / parameter gradient. A mean is "
    "over the calls that every folder has which has any of that network by that implementation."
)


def page(every: Comparison, ratios: pd.DataFrame, drawn: str | None, rows_of: dict[int, list[str]], out: Path) -> str:
    """The page, in Markdown.

    ratios: what `means.over_torch` finds; drawn: the file of the figure; rows_of: the pages of all rows, by the number
    of their folder; out: the folder that the page is for
    """
    found = every.of_first(FOLDERS)
    ratios = ratios[ratios["number"] <= FOLDERS]
    machines = [_machine(folder, alone, out) for folder, alone in zip(found.folders, found.alone)]
    if more := every.folders[FOLDERS:]:
        machines.append(f"- And {len(more)} more, which this page has no room for.")
    different = differences(found.folders)
    same = "The machine, the libraries, the threads and the commit are the same."
    parts = [f"# Comparison of {len(every.folders)} runs", MARK, "\n".join(machines)]
    parts += [same if different.empty else tables.markdown(different)]
    parts += [f"## Time over that in {plain(found.folders[0].name)}"]
    parts += ["\n".join(_agreement(folder, both, rows_of.get(i, ())) for i, folder, both in found.others)]
    if len(table := means.first_table(found)):
        parts += [_OVER_FIRST, *_cut(table, FIRST)]
    parts += ["## Time over torch's"]
    if ratios.empty:
        parts.append("No call that is in all of these folders has a time of torch beside it.")
    else:
        parts += [_OVER_TORCH, *_cut(means.torch_table(found.folders, ratios), TORCH)]
    parts += [f"![{figure.TITLE}]({drawn})", figure.CAPTION] if drawn else []
    parts += listing.largest(found, LINES - sum(part.count("\n") + 2 for part in parts))
    return "\n\n".join(parts) + "\n"


def _machine(folder: Folder, alone: int, out: Path) -> str:
    """What a folder was measured with, and how many rows it has."""
    rows = "1 row" if len(folder.rows) == 1 else f"{len(folder.rows)} rows"
    return f"- {_link(folder, out)}: {folder.line}; {rows}, {alone or 'none'} in no other folder."


def _link(folder: Folder, out: Path) -> str:
    """The folder's name, which leads to its page where that lies below this one."""
    name = f"**{plain(folder.name)}**"
    place = Path(os.path.relpath(os.path.realpath(folder.place / records.README), os.path.realpath(out)))
    below = ".." not in place.parts and (folder.place / records.README).exists()
    return f"[{name}]({quote(place.as_posix())})" if below else name


def _agreement(folder: Folder, both: pd.DataFrame, pages: Sequence[str]) -> str:
    """How many rows agree, and where all of them stand."""
    links = [f"[{'More' if i else 'Every row'}]({page})." for i, page in enumerate(pages)]
    return " ".join([f"- **{plain(folder.name)}**: {agree(both)}", *links])


def _cut(table: pd.DataFrame, most: int) -> list[str]:
    """A table of at most so many lines, and a sentence on what is left out."""
    left = len(table) - most
    return [tables.markdown(table[:most]), *([f"There is no room for {left} more lines."] if left > 0 else [])]
