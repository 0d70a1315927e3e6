"""The page of a comparison: what a reader wants to know first, the figure, and the rows that differ most."""

import os
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


def page(found: Comparison, ratios: pd.DataFrame, drawn: str | None, rows_of: dict[int, list[str]], out: Path) -> str:
    """The page, in Markdown.

    ratios: what `means.over_torch` finds; drawn: the file of the figure; rows_of: the pages of all rows, by the number
    of their folder; out: the folder that the page is for
    """
    first = found.folders[0].name
    parts = [f"# Comparison of {len(found.folders)} runs", MARK, "\n".join(_machines(found, out))]
    different = differences(found.folders[:FOLDERS])
    if different.empty:
        parts.append("The machine, the libraries, the threads and the commit are the same.")
    else:
        parts.append(tables.markdown(different))
    parts += [f"## Time over that in {plain(first)}", "\n".join(_agreements(found, rows_of))]
    table = means.first_table(found)
    if len(table):
        parts += [
            "Geometric means over the calls that both folders have, and in brackets the share of these that agree "
            "within noise.",
            *_cut(table, FIRST),
        ]
    parts += ["## Time over torch's", *_torch(found, ratios, drawn)]
    parts += listing.largest(found, LINES - sum(part.count("\n") + 2 for part in parts))
    return "\n\n".join(parts) + "\n"


def _machines(found: Comparison, out: Path) -> list[str]:
    """A line for each folder: what it was measured with, and how many rows it has."""
    lines = []
    for folder, alone in zip(found.folders[:FOLDERS], found.alone):
        rows = f"{len(folder.rows)} rows" if len(folder.rows) != 1 else "1 row"
        lines.append(f"- {_link(folder, out)}: {folder.line}; {rows}, {alone or 'none'} in no other folder.")
    if more := found.folders[FOLDERS:]:
        lines.append(f"- And {len(more)} more, which this page has no room for.")
    return lines


def _link(folder: Folder, out: Path) -> str:
    """The folder's name, which leads to its page where that lies below this one."""
    name = f"**{plain(folder.name)}**"
    place = Path(os.path.relpath(os.path.realpath(folder.place / records.README), os.path.realpath(out)))
    below = ".." not in place.parts and (folder.place / records.README).exists()
    return f"[{name}]({quote(place.as_posix())})" if below else name


def _agreements(found: Comparison, rows_of: dict[int, list[str]]) -> list[str]:
    """A sentence for each folder but the first."""
    lines = []
    for number, folder, both in found.others[: FOLDERS - 1]:
        links = " ".join(f"[{'More' if i else 'Every row'}]({name})." for i, name in enumerate(rows_of.get(number, [])))
        lines.append(f"- **{plain(folder.name)}**: {agree(both)} {links}".rstrip())
    return lines


def _cut(table: pd.DataFrame, most: int) -> list[str]:
    """A table of at most so many lines and columns, and a sentence on what is left out."""
    lines, names = len(table) - most, len(table.columns) - FOLDERS - 2
    table = table.iloc[:most, : FOLDERS + 2]
    left = [f"{lines} more lines"] if lines > 0 else []
    left += [f"{names} more folders"] if names > 0 else []
    return [tables.markdown(table), *([f"There is no room for {' and '.join(left)}."] if left else [])]


def _torch(found: Comparison, ratios: pd.DataFrame, drawn: str | None) -> list[str]:
    if ratios.empty:
        return ["No call that is in all of these folders has a time of torch beside it."]
    parts = [
        "Geometric means for a network's layers at all batches: forward / input gradient / parameter gradient. A mean "
        "is over the calls that every folder has which has any of that network by that implementation.",
        *_cut(means.torch_table(found.folders, ratios), TORCH),
    ]
    return [*parts, f"![{figure.TITLE}]({drawn})", figure.CAPTION] if drawn else parts
