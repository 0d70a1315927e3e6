"""The pages with every row: one for each suite, and further ones where it would be too long."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from convnotes.benchmark.reporting import tables, totals
from convnotes.benchmark.reporting.ratios import is_convolution
from convnotes.benchmark.reporting.summary import calls, families
from convnotes.benchmark.storing import records
from convnotes.benchmark.storing.schema import LAYERS

# Bytes of a page, beside its head. Code hosts show no longer ones.
LONGEST = 450_000

_BACK = f"[Back to the results]({records.README}), [how to read this]({records.READING})"


def pages(summary: pd.DataFrame, line: str) -> dict[str, str]:
    """The pages by the names of their files, in the order of the suites."""
    rows = calls(summary)
    names = rows["suite"].where(rows["suite"].isin(records.PAGES), records.OTHERS)
    found = {}
    for suite, group in rows.groupby(names, sort=False):
        sections = [*_network(summary, suite), *_families(group)]
        bodies = _filled(sections, line)
        files = records.PAGES[suite]
        if len(bodies) > len(files):
            bodies[len(files) - 1 :] = [f"{bodies[len(files) - 1]}\n\nAll further rows are in `{records.SUMMARY}`."]
        links = "\n\nIn several pages: " + ", ".join(f"[{file}]({file})" for file in files[: len(bodies)])
        for number, (file, body) in enumerate(zip(files, bodies), 1):
            title = f"# Every row: {suite}" + (f", page {number}" if len(bodies) > 1 else "")
            found[file] = f"{title}\n\n{_BACK}{links if len(bodies) > 1 else ''}\n\n{line}\n\n{body}"
    return found


def _network(summary: pd.DataFrame, suite: str) -> Iterable[tuple[str, list[Any]]]:
    """The layers of the user's own network, with what each takes of the whole."""
    found = [total for total in totals.totals(summary) if total.seconds.size] if suite == LAYERS else []
    if found:
        yield "The network, layer by layer", [(total.name, totals.layers(total)) for total in found]


def _families(rows: pd.DataFrame) -> Iterable[tuple[str, list[Any]]]:
    """The tables of each suite or network: its means, the times of each operation, and what convolutions cost."""
    for family, group in rows.groupby(families(rows), sort=False):
        found = [("At a glance", tables.overview(group).drop(columns="suite or network"))]
        found += [
            (f"Time of one call: {operation}", tables.times(of))
            for operation, of in group.groupby("operation", sort=False)
        ]
        if len(of := group[is_convolution(group)]):
            found.append(("Rates and memory of the convolutions", tables.costs(of)))
        yield family, found


def _filled(sections: Iterable[tuple[str, list[Any]]], line: str) -> list[str]:
    """The sections on as few pages as hold them; one that fits on a page is on one, whichever that is."""
    found = [""]
    for title, blocks in sections:
        heading = f"## {title}\n\n"
        texts = [text for name, table in blocks for text in _texts(name, table)]
        whole = sum(len(text.encode()) for text in texts)
        for number, text in enumerate(texts):
            room = LONGEST - len(found[-1].encode())
            new = (not number and room < whole <= LONGEST) or len(text.encode()) > room
            if new and found[-1]:
                found.append("")
            found[-1] += (heading if new or not number else "") + f"{text}\n\n"
        found[-1] += f"{line}\n\n"
    return [body.rstrip() for body in found]


def _texts(name: str, table: pd.DataFrame) -> Iterable[str]:
    """A table under its name, folded where it is long, or its halves where it fills more than a page."""
    text = tables.markdown(table)
    if len(text.encode()) > LONGEST and len(table) > 1:
        half = len(table) // 2
        yield from _texts(name, table.iloc[:half])
        yield from _texts(name, table.iloc[half:])
    elif len(table) > tables.LONG:
        # What a code host shows when its title is clicked.
        yield f"<details>\n<summary>{name}</summary>\n\n{text}\n\n</details>"
    else:
        yield f"### {name}\n\n{text}"
