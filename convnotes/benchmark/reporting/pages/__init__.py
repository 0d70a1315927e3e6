"""The pages of a report, in Markdown: the first one, one with all rows of each suite, and how to read them."""

from pathlib import Path

import pandas as pd

from convnotes.benchmark.reporting.pages import front, reading, suites
from convnotes.benchmark.storing import records


def write(summary: pd.DataFrame, told: front.Told, folder: Path) -> None:
    """Write all pages to a folder."""
    rows = suites.pages(summary, told.line)
    texts = {records.README: front.page(summary, told, list(rows)), records.READING: reading.PAGE, **rows}
    for name, text in texts.items():
        (folder / name).write_text(text.rstrip() + "\n", encoding="utf-8", newline="\n")
