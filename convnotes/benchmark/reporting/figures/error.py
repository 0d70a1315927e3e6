"""How far every result is from the definition, beside how fast it came."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from convnotes.benchmark.reporting.figures import parts
from convnotes.benchmark.reporting.summary import names

TITLE = "Error against float64, beside speed"
CAPTION = (
    "The largest deviation from the definition in float64, relative to its largest entry, and the GFLOP/s of the same "
    "call, for every convolution. The dotted line is the spacing of numbers of this precision next to 1."
)


def draw(summary: pd.DataFrame) -> Figure | None:
    """The figure; None where no convolution was timed, or none that deviates at all."""
    rows = parts.measured(summary)
    panels = parts.by_convolution(rows[rows["error"] > 0])
    if not panels:
        return None
    rows = pd.concat(panels.values())
    style = parts.looks(rows, summary)
    figure, axes = parts.panels(panels, 3.6)
    for ax, group in zip(axes, panels.values()):
        for name in names(group):
            points = group[group["implementation"] == name]
            small = {"linestyle": "", "markersize": 3.5, "alpha": 0.6, "markeredgewidth": 0}
            ax.plot(points["gflops"], points["error"], **small, **style[name])
        for dtype in sorted(set(rows["dtype"])):
            ax.axhline(np.finfo(dtype).eps, color="0.3", linewidth=1, linestyle=":", zorder=0.5)
        ax.set(xscale="log", yscale="log")
        parts.plain_numbers(ax.xaxis, 5)
        ax.grid(True)
    axes[0].set_ylabel("largest error, relative")
    parts.label_below(axes, "GFLOP/s  (further right: faster; further down: more exact)")
    spacing = parts.handle(f"spacing of {', '.join(sorted(set(rows['dtype'])))}", linestyle=":", linewidth=1)
    parts.legend(figure, [*parts.handles(style), spacing])
    return figure
