"""The summary as tables: text with units, then Markdown."""

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from convnotes.benchmark.reporting.summary import families, geometric_mean, kind, names
from convnotes.benchmark.reporting.units import digits, duration, size
from convnotes.benchmark.storing.schema import OF_NETWORKS
from convnotes.benchmark.terminal.output import columns, ljust, rjust

# A time whose interquartile range is above this share of its median is marked.
STEADY = 0.10
# A table of more rows than this is folded, and the columns of one with longer lines are not lined up.
LONG, WIDE = 15, 160

_TEXTS = ("case", "layer", "operation", "implementation", "suite or network", "network", "pass", "different", "folder")


def times(rows: pd.DataFrame) -> pd.DataFrame:
    """The table of one operation: a row for each case, a time and a ratio for each implementation.

    Where a case was measured with several batches, each has its own columns of times and ratios. A column of
    ratios that would be empty is left out.
    """
    batches = sorted(set(rows["batch"])) if rows.duplicated(["case", "implementation"]).any() else [None]
    table = []
    for case, group in rows.groupby("case", sort=False):
        row = {"case": case, "multiply-adds": f"{int(group['multiply_adds'].iloc[0]):,}"}
        for batch in batches:
            row |= _times(group if batch is None else group[group["batch"] == batch], rows, batch)
        table.append(row | {"largest error": _error(group["error"].max())})
    table = pd.DataFrame(table).rename(columns={"multiply-adds": _multiply_adds(batches)})
    return table.drop(columns=[name for name in table if " / " in name and not table[name].any()])


def _times(group: pd.DataFrame, rows: pd.DataFrame, batch: int | None) -> dict[str, str]:
    """The times of one case with one batch, and their ratios to torch's."""
    found = {row["implementation"]: row for _, row in group.iterrows()}
    there = names(rows)
    ratios = [name for name in there if name != "torch"] if "torch" in there else []
    suffix = "" if batch is None else f", batch {batch}"
    return {
        **{f"{name}{suffix}": time(found.get(name)) for name in there},
        **{f"{name} / torch{suffix}": _ratio(found.get(name)) for name in ratios},
    }


def _multiply_adds(batches: Sequence[int | None]) -> str:
    return "multiply-adds" if batches == [None] else f"multiply-adds, batch {batches[0]}"


def overview(rows: pd.DataFrame) -> pd.DataFrame:
    """A row for each suite or network, pass and batch: how many calls there are, and the mean ratio to torch's time."""
    there = [name for name in names(rows) if name != "torch"]
    rows = rows.assign(family=families(rows), kind=rows["operation"].map(kind))
    # Only in layers of networks does a batch tell rows apart that are otherwise the same.
    rows = rows.assign(group=rows["batch"].where(rows["suite"].isin(OF_NETWORKS), -1))
    table = []
    for (family, passing, batch), group in rows.groupby(["family", "kind", "group"], sort=False):
        row = {"suite or network": family, "pass": passing, "batch": "" if batch < 0 else str(int(batch))}
        row["problems"] = str(len(group.drop_duplicates(["case", "batch", "operation"])))
        for name in there:
            found = group[group["implementation"] == name]
            ratios = found["ratio_to_torch"].fillna(found["estimate_ratio"]).dropna()
            about = "about " if found["estimate_ratio"].notna().any() else ""
            row[f"{name} / torch"] = about + digits(geometric_mean(ratios)) if len(ratios) else ""
            row[f"{name} faster"] = f"{(ratios < 1).sum()} of {len(ratios)}" if len(ratios) else ""
        table.append(row)
    return pd.DataFrame(table)


def costs(rows: pd.DataFrame) -> pd.DataFrame:
    """What each call must move and does, and each implementation's GFLOP/s, predicted workspace and measured peak."""
    there = names(rows)
    table = []
    for (case, batch, operation), group in rows.groupby(["case", "batch", "operation"], sort=False):
        row = {"case": case, "batch": str(batch), "operation": operation}
        row["arguments and result"] = size(group["bytes"].iloc[0])
        row["flop per byte"] = digits(group["intensity"].iloc[0])
        found = {one["implementation"]: one for _, one in group.iterrows()}
        for name in there:
            one = found.get(name)
            row[f"{name}: GFLOP/s"] = "" if one is None else digits(one["gflops"])
            if name != "torch":
                row[f"{name}: workspace predicted"] = "" if one is None else size(one["workspace_bytes"])
                row[f"{name}: peak measured"] = "" if one is None else size(one["peak_bytes"])
        table.append(row)
    return pd.DataFrame(table)


def faults(summary: pd.DataFrame) -> list[str]:
    """A sentence for each result that is wrong or failed."""
    rows = summary[summary["status"].isin(["wrong", "failed"])]
    return [f"{row['implementation']}: {_operation(row)} of {row['case']}: {time(row)}" for _, row in rows.iterrows()]


def _operation(row: pd.Series) -> str:
    return row["operation"] + (f" ({row['step']})" if row["step"] else "")


def markdown(table: pd.DataFrame) -> str:
    """A table in Markdown whose columns also line up as plain text, where a screen has room for its lines."""
    cells = [list(map(str, table.columns)), *([str(cell) for cell in row] for row in table.itertuples(index=False))]
    cells = [[cell.replace("|", "\\|") for cell in row] for row in cells]
    widths = [max(3, *map(columns, column)) for column in zip(*cells)]
    if sum(widths) + 3 * len(widths) > WIDE:
        widths = [3] * len(widths)
    texts = [table.columns[i] in _TEXTS for i in range(len(widths))]
    rule = [":" + "-" * (w - 1) if text else "-" * (w - 1) + ":" for w, text in zip(widths, texts)]
    lines = [
        [ljust(c, w) if text else rjust(c, w) for c, w, text in zip(row, widths, texts)]
        for row in [cells[0], rule, *cells[1:]]
    ]
    return "\n".join("| " + " | ".join(row) + " |" for row in lines)


def time(row: Any) -> str:
    """The time of one call, or why there is none."""
    match None if row is None else row["status"]:
        case None:
            return "not asked for"
        case "measured":
            mark = f" (IQR {row['spread']:.0%})" if row["spread"] > STEADY else ""
            return duration(row["median"]) + mark
        case "not run":
            return f"not run (about {duration(row['estimate_seconds'], 2)})"
        case "not offered":
            return f"not offered ({row['note']})"
        case "wrong":
            found = row["note"] if isinstance(row["note"], str) else f"error {row['error']:.0e}"
            return f"**wrong** ({found})"
        case _:  # failed
            return f"**failed** ({row['note']})"


def _ratio(row: Any) -> str:
    return "" if row is None else digits(row["ratio_to_torch"])


def _error(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.0e}" if value else "0"
