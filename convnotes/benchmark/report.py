"""The report: tables and figures from the measurements and the environment alone."""

from pathlib import Path

import pandas as pd

from convnotes.benchmark import plots, provenance, records, tables

_CAPTIONS = {
    "time": (
        "Time against multiply-adds",
        "The time of a convolution and of its two gradients against the number of multiply-adds, on logarithmic axes, "
        "with a mark for each case and implementation and bars over the interquartile range. A line of slope 1 shows "
        "the machine's best matrix product; a hollow mark is an estimate for a call that was not run.",
    ),
    "ratio": (
        "Time over torch's",
        "The time of each implementation divided by torch's, a row for each case, on a logarithmic axis with a line "
        "at 1. Marks left of the line are faster than torch, marks right of it slower; hollow marks are estimates for "
        "calls that were not run.",
    ),
    "workspace": (
        "The memory of im2col",
        "For each convolution by matrix products: the bytes of its arguments and its result, the predicted size of the "
        "matrix of columns, and the measured peak of one call, which holds that matrix, the result and padded copies.",
    ),
}

_READING = """\
## How to read this

- A time is the median over repeats of one call. `(IQR 14%)` marks one whose interquartile range is above 10 % of
  the median: it is less certain than the others.
- `naive / torch` is a ratio of medians: 2 means twice torch's time, 0.5 half of it.
- Before any clock starts, every result is compared with the definition in float64, from the same rounded operands.
  The error is the largest deviation relative to the largest entry. A result that is too far off is **wrong** and is
  not timed. The column `definition` of `measurements.csv` says whether the plain loops computed the expected values,
  or, where these would take too long, the matrix products in float64.
- `not run (about 42 s)` is an implementation whose one call would take longer than the run's limit, with an estimate
  from its speed on smaller cases.
- The clock holds the call on NumPy arrays, and for torch the call on tensors that exist already. A short call is
  looped inside one timing so that it lasts at least 2 ms. With one thread all implementations take turns in one
  process, repeat by repeat; with more, each has a process of its own. A forward convolution adds its bias.
- A gradient of torch is the kernel of its backward pass alone. What a forward pass leaves behind is there before the
  clock starts: the places of a max pool's maxima, the intermediate arrays of a local response normalization. The
  other implementations find these again inside the clock.
- Multiply-adds include products with padded zeros. For pools they are the entries compared or added, for the bias the
  additions, for local response normalization the pairs of a channel and one in its window (two each in its gradient).
  GFLOP/s count two operations for each.
- *Workspace predicted* is the size of the arrays that an implementation's docstring names: the padded copy of the
  loops, the matrix of columns of the matrix products. *Peak measured* is everything that one call allocates, its
  result included, traced in a call of its own; it is empty where tracing would slow plain loops beyond the limit.
  torch has neither: it chooses its algorithm when it runs, and its memory is out of sight of Python's tracing.
- `measurements.csv` holds every single timing, `summary.csv` the medians and all that follows from them,
  `environment.json` the machine. `convnotes plot` rebuilds this page and its figures from the first and the last.
"""


def write(frame: pd.DataFrame, environment: dict, folder: Path) -> list[str]:
    """Write tables and figures to `folder` and print the tables; returns a sentence for each wrong or failed result."""
    summary = tables.summarize(frame)
    summary.to_csv(folder / records.SUMMARY, index=False, lineterminator="\n")
    line = provenance.line(environment)
    figures = plots.draw(summary, environment, line, folder)
    faults = tables.faults(summary)
    warnings = _warnings(environment, faults)
    tables_by_operation = {name: tables.markdown(tables.times(summary, name)) for name in _operations(summary)}

    for name, table in tables_by_operation.items():
        print(f"{name}\n\n{table}\n")
    print("\n".join([line, *warnings]))
    page = _page(summary, line, environment, warnings, tables_by_operation, figures)
    (folder / records.README).write_text(page, encoding="utf-8")
    return faults


def _page(summary, line, environment, warnings, tables_by_operation, figures) -> str:
    parts = ["# Benchmark", line, provenance.settings(environment), provenance.ceilings(environment)]
    parts += [f"> **Warning.** {warning}" for warning in warnings]
    for name in figures:
        title, description = _CAPTIONS[name]
        parts += [f"## {title}", f"![{description}]({name}.png)", f"{description} ([SVG]({name}.svg))", line]
    parts.append("## Time of one call")
    for name, table in tables_by_operation.items():
        parts += [f"### `{name}`", table, line]
    rates = tables.rates(summary)
    if len(rates):
        parts += ["## GFLOP/s of the convolutions", tables.markdown(rates), line]
    parts += ["## Memory", tables.markdown(tables.memory(summary)), line, _READING.rstrip()]
    return "\n\n".join(parts) + "\n"


def _warnings(environment, faults) -> list[str]:
    busy = provenance.warning(environment)
    return ([busy] if busy else []) + faults


def _operations(summary) -> list[str]:
    return list(dict.fromkeys(summary["operation"]))
