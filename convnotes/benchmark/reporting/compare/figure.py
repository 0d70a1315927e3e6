"""Time over torch's on every machine: a panel for each pass, in it a row for each network, a lane for each machine."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convnotes.benchmark.reporting.compare.folders import Folder
from convnotes.benchmark.reporting.figures import parts
from convnotes.benchmark.reporting.summary import KINDS, geometric_mean, names
from convnotes.benchmark.terminal.output import without_middle
from convnotes.style import marks

WIDTH = 8.0
TITLE = "Time over torch's on every machine, by network and pass"
CAPTION = (
    "The time of each implementation over torch's on the same machine, forward and for both gradients, on a "
    "logarithmic axis with a line at 1: left of it faster than torch, right of it slower. Marks are geometric means "
    "over the layers of a network at all batches, bars reach from the lower to the upper quartile of these layers. "
    "The machines have numbers, and stand in every network in the order of these, each with a filling of its own. "
    "Plain loops are left out where there is anything else; six machines, six implementations and twenty networks are "
    "drawn at most, the first of each."
)
# How the markers of each machine are filled.
_FILLINGS = ("full", "none", "left", "right", "top", "bottom")
MACHINES, IMPLEMENTATIONS, NETWORKS = len(_FILLINGS), 6, 20
# Inches: the height of a lane of marks, and what is between machines and between networks.
_LANE, _MACHINE, _NETWORK = 0.085, 0.05, 0.11


def draw(folders: Sequence[Folder], rows: pd.DataFrame) -> Figure | None:
    """The figure of what `means.over_torch` finds; None where that is nothing."""
    if rows.empty:
        return None
    rows = _shown(rows)
    machines, style = dict(zip(sorted(set(rows["number"])), _FILLINGS)), marks(names(rows))
    networks = list(dict.fromkeys(rows["family"]))
    # From the top of one machine, and of one network, to that of the next.
    of_machine = _LANE * len(style) + _MACHINE
    of_network = of_machine * len(machines) + _NETWORK
    tops = {network: of_network * i for i, network in enumerate(networks)}
    places = {(one, machine): tops[one] + of_machine * i for one in tops for i, machine in enumerate(machines)}
    panels = [one for one in KINDS if one in set(rows["pass"])]
    figure = Figure((WIDTH, 1.7 + 0.26 * len(machines) + of_network * len(networks)))
    axes = list(figure.subplots(1, len(panels), sharex=True, sharey=True, squeeze=False)[0])
    for ax, title in zip(axes, panels):
        ax.set_title(title)
        for top in list(tops.values())[::2]:
            ax.axhspan(top - _NETWORK / 2, top + of_network - _NETWORK / 2, color="0.95", zorder=0)
        ax.axvline(1, color="0.3", linewidth=1.2, zorder=1.8)
        _panel(ax, rows[rows["pass"] == title], places, style, machines)
        ax.tick_params(axis="y", which="both", length=0)
    axes[0].set_ylim(of_network * len(networks) - _NETWORK / 2, -_NETWORK / 2)
    middles = [top + (of_network - _NETWORK) / 2 for top in tops.values()]
    axes[0].set_yticks(middles, [without_middle(network, parts.LONGEST) for network in networks], fontsize=8)
    middles = [place + (of_machine - _MACHINE) / 2 for place in places.values()]
    axes[0].set_yticks(middles, [str(machine) for _, machine in places], minor=True, fontsize=6)
    # The numbers stand between the names and the axis.
    axes[0].tick_params(axis="y", which="major", pad=14)
    parts.label_below(axes, "time over torch's  (left of 1: faster than torch)")
    named = [(i, folder) for i, folder in enumerate(folders, 1) if i in machines]
    entries = [parts.handle(_label(i, folder), marker="o", **_filling(machines[i])) for i, folder in named]
    parts.legend(figure, [*parts.handles(style), *entries])
    parts.sign(figure, *(f"{i}: {folder.line}" for i, folder in named))
    return figure


def _shown(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of what is drawn."""
    found = [name for name in names(rows) if name != "naive"] or names(rows)
    for column, chosen, most in (
        ("implementation", found, IMPLEMENTATIONS),
        ("number", sorted(set(rows["number"])), MACHINES),
        ("family", list(dict.fromkeys(rows["family"])), NETWORKS),
    ):
        rows = rows[rows[column].isin(chosen[:most])]
    return rows


def _panel(
    ax: Axes, rows: pd.DataFrame, places: dict[Any, float], style: dict[str, Any], machines: dict[int, str]
) -> None:
    """The marks and bars of one pass."""
    for (network, machine, name), group in rows.groupby(["family", "number", "implementation"], sort=False):
        ratios = group["ratio_to_torch"]
        place = places[network, machine] + _LANE * (list(style).index(name) + 0.5)
        ax.hlines(place, *np.quantile(ratios, [0.25, 0.75]), color=style[name]["color"], linewidth=1, zorder=2)
        look = style[name] | _filling(machines[machine])
        ax.plot(geometric_mean(ratios), place, linestyle="", markersize=4.5, markeredgewidth=0.8, zorder=3, **look)
    ax.set_xscale("log")
    parts.plain_numbers(ax.xaxis)
    ax.set_axisbelow(True)
    ax.grid(True, axis="x")


def _filling(style: str) -> dict[str, Any]:
    """What tells a machine's markers from another's."""
    return parts.HOLLOW if style == "none" else {"fillstyle": style, "markerfacecoloralt": "white"}


def _label(number: int, folder: Folder) -> str:
    # What is between two dollars would be taken for a formula.
    return f"{number}: {without_middle(folder.name, parts.LONGEST)}".replace("$", r"\$")
