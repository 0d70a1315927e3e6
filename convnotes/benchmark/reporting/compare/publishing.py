"""A comparison as files: its page, its figure and the pages of all rows, in a folder that holds nothing of others."""

import re
from pathlib import Path

import pandas as pd

from convnotes.benchmark import Refused
from convnotes.benchmark.reporting.compare import figure, listing, means, page
from convnotes.benchmark.reporting.compare.rows import Comparison
from convnotes.benchmark.reporting.figures import parts
from convnotes.benchmark.storing import files, records

FIGURE = "compare.png"
_OF_ROWS = re.compile(r"rows_\d+(_\d+)?\.md")
_RUN = (records.MEASUREMENTS, records.PLAIN, records.ENVIRONMENT, records.SUMMARY, records.UNFINISHED)


def publish(found: Comparison, out: Path, everything: bool) -> None:
    """Write the page and the figure to a folder, and with `everything` all rows; what is there is replaced at once.

    Refuses a folder that holds a run, or one of these files from elsewhere.
    """
    with files.writing(out, refuse=refuse_what_is_not_ours) as unfinished:
        ratios = means.over_torch(found.folders)
        drawn = _draw(found, ratios, unfinished / FIGURE)
        rows_of: dict[int, list[str]] = {number: [] for number, *_ in found.others}
        for number, folder, both in found.others if everything else ():
            for i, text in enumerate(listing.every_row(found.folders[0], folder, both), 1):
                name = f"rows_{number}.md" if i == 1 else f"rows_{number}_{i}.md"
                (unfinished / name).write_text(text, encoding="utf-8", newline="\n")
                rows_of[number].append(name)
        text = page.page(found, ratios, drawn, rows_of, out)
        (unfinished / records.README).write_text(text, encoding="utf-8", newline="\n")
        new = [name for names in rows_of.values() for name in names]
        files.publish(unfinished, out, dict.fromkeys([FIGURE, *_of_rows(out), *new, records.README]))


def _draw(found: Comparison, ratios: pd.DataFrame, path: Path) -> str | None:
    """Draw the figure; returns its file's name, if there is anything to draw."""
    with parts.drawing():
        if (drawn := figure.draw(found.folders, ratios)) is None:
            return None
        drawn.savefig(path)
    return path.name


def refuse_what_is_not_ours(out: Path) -> None:
    """Refuse a folder that holds a run, whose page stands there, or files of these names that others have made."""
    if run := [name for name in _RUN if (out / name).exists()]:
        raise Refused(f"--out must be a folder that holds no run itself, got {str(out)!r} with {run[0]}")
    pages = [name for name in (records.README, *_of_rows(out)) if (out / name).exists()]
    others = [name for name in pages if listing.MARK not in _start(out / name)]
    if FIGURE not in others and records.README not in pages and (out / FIGURE).exists():
        others.append(FIGURE)
    if others:
        raise Refused(f"--out must be a folder without a {others[0]} of another origin, got {str(out)!r}")


def _of_rows(out: Path) -> list[str]:
    """The pages of rows that are there."""
    return sorted(path.name for path in out.iterdir() if _OF_ROWS.fullmatch(path.name))


def _start(path: Path) -> str:
    """The beginning of a file, where the mark stands."""
    with path.open("rb") as file:
        return file.read(20_000).decode("utf-8", "replace")
