"""Time over torch's: the layers of one network, or all cases that belong to no network of their own figure."""

import pandas as pd
from matplotlib.figure import Figure

from convnotes.benchmark.reporting.figures import parts
from convnotes.benchmark.reporting.summary import families
from convnotes.benchmark.storing.records import NETWORKS

TITLE = "Time over torch's"
CAPTION = (
    "The time of each implementation divided by torch's, a row for each layer, on a logarithmic axis with a line at 1 "
    "and bars over the interquartile range. Marks left of the line are faster than torch, marks right of it slower. "
    "Filled marks are the smallest batch, hollow ones the larger. The plain loops, thousands of times slower, are "
    "left to the figure of speed-ups."
)


def draw(summary: pd.DataFrame, network: str = "") -> Figure | None:
    """The figure of one network, or without a name of the rest; None where nothing was measured beside torch."""
    rows = parts.measured(summary)
    rows = rows[rows["ratio_to_torch"].notna() & ~rows["implementation"].isin(["naive", "torch"])]
    rows = rows.assign(network=families(rows), layer=rows["case"].str.partition("/")[2] if len(rows) else [])
    if network:
        rows = rows[rows["network"] == network]
    else:
        rows = rows[~rows["network"].isin(NETWORKS) & (rows["suite"] != "scaling")]
        rows = rows.assign(layer=lambda found: found["case"])
    if rows.empty:
        return None
    layers = list(dict.fromkeys(rows["layer"]))
    batches = sorted(set(rows["batch"])) if network else []
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


def _points(ax, points, rows, look, batches) -> None:
    torch = points["median"] / points["ratio_to_torch"]
    ax.hlines(rows, points["lower"] / torch, points["upper"] / torch, color=look["color"], linewidth=1, zorder=2)
    for batch in sorted(set(points["batch"])):
        chosen = points["batch"] == batch
        face = _face(batch, batches)
        ax.plot(points["ratio_to_torch"][chosen], rows[chosen], linestyle="", zorder=3, **face, **look)


def _face(batch, batches) -> dict:
    return parts.HOLLOW if batches and batch > batches[0] else {}
