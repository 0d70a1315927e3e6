"""How many times faster than the plain loops, suite by suite and network by network."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convnotes.benchmark.reporting.figures import parts
from convnotes.benchmark.reporting.summary import calls, families, geometric_mean

TITLE = "Speed-up over the plain loops"
CAPTION = (
    "The time of the plain loops divided by each implementation's, on a logarithmic axis with a line at 1: small "
    "marks for single cases, a large mark for their geometric mean. Right of the line an implementation is faster "
    "than the loops. Hollow marks rest on estimates of the loops' time, where these were not run; a mean is hollow "
    "where any of its cases is."
)


def draw(summary: pd.DataFrame) -> Figure | None:
    """The figure; None without a time, or an estimate, of the plain loops."""
    rows = calls(summary)
    rows = rows[(rows["status"] == "measured") & (rows["implementation"] != "naive")]
    rows = rows.assign(speedup=rows["speedup_over_naive"].fillna(rows["estimate_speedup"])).dropna(subset="speedup")
    if rows.empty:
        return None
    rows = rows.assign(group=families(rows))
    groups = list(dict.fromkeys(rows["group"]))
    style = parts.looks(rows, summary)
    panels = parts.by_kind(rows)
    figure, axes = parts.panels(panels, 1.5 + (0.15 + 0.16 * len(style)) * len(groups))
    for ax, group in zip(axes, panels.values()):
        for lane, name in enumerate(style):
            shift = (lane - (len(style) - 1) / 2) * 0.8 / len(style)
            for row, title in enumerate(groups):
                cases = group[(group["implementation"] == name) & (group["group"] == title)]
                _lane(ax, cases, row + shift, style[name])
        ax.axvline(1, color="0.3", linewidth=1.2, zorder=1.8)
        for border in range(1, len(groups)):
            ax.axhline(border - 0.5, color="0.85", linewidth=0.8, zorder=0)
        ax.set_xscale("log")
        parts.plain_numbers(ax.xaxis, 4)
        ax.grid(True, axis="x")
    parts.name_rows(axes, groups)
    parts.label_below(axes, "speed-up over naive  (right of 1: faster than naive, left of 1: slower)")
    entries = parts.handles(style)
    if rows["speedup_over_naive"].isna().any():
        entries.append(parts.handle("naive estimated", marker="o", **parts.HOLLOW))
    parts.legend(figure, [*entries, parts.handle("one case", marker="o", markersize=3, alpha=0.5)])
    return figure


def _lane(ax: Axes, cases: pd.DataFrame, row: float, look: Mapping[str, Any]) -> None:
    """The cases of one implementation in one row, and their mean."""
    if cases.empty:
        return
    estimated = cases["speedup_over_naive"].isna()
    for group, face in ((cases[~estimated], {}), (cases[estimated], parts.HOLLOW)):
        small = {"linestyle": "", "markersize": 2.5, "alpha": 0.5, "markeredgewidth": 0.6}
        ax.plot(group["speedup"], [row] * len(group), **small, **face, **look)
    face = parts.HOLLOW if estimated.any() else {}
    ax.plot(geometric_mean(cases["speedup"]), row, linestyle="", markersize=6.5, zorder=3, **face, **look)
