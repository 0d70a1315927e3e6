"""Who is faster, on what and by how much: the mean and the spread over the layers of each network, by pass."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convnotes.benchmark.reporting.figures import parts
from convnotes.benchmark.reporting.ratios import base, is_convolution, ratios, scope
from convnotes.benchmark.reporting.summary import calls, families, geometric_mean
from convnotes.benchmark.reporting.units import digits
from convnotes.benchmark.storing.schema import LAYERS
from convnotes.benchmark.terminal.output import without_middle

# Of so many implementations there is room for the means in numbers.
FEW = 3

TITLE = "Who is faster"
CAPTION = (
    "Time over torch's, or in a run without torch over that of the implementation named below the axis: a mark for the "
    "geometric mean over layers, a bar between their quartiles. Left of the line at 1 is faster. Above the grey line "
    "are the convolutions of each network or suite, below it the other operations of the same layers. The plain loops "
    "are left to the figure of speed-ups."
)


def draw(summary: pd.DataFrame) -> Figure | None:
    """The figure; None where nothing was measured beside another implementation but the plain loops."""
    rows = calls(summary)
    other = base(rows)
    rows = ratios(rows, other)
    rows = scope(rows[~rows["estimated"] & (rows["implementation"] != "naive")])
    if rows.empty:
        return None
    convolutions = is_convolution(rows)
    names = families(rows).replace(LAYERS, "your network")
    rows = rows.assign(group=names.where(convolutions, rows["operation"].map(_operation)))
    upper = list(dict.fromkeys(rows["group"][convolutions]))
    groups = [*upper, *dict.fromkeys(rows["group"][~convolutions])]
    style = parts.looks(rows, summary)
    panels = parts.by_kind(rows)
    figure, axes = parts.panels(panels, 1.5 + (0.14 + 0.09 * len(style)) * len(groups))
    for ax, panel in zip(axes, panels.values()):
        for lane, (name, look) in enumerate(style.items()):
            shift = (lane - (len(style) - 1) / 2) * 0.8 / (len(style) + 1)
            for row, group in enumerate(groups):
                found = panel["ratio"][(panel["implementation"] == name) & (panel["group"] == group)]
                _mean(ax, found, row + shift, look, len(style) <= FEW)
        ax.axvline(1, color="0.3", linewidth=1.2, zorder=1.8)
        for border in range(1, len(groups)):
            end = border == len(upper)
            ax.axhline(border - 0.5, color="0.5" if end else "0.9", linewidth=1.2 if end else 0.8, zorder=0)
        ax.set_xscale("log")
        parts.plain_numbers(ax.xaxis, 5)
        ax.grid(True, axis="x")
    low, high = axes[0].get_xlim()
    axes[0].set_xlim(low, high * (high / low) ** 0.15)  # room for the last numbers
    parts.name_rows(axes, groups)
    short = without_middle(other, parts.LONGEST)
    parts.label_below(axes, f"time over {short}'s  (left of 1: faster, right of 1: slower)")
    parts.legend(figure, parts.handles(style))
    return figure


def _operation(name: str) -> str:
    """What an operation and its gradients have in common."""
    return name.removesuffix("_add").partition("_grad")[0]


def _mean(ax: Axes, ratios: pd.Series, row: float, look: dict[str, Any], written: bool) -> None:
    """The mean of some ratios, perhaps as a number too, and a bar between their quartiles."""
    if ratios.empty:
        return
    lower, upper = ratios.quantile([0.25, 0.75])
    ax.plot([lower, upper], [row, row], color=look["color"], linewidth=3, alpha=0.35, marker="", zorder=2)
    mean = geometric_mean(ratios)
    ax.plot(mean, row, linestyle="", markersize=5.5, zorder=3, **look)
    if written:
        place = {"textcoords": "offset points", "va": "center_baseline", "fontsize": 6.5, "color": look["color"]}
        # The line at 1 goes through no number.
        place["bbox"] = {"facecolor": "white", "edgecolor": "none", "pad": 0.4}
        ax.annotate(digits(mean, 2), (max(mean, upper), row), (5, 0), **place)
