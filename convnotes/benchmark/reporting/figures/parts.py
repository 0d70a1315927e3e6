"""What several figures have in common: their panels, their axes, their legends and the line of provenance."""

import textwrap
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib.style
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from convnotes.benchmark.reporting.summary import KINDS, calls, kind, names
from convnotes.benchmark.storing.schema import MODERN, NETWORKS, OF_NETWORKS
from convnotes.benchmark.terminal.output import without_middle
from convnotes.style import SHEET, marks

WIDTH = 6.4
CONVOLUTIONS = {"conv2d": "forward", "conv2d_grad_input": "input gradient", "conv2d_grad_weight": "weight gradient"}
HOLLOW = {"markerfacecolor": "white"}
# So many letters of a legend fit beside each other on that width, with what stands between entries.
LETTERS = 98
# The longest name of a row.
LONGEST = 32
# A line that is no measurement.
GUIDE = {"color": "0.5", "linewidth": 1, "linestyle": "--", "marker": ""}


def measured(summary: pd.DataFrame) -> pd.DataFrame:
    """The whole calls that were timed."""
    rows = calls(summary)
    return rows[rows["status"] == "measured"]


def looks(rows: pd.DataFrame, summary: pd.DataFrame) -> dict[str, dict[str, str]]:
    """The colours and markers of the implementations in some rows, the same in all figures of a summary."""
    of_all = marks(names(calls(summary)))
    return {name: of_all[name] for name in names(rows)}


def by_convolution(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The rows of a convolution and of its two gradients, by the title of their panel, for those there are."""
    panels = {title: rows[rows["operation"] == operation] for operation, title in CONVOLUTIONS.items()}
    return {title: group for title, group in panels.items() if len(group)}


def by_kind(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The rows of every layer's forward pass and gradients, by the title of their panel, for those there are."""
    kinds = rows["operation"].map(kind)
    panels = {title: rows[kinds == title] for title in KINDS}
    return {title: group for title, group in panels.items() if len(group)}


def of_suite(rows: pd.DataFrame, suite: str = "") -> tuple[pd.DataFrame, list[Any]]:
    """The rows of one suite and the batches that its layers were measured with, [None] where each has its own.

    Without a name it is whole networks where there are any, else the first suite that has no figure of its own.
    """
    there = [one for one in dict.fromkeys(rows["suite"]) if one != MODERN]
    suite = suite or (NETWORKS if NETWORKS in there else there[0] if there else "")
    rows = rows[rows["suite"] == suite]
    return rows, sorted(set(rows["batch"])) if suite in OF_NETWORKS else [None]


def panels(titles: Collection[str], height: float, sharey: bool | str = True) -> tuple[Figure, list[Any]]:
    """A figure with a panel for each title, side by side."""
    figure = Figure((WIDTH, height))
    axes = figure.subplots(1, len(titles), sharex=True, sharey=sharey, squeeze=False)[0]
    for ax, title in zip(axes, titles):
        ax.set_title(title)
    return figure, list(axes)


def name_rows(axes: Sequence[Axes], names: Sequence[str]) -> None:
    """Write a name at each row, the first at the top."""
    axes[0].set_yticks(range(len(names)), [without_middle(name, LONGEST) for name in names], fontsize=8)
    axes[0].set_ylim(len(names) - 0.4, -0.6)
    for ax in axes:
        ax.tick_params(axis="y", length=0)


def plain_numbers(axis: Axis, numticks: int = 4) -> None:
    """Numbers written out on a logarithmic axis: powers of ten, and more between them where these are few."""
    low, high = axis.get_view_interval()
    span = high / low
    between = (1, 2, 3, 5) if span < 6 else (1, 2, 5) if span < 20 else (1, 3) if span < 100 else (1,)
    axis.set_major_locator(LogLocator(subs=between, numticks=numticks))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def byte_numbers(axis: Axis) -> None:
    """Powers of two in KiB, MiB and GiB."""
    axis.set_major_locator(LogLocator(32, numticks=6))
    axis.set_major_formatter(FuncFormatter(_bytes))
    axis.set_minor_locator(NullLocator())


def _bytes(count: float, _: object) -> str:
    for unit, name in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if count >= unit:
            return f"{count / unit:.0f} {name}"
    return f"{count:.0f} B"


def label_below(axes: Sequence[Axes], text: str) -> None:
    """Write the label that all panels share, below the one in the middle."""
    axes[(len(axes) - 1) // 2].set_xlabel(text)


def handles(style: Mapping[str, Any], line: bool = False) -> list[Line2D]:
    """A legend's entries for the implementations."""
    joined = {} if line else {"linestyle": ""}
    return [Line2D([], [], label=name, **joined, **mark) for name, mark in style.items()]


def handle(label: str, **look: Any) -> Line2D:
    """A legend's entry for something else."""
    return Line2D([], [], label=label, **{"linestyle": "", "color": "0.3", **look})


def legend(figure: Figure, entries: Sequence[Any]) -> None:
    """The legend above all panels, in as few rows as the figure's width allows."""
    letters = [len(entry.get_label()) + 8 for entry in entries]
    for rows in range(1, len(entries) + 1):
        ncols = -(-len(entries) // rows)
        # Entries go down the columns, as Matplotlib splits them, and a column is as wide as its longest one.
        if sum(max(column) for column in np.array_split(letters, ncols)) < LETTERS * figure.get_figwidth() / WIDTH:
            break
    figure.legend(handles=entries, loc="outside upper center", ncols=ncols, columnspacing=1.2, handletextpad=0.4)


@contextmanager
def drawing() -> Iterator[None]:
    """The style of every figure that is drawn in the block, and none of the warnings that names of strangers cause."""
    with matplotlib.style.context(SHEET, after_reset=True), warnings.catch_warnings():
        # Names in letters that the font lacks are drawn as boxes, and very long ones leave no room for a layout.
        for message in ("Glyph", "constrained_layout not applied"):
            warnings.filterwarnings("ignore", message=message, category=UserWarning)
        yield


def sign(figure: Figure, *provenance: str) -> None:
    """Put the lines of provenance below everything else, each broken between its parts only."""
    most = round(130 * figure.get_figwidth() / WIDTH)
    lines = [line for one in provenance for line in _balanced(one, most)]
    figure.supxlabel("\n".join(lines), fontsize=6.5, color="0.3", parse_math=False)


def _balanced(provenance: str, most: int) -> list[str]:
    """As few lines of so many letters as will do, all of about the same length."""
    whole = provenance.replace(" ", "\N{NO-BREAK SPACE}").replace(";\N{NO-BREAK SPACE}", "; ")
    lines = len(textwrap.wrap(whole, most))
    # The narrowest width that needs no further line.
    width = next(width for width in range(1, most + 1) if len(textwrap.wrap(whole, width)) == lines)
    return textwrap.wrap(whole, width)
