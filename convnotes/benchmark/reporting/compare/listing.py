"""The rows of a comparison one by one: those that differ most on its page, and all of them on pages of their own."""

import re

import pandas as pd

from convnotes.benchmark.reporting import tables
from convnotes.benchmark.reporting.compare.folders import Folder
from convnotes.benchmark.reporting.compare.rows import NOISE, Comparison, agree, by_size
from convnotes.benchmark.reporting.units import digits, duration
from convnotes.benchmark.storing import records

# By this sentence the command knows a page of its own, which it may replace.
MARK = "Written by `convnotes compare` from the measurements in the folders that are named here."
# So many rows that differ are shown of a folder at most, and at least where so many folders have a place.
MOST, LEAST = 30, 3
# Bytes of a table of all rows; what is above it is a page of under a megabyte.
LARGEST = 900_000
_PROBLEM = ["case", "batch", "operation", "implementation"]


def plain(name: str) -> str:
    """A name in which Markdown finds nothing of its own."""
    return re.sub(r"([\\`*\[\]<>])", r"\\\1", name)


def largest(found: Comparison, room: int) -> list[str]:
    """The rows that differ most, as many of each folder as `room` lines hold."""
    # Beside the rows there are a heading, a text, the table's head, and blank lines between.
    room -= 8
    there = [(folder, both) for _, folder, both in found.others if both["differs"].any()]
    if not there:
        return ["## The largest differences", f"No row differs beyond noise. {NOISE}"]
    shown = there[: max(1, room // LEAST)]
    most = min(MOST, room // len(shown))
    table = [[folder.name, *_cells(row)] for folder, both in shown for _, row in by_size(both)[:most].iterrows()]
    names = ["folder", *_PROBLEM, found.folders[0].name, "in the folder", "ratio"]
    whose = "each folder" if len(shown) == len(there) else f"the first {len(shown)} folders that have any"
    text = f"Rows of {whose} whose time differs from that in the first beyond noise, {most} at most. {NOISE}"
    return ["## The largest differences", text, tables.markdown(pd.DataFrame(table, columns=names))]


def every_row(first: Folder, folder: Folder, both: pd.DataFrame) -> list[str]:
    """Pages of all rows that a folder has in common with the first, each of less than a megabyte."""
    cells = [[*_cells(row), _mark(row)] for _, row in both.iterrows()]
    table = pd.DataFrame(cells, columns=[*_PROBLEM, first.name, folder.name, "ratio", "beyond noise"])
    head = [f"# Every row of {plain(folder.name)} and {plain(first.name)}", MARK]
    head.append("\n".join(f"- **{plain(one.name)}**: {one.line}" for one in (first, folder)))
    head += [f"Here {agree(both)} {NOISE}", f"[The whole comparison]({records.README})"]
    return ["\n\n".join([*head, part]) + "\n" for part in _parts(table)] if len(both) else []


def _parts(table: pd.DataFrame) -> list[str]:
    """A table, halved until no part of it is too large."""
    text = tables.markdown(table)
    if len(text.encode()) <= LARGEST or len(table) == 1:
        return [text]
    half = len(table) // 2
    return [*_parts(table[:half]), *_parts(table[half:])]


def _cells(row: pd.Series) -> list[str]:
    """The problem, both medians and their ratio."""
    step = f", {row['step']}" if row["step"] else ""
    problem = [row["case"], str(row["batch"]), row["operation"], row["implementation"] + step]
    return [*problem, duration(row["median_a"]), duration(row["median_b"]), digits(row["ratio"])]


def _mark(row: pd.Series) -> str:
    return "" if not row["differs"] else "slower" if row["ratio"] > 1 else "faster"
