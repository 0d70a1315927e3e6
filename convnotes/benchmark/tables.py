"""The measurements as tables: medians and spreads, then text with units, then Markdown."""

import math

import pandas as pd

# A time whose interquartile range is above this share of its median is marked.
STEADY = 0.10

_KEYS = ["case", "operation", "implementation"]
_PREFIXES = {1: "", 1e-3: "m", 1e-6: "µ", 1e-9: "n"}


def summarize(frame: pd.DataFrame) -> pd.DataFrame:
    """One row for each case, operation and implementation, in the order of the measurements.

    Beside the columns that all its timings share: median, lower and upper quartile in seconds, spread (the
    interquartile range over the median), gflops, gigabytes_per_second, ratio (the median over torch's) and
    estimate_ratio (the estimate for a call that was not run over torch's median).
    """
    groups = frame.groupby(_KEYS, sort=False)
    summary = groups.first().drop(columns=["repeat", "seconds"])
    quartiles = groups["seconds"].quantile([0.25, 0.5, 0.75]).unstack().reindex(summary.index)  # noqa: PD010
    summary["repeats"] = groups["seconds"].count()
    summary[["lower", "median", "upper"]] = quartiles
    summary["spread"] = (summary["upper"] - summary["lower"]) / summary["median"]
    summary["gflops"] = 2 * summary["multiply_adds"] / summary["median"] / 1e9
    summary["gigabytes_per_second"] = summary["bytes"] / summary["median"] / 1e9
    summary = summary.reset_index()
    by_torch = summary[summary["implementation"] == "torch"].set_index(_KEYS[:2])["median"]
    torch = by_torch.reindex(pd.MultiIndex.from_frame(summary[_KEYS[:2]])).to_numpy()
    summary["ratio"] = summary["median"] / torch
    summary["estimate_ratio"] = summary["estimate_seconds"] / torch
    return summary


def times(summary: pd.DataFrame, operation: str) -> pd.DataFrame:
    """The table of one operation: a row for each case, a time and a ratio for each implementation."""
    rows = summary[summary["operation"] == operation]
    names = list(dict.fromkeys(summary["implementation"]))
    ratios = [name for name in names if name != "torch"] if "torch" in names else []
    table = []
    for case, group in rows.groupby("case", sort=False):
        found = {row["implementation"]: row for _, row in group.iterrows()}
        table.append(
            {
                "case": case,
                "multiply-adds": f"{group['multiply_adds'].iloc[0]:,}",
                **{name: _time(found.get(name)) for name in names},
                **{f"{name} / torch": _ratio(found.get(name)) for name in ratios},
                "largest error": _error(group["error"].max()),
            }
        )
    return pd.DataFrame(table)


def rates(summary: pd.DataFrame) -> pd.DataFrame:
    """GFLOP/s of the convolutions, a column for each implementation."""
    rows = summary[summary["operation"].str.startswith("conv")]
    table = []
    for (case, operation), group in rows.groupby(_KEYS[:2], sort=False):
        values = {row["implementation"]: digits(row["gflops"]) for _, row in group.iterrows()}
        table.append({"case": case, "operation": operation, **values})
    return pd.DataFrame(table).fillna("")


def memory(summary: pd.DataFrame) -> pd.DataFrame:
    """The bytes an operation must move, and the workspace predicted and peak measured of each implementation."""
    table = []
    for (case, operation), group in summary.groupby(_KEYS[:2], sort=False):
        row = {"case": case, "operation": operation, "arguments and result": size(group["bytes"].iloc[0])}
        for _, one in group.iterrows():
            if one["implementation"] != "torch":
                row[f"{one['implementation']}: workspace predicted"] = size(one["workspace_bytes"])
                row[f"{one['implementation']}: peak measured"] = size(one["peak_bytes"])
        table.append(row)
    return pd.DataFrame(table).fillna("")


def faults(summary: pd.DataFrame) -> list[str]:
    """A sentence for each result that is wrong or failed."""
    rows = summary[summary["status"].isin(["wrong", "failed"])]
    return [f"{row['implementation']}: {row['operation']} of {row['case']}: {_time(row)}" for _, row in rows.iterrows()]


def markdown(table: pd.DataFrame) -> str:
    """A table in Markdown whose columns also line up as plain text."""
    cells = [list(map(str, table.columns)), *([str(cell) for cell in row] for row in table.itertuples(index=False))]
    cells = [[cell.replace("|", "\\|") for cell in row] for row in cells]
    widths = [max(3, *map(len, column)) for column in zip(*cells)]
    texts = [table.columns[i] in ("case", "operation") for i in range(len(widths))]
    rule = [":" + "-" * (w - 1) if text else "-" * (w - 1) + ":" for w, text in zip(widths, texts)]
    lines = [
        [c.ljust(w) if text else c.rjust(w) for c, w, text in zip(row, widths, texts)]
        for row in [cells[0], rule, *cells[1:]]
    ]
    return "\n".join("| " + " | ".join(row) + " |" for row in lines)


def digits(value: float, significant: int = 3) -> str:
    """A number of 0 or above with so many significant digits, without an exponent; nothing for not-a-number.

    >>> digits(1234.5), digits(12.345), digits(0.012345)
    ('1234', '12.3', '0.0123')
    """
    if math.isnan(value):
        return ""
    decimals = significant - 1 - math.floor(math.log10(value)) if value else 0
    return f"{value:.{max(0, decimals)}f}"


def duration(seconds: float, significant: int = 3) -> str:
    """Seconds in the unit that leaves one to three digits before the point.

    >>> duration(0.01234), duration(5e-6), duration(42.3, 2)
    ('12.3 ms', '5.00 µs', '42 s')
    """
    unit = next((unit for unit in _PREFIXES if seconds >= 0.9995 * unit), 1e-9)
    return f"{digits(seconds / unit, significant)} {_PREFIXES[unit]}s"


def size(count: float) -> str:
    """A number of bytes in KiB or MiB."""
    if math.isnan(count):
        return ""
    return f"{digits(count / 2**20)} MiB" if count >= 2**20 else f"{digits(count / 2**10)} KiB"


def _time(row) -> str:
    match None if row is None else row["status"]:
        case None:
            return "not asked for"
        case "measured":
            mark = f" (IQR {row['spread']:.0%})" if row["spread"] > STEADY else ""
            return duration(row["median"]) + mark
        case "not run":
            return f"not run (about {duration(row['estimate_seconds'], 2)})"
        case "wrong":
            return f"**wrong** (error {row['error']:.0e})"
        case "failed":
            return f"**failed** ({row['note']})"


def _ratio(row) -> str:
    return "" if row is None else digits(row["ratio"])


def _error(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.0e}" if value else "0"
