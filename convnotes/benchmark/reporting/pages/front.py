"""The first page of a report: who is faster, on what, by how much and on which machine; then the figures."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

import pandas as pd

from convnotes.benchmark.reporting import tables, totals
from convnotes.benchmark.reporting.figures import Picture
from convnotes.benchmark.storing import records

# So many wrong or failed results are named here; the tables have all.
NAMED = 5


class Told(NamedTuple):
    """What the page is made of, beside the summary.

    line: the line of provenance; settings: how the measurements were chosen
    warnings: a sentence for each thing that is wrong; findings: what the run found
    pictures: the figures that were drawn
    """

    line: str
    settings: str
    warnings: Sequence[str]
    findings: Sequence[str]
    pictures: Sequence[Picture]


def page(summary: pd.DataFrame, told: Told, rows: Sequence[str]) -> str:
    """The page; `rows` are the files with every row."""
    warnings = [f"> **Warning.** {warning}" for warning in told.warnings[:NAMED]]
    if more := len(told.warnings) - len(warnings):
        warnings.append(f"> **Warning.** {more} more results are wrong or failed; the tables have them.")
    overview = [picture for picture in told.pictures if picture.name == records.OVERVIEW]
    parts = ["# Benchmark", told.line, *warnings]
    parts += [part for picture in overview for part in (_image(picture), picture.caption)]
    parts += ["\n".join(f"- {finding}" for finding in told.findings), told.settings, _links(rows)]
    parts += _network(totals.totals(summary), told.line)
    parts += _figures(picture for picture in told.pictures if picture not in overview)
    return "\n\n".join(parts)


def _links(rows: Sequence[str]) -> str:
    """Where everything else is."""
    found = ", ".join(f"[{name.removesuffix('.md')}]({name})" for name in rows)
    reading = f"[how to read this]({records.READING})"
    return f"Every row: {found}; {reading}." if rows else f"{reading[0]}H{reading[2:]}."


def _network(found: list[totals.Total], line: str) -> list[str]:
    """What the user's own layers add up to."""
    if not found:
        return []
    parts = ["## The network's measured layers", totals.RULE, tables.markdown(totals.table(found))]
    if notes := [f"- {note}" for total in found for note in totals.notes(total)]:
        parts.append("\n".join(notes))
    return [*parts, line]


def _figures(pictures: Iterable[Picture]) -> list[str]:
    """The figures, those of one kind under one title with one caption; the line of provenance is in each of them."""
    parts = []
    for (title, caption), group in groupby(pictures, lambda picture: (picture.title, picture.caption)):
        parts += [f"## {title}", caption]
        for picture in group:
            parts += [*([f"**{picture.about}**"] if picture.about else []), _image(picture)]
    return parts


def _image(picture: Picture) -> str:
    return f"![{picture.caption}]({picture.name}.png)"
