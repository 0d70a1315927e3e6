"""Time against multiply-adds, with the slope that each implementation grows by."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convnotes.benchmark.reporting.figures import parts
from convnotes.benchmark.reporting.summary import ceilings, names

TITLE = "Time against multiply-adds"
CAPTION = (
    "The time of a convolution and of its two gradients against the number of multiply-adds, on logarithmic axes: a "
    "mark for each case of the suite `scaling`, and faintly the cases of the other suites. The lines are fitted by "
    "least squares to the logarithms of the suite `scaling`, over the last two decades that an implementation "
    "reached, which are written beside their slopes where there is room, and the bands lie between the same fits of "
    "the lower and the upper quartiles. A slope of 1 is a time in proportion to the work; less than 1 has a share that "
    "every call costs, however small. The grey line has slope 1 and the rate of the machine's best matrix product."
)

# Beside longer names there is no room for the range of a fit.
SHORT = 8


def draw(summary: pd.DataFrame) -> Figure | None:
    """The figure; None without a convolution of the suite `scaling`."""
    rows = parts.measured(summary)
    panels = parts.by_convolution(rows[rows["suite"] == "scaling"])
    if not panels:
        return None
    others = parts.by_convolution(rows[rows["suite"] != "scaling"])
    style = parts.looks(pd.concat([*panels.values(), *others.values()]), summary)
    rate = ceilings(summary).get("gflops", max(group["gflops"].max() for group in panels.values()))
    figure, axes = parts.panels(panels, 3.4 + 0.2 * max(4, len(style)))
    for ax, (title, group) in zip(axes, panels.items()):
        for name in names(others.get(title, group.head(0))):
            faint = others[title][others[title]["implementation"] == name]
            look = style[name] | {"linestyle": "", "markersize": 3}
            ax.plot(faint["multiply_adds"], faint["median"], alpha=0.25, markeredgewidth=0, zorder=1, **look)
        for name in names(group):
            _curve(ax, group[group["implementation"] == name], style[name])
        ax.set(xscale="log", yscale="log")
        ax.grid(True)
        _write_slopes(ax, group, style)
    # Room for the slopes, above everything drawn.
    low, high = axes[0].get_ylim()
    ends = np.array(axes[0].get_xlim())
    for ax in axes:
        ax.plot(ends, 2 * ends / rate / 1e9, zorder=0, **parts.GUIDE)
    axes[0].set(xlim=ends, ylim=(low, high * 10 ** max(0.4 * len(style) + 0.6, 0.5 * len(style) + 0.2)))
    axes[0].set_ylabel("time of one call (s)")
    parts.label_below(axes, "multiply-adds of one call")
    guide = parts.handle("slope 1, at the best matrix product", **parts.GUIDE)
    parts.legend(figure, [*parts.handles(style, line=True), guide])
    return figure


def largest(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows that a line is fitted to: the last two decades of work. Below these, calls cost more than their work."""
    return rows[rows["multiply_adds"] >= rows["multiply_adds"].max() / 100]


def slope(rows: pd.DataFrame) -> float:
    """The exponent by which the median time grows with the multiply-adds; not-a-number for fewer than two sizes."""
    return float(_fit(rows, "median")[0]) if len(set(rows["multiply_adds"])) > 1 else float("nan")


def _fit(rows: pd.DataFrame, column: str) -> np.ndarray:
    """Slope and height of the straight line through the logarithms, by least squares."""
    return np.polyfit(np.log(rows["multiply_adds"].astype(float)), np.log(rows[column]), 1)


def _curve(ax: Axes, rows: pd.DataFrame, look: Mapping[str, Any]) -> None:
    """The marks of one implementation, the line fitted to them, and the band between the fits of the quartiles."""
    ax.plot(rows["multiply_adds"], rows["median"], linestyle="", markersize=3, **look)
    rows = largest(rows)
    if len(set(rows["multiply_adds"])) > 1:
        ends = rows["multiply_adds"].agg(["min", "max"]).to_numpy()
        lower, middle, upper = (np.exp(np.polyval(_fit(rows, c), np.log(ends))) for c in ("lower", "median", "upper"))
        ax.fill_between(ends, lower, upper, color=look["color"], alpha=0.25, linewidth=0)
        ax.plot(ends, middle, color=look["color"], linewidth=1, marker="")


def _write_slopes(ax: Axes, rows: pd.DataFrame, style: Mapping[str, Any]) -> None:
    found = {name: largest(rows[rows["implementation"] == name]) for name in style}
    found = {name: group for name, group in found.items() if len(set(group["multiply_adds"])) > 1}
    for line, (name, group) in enumerate(found.items()):
        first, last = (_power(group["multiply_adds"].agg(end)) for end in ("min", "max"))
        text = f"{name} {slope(group):.2f}" + (f"  ({first} to {last})" if len(name) <= SHORT else "")
        place = {"xycoords": "axes fraction", "textcoords": "offset points", "va": "top", "fontsize": 7}
        ax.annotate(text, (0.03, 1), (0, -14 - 10 * line), color=style[name]["color"], **place)
    if found:
        ax.annotate("slope  (range of the fit)", (0.03, 1), (0, -4), color="0.3", **place)


def _power(count: float) -> str:
    """A size as a power of ten, to one digit after the point of the exponent's mantissa.

    >>> _power(1_200_000)
    '$1.2{\\\\cdot}10^{6}$'
    """
    exponent = int(np.floor(np.log10(count)))
    return f"${count / 10**exponent:.1f}{{\\cdot}}10^{{{exponent}}}$"
