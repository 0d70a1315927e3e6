"""Several folders of results side by side: what differs between them, and which rows differ beyond their noise."""

from collections.abc import Sequence
from pathlib import Path

from convnotes.benchmark.reporting.compare import folders, printed, publishing, rows


def write(places: Sequence[Path], out: Path | None = None, everything: bool = False) -> str:
    """Compare the results in two or more folders; returns what to print.

    out: a folder for a page with a figure, if that is wanted; everything: whether all rows are written there too
    """
    found = rows.comparison(folders.read(places))
    if out is not None:
        publishing.publish(found, out, everything)
    return printed.text(found, out)
