"""The report: pages and figures from the measurements and the environment alone."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from convnotes.benchmark.reporting import figures, pages, provenance, tables
from convnotes.benchmark.reporting.pages.findings import findings
from convnotes.benchmark.reporting.pages.front import Told
from convnotes.benchmark.reporting.summary import summarize, to_csv, with_times
from convnotes.benchmark.storing import files, records


class Report(NamedTuple):
    """What there is to be told of a report.

    faults: a sentence for each wrong or failed result; line: that of provenance
    warning: whether the machine was busy; findings: what the run found, as on the page
    """

    summary: pd.DataFrame
    faults: list[str]
    line: str
    warning: str | None
    findings: Sequence[str] = ()


def write(
    frame: pd.DataFrame, environment: dict[str, Any], folder: Path, kinds: Iterable[str] = (records.PNG,)
) -> Report:
    """Write pages and figures, these in some of `records.KINDS`, to `folder`."""
    summary = with_times(summarize(frame), environment)
    (folder / records.SUMMARY).write_bytes(files.packed(to_csv(summary)))
    line = provenance.line(environment)
    pictures = figures.write(summary, line, folder, kinds)
    faults, busy, found = tables.faults(summary), provenance.warning(environment), findings(summary)
    warnings = [*filter(None, [busy]), *faults]
    pages.write(summary, Told(line, provenance.settings(environment), warnings, found, pictures), folder)
    return Report(summary, faults, line, busy, found)
