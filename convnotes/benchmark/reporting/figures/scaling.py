"""Time against one quantity at a time: the batch, the channels, the image, the kernel."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from convnotes.benchmark.reporting.figures import parts
from convnotes.benchmark.reporting.summary import ceilings

TITLE = "Time against each quantity"
CAPTION = (
    "The time of a forward convolution where one quantity grows and all others stay, on logarithmic axes: a line for "
    "each implementation with a band over the interquartile range. The grey line is the time in which the machine's "
    "best matrix product would do as many multiply-adds: it rises with the first power of the batch and of the "
    "channels, and with about the second power of the image's and the kernel's side."
)
_QUANTITIES = {
    "batch": "images in a batch",
    "channels in": "channels in",
    "channels out": "channels out",
    "image": "side of the image (pixels)",
    "kernel": "side of the kernel (pixels)",
}


def draw(summary: pd.DataFrame) -> Figure | None:
    """The figure; None without a forward convolution in which one quantity grows."""
    rows = parts.measured(summary)
    rows = rows[(rows["suite"] == "scaling") & (rows["operation"] == "conv2d")]
    found = rows["case"].str.extract(rf"^scaling/({'|'.join(_QUANTITIES)}) ([1-9]\d*)$")
    rows = rows.assign(quantity=found[0], value=found[1].astype(float)).dropna(subset="quantity")
    quantities = [name for name in _QUANTITIES if name in set(rows["quantity"])]
    if not quantities:
        return None
    style = parts.looks(rows, summary)
    rate = ceilings(summary).get("gflops")
    across = min(3, len(quantities))
    down = -(-len(quantities) // across)
    figure = Figure((parts.WIDTH, 1.0 + 2.1 * down))
    axes = figure.subplots(down, across, sharey=True, squeeze=False).ravel()
    for ax, quantity in zip(axes, quantities):
        _panel(ax, rows[rows["quantity"] == quantity].sort_values("value"), style, rate)
        ax.set_xlabel(_QUANTITIES[quantity])
    for ax in axes[::across]:
        ax.set_ylabel("time of one call (s)")
    for ax in axes[len(quantities) :]:
        ax.remove()
    entries = parts.handles(style, line=True)
    if rate:
        entries.append(parts.handle("best matrix product", **parts.GUIDE))
    parts.legend(figure, entries)
    return figure


def _panel(ax: Axes, rows: pd.DataFrame, style: Mapping[str, Any], rate: float | None) -> None:
    for name, look in style.items():
        group = rows[rows["implementation"] == name]
        ax.fill_between(group["value"], group["lower"], group["upper"], color=look["color"], alpha=0.25, linewidth=0)
        ax.plot(group["value"], group["median"], **look)
    if rate:
        sizes = rows.groupby("value")["multiply_adds"].first()
        ax.plot(sizes.index, 2 * sizes / rate / 1e9, zorder=0, **parts.GUIDE)
    ax.set(yscale="log")
    ax.set_xscale("log", base=2)
    ax.set_xticks(*_labelled(sorted(set(rows["value"]))), fontsize=6.5)
    ax.xaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_locator(LogLocator(numticks=6))
    ax.grid(True)


def _labelled(values: list[float]) -> tuple[list[float], list[str]]:
    """The values that were measured, and a label for those that stand far enough from the one after them."""
    labels, after = [], math.inf
    for value in reversed(values):
        near = math.log(after / value) < 0.075 * math.log(values[-1] / values[0])
        labels.append("" if near else f"{value:g}")
        after = after if near else value
    return values, labels[::-1]
