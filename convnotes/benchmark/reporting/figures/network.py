"""Where the time of the user's own network goes: the share of each layer, by implementation and pass."""

from string import ascii_uppercase
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from convnotes.benchmark.reporting.figures import parts
from convnotes.benchmark.reporting.totals import totals
from convnotes.benchmark.reporting.units import duration
from convnotes.benchmark.terminal.output import without_middle
from convnotes.style import COLOURS

TITLE = "Where the network's time goes"
CAPTION = (
    "The share of each layer in what the network's layers add up to, each as often as it occurs: a bar for each "
    "implementation and pass, the fastest first, with its time. Only the layers that all implementations of a pass "
    "have a time for are in it, in the network's order from left to right. Those with the largest shares have a letter "
    "each, all others are summed up at the end of the bar."
)
_OTHERS = {"facecolor": "white", "hatch": "....", "edgecolor": "0.6"}
# Of a bar one percent has room for so much of a letter.
_LETTERS = 0.72


def draw(summary: pd.DataFrame) -> Figure | None:
    """The figure; None of other runs, and where nothing has a total."""
    found = [total for total in totals(summary) if total.seconds.size]
    if not found:
        return None
    shares = [100 * total.seconds / total.sums for total in found]
    named, looks = _named(shares), {}
    # Letters, since the layers of a network may be called by numbers.
    for letter, case, colour in zip(ascii_uppercase, named, COLOURS):
        looks[case] = {
            "facecolor": colour,
            "edgecolor": "white",
            "label": f"{letter}: {without_middle(case, parts.LONGEST)}",
        }
    bars = sum(share.shape[1] for share in shares)
    figure = Figure((parts.WIDTH, 1.3 + 0.19 * -(-(len(named) + 1) // 2) + 0.34 * len(found) + 0.24 * bars))
    ratios = [share.shape[1] for share in shares]
    axes = figure.subplots(len(found), 1, sharex=True, squeeze=False, height_ratios=ratios)[:, 0]
    for ax, total, share in zip(axes, found, shares):
        ax.set_title(total.name, loc="left")
        for row, name in enumerate(share):
            _bar(ax, row, share[name], looks)
            ax.text(101, row, duration(total.sums[name]), va="center", fontsize=8)
        parts.name_rows([ax], list(share))
        ax.set_xlim(0, 100)
        ax.spines[:].set_visible(False)
        ax.tick_params(axis="x", length=0)
    axes[-1].set_xticks([0, 25, 50, 75, 100])
    axes[-1].set_xlabel("share of the time (%), and the time at the end of the bar")
    entries = [Patch(**look) for look in looks.values()]
    if any(set(share.index) - set(named) for share in shares):
        entries.append(Patch(label="others", **_OTHERS))
    parts.legend(figure, entries)
    return figure


def _named(shares: list[pd.DataFrame]) -> list[str]:
    """The layers with the largest shares, in the network's order."""
    largest = pd.concat(shares, axis=1).fillna(0.0)
    found = largest.mean(axis=1).sort_values(ascending=False, kind="stable").index[: len(COLOURS)]
    return [case for case in shares[-1].index.union(largest.index, sort=False) if case in found]


def _bar(ax: Axes, row: int, shares: pd.Series, looks: dict[str, Any]) -> None:
    """The bar of one implementation."""
    left = 0.0
    for case, look in looks.items():
        if case not in shares:
            continue
        ax.barh(row, shares[case], 0.8, left, linewidth=0.6, **look)
        text = f"{look['label'][:3]}{case}"
        room = _LETTERS * shares[case]
        if room > 1.4:
            text = text if len(text) <= room else text[0]
            shade = _shade(look["facecolor"])
            ax.text(left + shares[case] / 2, row, text, ha="center", va="center", fontsize=7, color=shade)
        left += shares[case]
    if 100 - left > 1e-6:
        ax.barh(row, 100 - left, 0.8, left, linewidth=0.6, **_OTHERS)


def _shade(colour: str) -> str:
    """Black or white, whichever stands out from a colour."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 140 else "black"
