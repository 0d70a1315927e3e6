"""How near every convolution comes to what the machine can do."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from convnotes.benchmark.reporting.figures import parts
from convnotes.benchmark.reporting.summary import ceilings, names

TITLE = "The roofline"
CAPTION = (
    "GFLOP/s of every convolution against its intensity, the operations it does for each byte that it must read or "
    "write, on logarithmic axes. The roof is what the machine did at best: its slanted part is a large copy, its flat "
    "part a large matrix product. Only problems that stay in the caches can pass the slanted part, and only "
    "algorithms with fewer multiplications the flat one."
)


def draw(summary: pd.DataFrame) -> Figure | None:
    """The figure; None without a convolution or without both ceilings."""
    best = ceilings(summary)
    panels = parts.by_convolution(parts.measured(summary).dropna(subset=["gflops", "intensity"]))
    if not panels or len(best) < 2:
        return None
    rows = pd.concat(panels.values())
    style = parts.looks(rows, summary)
    x = np.geomspace(rows["intensity"].min() / 1.5, rows["intensity"].max() * 1.5, 200)
    roof = np.minimum(best["gflops"], x * best["gigabytes_per_second"])
    figure, axes = parts.panels(panels, 3.8)
    for ax, group in zip(axes, panels.values()):
        for name in names(group):
            points = group[group["implementation"] == name]
            small = {"linestyle": "", "markersize": 3.5, "alpha": 0.6, "markeredgewidth": 0}
            ax.plot(points["intensity"], points["gflops"], **small, **style[name])
        ax.plot(x, roof, color="0.3", linewidth=1.2, marker="")
        ax.set(xscale="log", yscale="log")
        parts.plain_numbers(ax.xaxis)
        parts.plain_numbers(ax.yaxis, 8)
        ax.grid(True)
    axes[0].set_ylabel("GFLOP/s")
    parts.label_below(axes, "intensity (flop per compulsory byte)")
    text = f"roof: {best['gigabytes_per_second']:.0f} GB/s, {best['gflops']:.0f} GFLOP/s"
    roof = parts.handle(text, linestyle="-", linewidth=1.2)
    parts.legend(figure, [*parts.handles(style), roof])
    return figure
