"""The report: tables and figures from the measurements and the environment alone."""

from pathlib import Path
from typing import NamedTuple

import pandas as pd

from convnotes.benchmark.reporting import figures, provenance, tables, totals
from convnotes.benchmark.reporting.summary import calls, ceilings, families, summarize, with_times
from convnotes.benchmark.storing import records

# A table of more rows than this is folded.
LONG = 15

_READING = """\
## How to read this

- A time is the median over all timings of one call, spread over several rounds through the whole list of problems.
  `(IQR 14%)` marks one whose interquartile range is above 10 % of the median: it is less certain than the others.
- `naive / torch` is a ratio of medians: 2 means twice torch's time, 0.5 half of it. Over several problems it is the
  geometric mean of their ratios, and `matmul faster: 3 of 7` counts those below 1.
- Before any clock starts, every result is compared with the definition in float64, from the same rounded operands.
  The error is the largest deviation relative to the largest entry. A result that is too far off is **wrong** and is
  not timed. The column `definition` of `measurements.csv` says whether the plain loops computed the expected values,
  or, where these would take too long, the matrix products in float64.
- `not run (about 42 s)` is an implementation whose one call would take longer than the run's limit, with an estimate
  from its speed on smaller cases.
- `not offered` is what an implementation of somebody else's does not have: the function, or a parameter that this
  layer needs, or what it says itself that it has not implemented. That is no fault of it.
- The clock holds the call on NumPy arrays, and for torch the call on tensors that exist already. A short call is
  looped inside one timing so that it lasts at least 2 ms. With one thread all implementations take turns in one
  process, repeat by repeat; with more, each has a process of its own. What is none of ours always has one, and the
  line of the machine ends with its file and the first digits of that file's SHA-256, or with its version. A forward
  convolution adds its bias.
- Two runs are compared by `convnotes compare`. It takes for the noise of a row the range of its rounds' medians, or
  that of what the machine itself did once in every round (a matrix product, a copy, a Python loop), where this is
  wider: `noise_low` to `noise_high` in `summary.csv`.
- A gradient of torch is the kernel of its backward pass alone. What a forward pass leaves behind is there before the
  clock starts: the places of a max pool's maxima, the intermediate arrays of a local response normalization. The
  other implementations find these again inside the clock.
- Multiply-adds include products with padded zeros. For pools they are the entries compared or added, for the bias the
  additions, for local response normalization the pairs of a channel and one in its window (two each in its gradient).
  GFLOP/s count two operations for each.
- *Workspace predicted* is the size of the arrays that an implementation's docstring names: the padded copy of the
  loops, the matrix of columns of the matrix products; of `fast`, what the algorithm that it chooses holds at most (an
  input gradient is by several, and has none). *Peak measured* is everything that one call allocates, its
  result included, traced in a call of its own; it is empty where tracing would slow plain loops beyond the limit.
  torch has neither: it chooses its algorithm when it runs, and its memory is out of sight of Python's tracing.
- `measurements.csv` holds every single timing, `summary.csv` the medians and all that follows from them,
  `environment.json` the machine. `convnotes plot` rebuilds this page and its figures from the first and the last.
"""


class Report(NamedTuple):
    """What there is to be told of a report: its summary, a sentence for each wrong or failed result, and more."""

    summary: pd.DataFrame
    faults: list[str]
    line: str
    warning: str | None


def write(frame: pd.DataFrame, environment: dict, folder: Path) -> Report:
    """Write tables and figures to `folder`."""
    summary = with_times(summarize(frame), environment)
    summary.to_csv(folder / records.SUMMARY, index=False, lineterminator="\n")
    line = provenance.line(environment)
    pictures = figures.write(summary, line, folder)
    faults = tables.faults(summary)
    busy = provenance.warning(environment)
    warnings = ([busy] if busy else []) + faults
    overview = tables.markdown(tables.overview(calls(summary)))

    intro = [line, provenance.settings(environment), provenance.ceilings(ceilings(summary))]
    intro += [f"> **Warning.** {warning}" for warning in warnings]
    parts = ["# Benchmark", *filter(None, intro), "## At a glance", overview, line]
    parts += _network(totals.totals(summary), line)
    for picture in pictures:
        parts += [f"## {picture.title}", f"![{picture.caption}]({picture.name}.png)"]
        parts += [f"{picture.caption} ([SVG]({picture.name}.svg))", line]
    parts += [*_times(_families(calls(summary)), line), *_costs(calls(summary), line), _READING.rstrip()]
    (folder / records.README).write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return Report(summary, faults, line, busy)


def _families(rows: pd.DataFrame) -> dict[str, dict[str, pd.DataFrame]]:
    """The tables of times of every suite and every network, operation by operation."""
    found = {}
    for family, group in rows.groupby(families(rows), sort=False):
        operations = group.groupby("operation", sort=False)
        found[family] = {operation: tables.times(rows) for operation, rows in operations}
    return found


def _network(found: list[totals.Total], line: str) -> list[str]:
    """What the user's own layers add up to."""
    if not found:
        return []
    parts = ["## The network's measured layers", totals.RULE, tables.markdown(totals.table(found))]
    if notes := [f"- {note}" for total in found for note in totals.notes(total)]:
        parts.append("\n".join(notes))
    for total in found:
        if total.seconds.size:
            parts.append(_fold(f"{total.name}, layer by layer", tables.markdown(totals.layers(total))))
    return [*parts, line]


def _times(tables_of, line) -> list[str]:
    parts = []
    for family, found in tables_of.items():
        parts.append(f"## Time of one call: {family}")
        for operation, table in found.items():
            text = tables.markdown(table)
            parts.append(_fold(operation, text) if len(table) > LONG else f"### `{operation}`\n\n{text}")
        parts.append(line)
    return parts


def _costs(rows, line) -> list[str]:
    rows = rows[rows["operation"].str.startswith("conv")]
    parts = ["## Rates and memory of the convolutions"] if len(rows) else []
    for suite, group in rows.groupby("suite", sort=False):
        parts.append(_fold(f"Suite {suite}", tables.markdown(tables.costs(group))))
    return [*parts, line] if parts else []


def _fold(title: str, content: str) -> str:
    """Something that a code host shows when its title is clicked."""
    return f"<details>\n<summary>{title}</summary>\n\n{content}\n\n</details>"
