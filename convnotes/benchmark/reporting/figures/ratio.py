"""Time over torch's: the layers of one network or of many, or all cases that have no such figure of their own."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convnotes.benchmark.reporting.figures import parts
from convnotes.benchmark.reporting.summary import families
from convnotes.benchmark.storing.records import FAMILIES

TITLE = "Time over torch's"
CAPTION = (
    "The time of each implementation divided by torch's, a row for each layer, on a logarithmic axis with a line at 1 "
    "and bars over the interquartile range. Marks left of the line are faster than torch, marks right of it slower. "
    "Filled marks are the smallest batch, hollow ones the larger. The plain loops, thousands of times slower, are "
    "left to the figure of speed-ups."
)


def draw(summary: pd.DataFrame, of: str = "") -> Figure | None:
    """The figure of a network or suite, or without a name of the rest; None where nothing was measured beside torch."""
    rows = parts.measured(summary)
    rows = rows[rows["ratio_to_torch"].notna() & ~rows["implementation"].isin(["naive", "torch"])]
    found = families(rows)
    rows = rows[found == of] if of else rows[~found.isin(FAMILIES) & (rows["suite"] != "scaling")]
    if rows.empty:
        return None
    # The title has the name of a network whose figure this is.
    rows = rows.assign(layer=rows["case"].str.removeprefix(f"{of}/") if of else rows["case"])
    layers = list(dict.fromkeys(rows["layer"]))
    batches = sorted(set(rows["batch"])) if of else []
    style = parts.looks(rows, summary)
    panels = parts.by_kind(rows)
    figure, axes = parts.panels(panels, 1.6 + (0.13 + 0.06 * len(style)) * len(layers))
    for ax, group in zip(axes, panels.values()):
        for lane, (name, look) in enumerate(style.items()):
            points = group[group["implementation"] == name]
            shift = min(0.44, 0.8 / len(style)) * (lane - (len(style) - 1) / 2)
            _points(ax, points, points["layer"].map(layers.index) + shift, look, batches)
        ax.axvline(1, color="0.3", linewidth=1.2, zorder=1.8)
        ax.set_xscale("log")
        parts.plain_numbers(ax.xaxis)
        ax.set_axisbelow(True)
        ax.grid(True)
    parts.name_rows(axes, layers)
    # Long names leave no room for one line.
    between = "\n" if max(map(len, layers)) > 26 else "  "
    parts.label_below(axes, f"time over torch's{between}(left of 1: faster than torch, right of 1: slower)")
    filled = [parts.handle(f"batch {b}", marker="o", **_face(b, batches)) for b in batches]
    parts.legend(figure, [*parts.handles(style), *filled])
    return figure


def _points(ax: Axes, points: pd.DataFrame, rows: pd.Series, look: Mapping[str, Any], batches: Sequence[int]) -> None:
    torch = points["median"] / points["ratio_to_torch"]
    ax.hlines(rows, points["lower"] / torch, points["upper"] / torch, color=look["color"], linewidth=1, zorder=2)
    for batch in sorted(set(points["batch"])):
        chosen = points["batch"] == batch
        face = _face(batch, batches)
        ax.plot(points["ratio_to_torch"][chosen], rows[chosen], linestyle="", zorder=3, **face, **look)


def _face(batch: int, batches: Sequence[int] | None) -> dict[str, Any]:
    return parts.HOLLOW if batches and batch > batches[0] else {}
