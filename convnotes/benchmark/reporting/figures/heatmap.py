"""Where the matrix products gain most over the plain loops: a grid of kernels and channels."""

import pandas as pd
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.figure import Figure

from convnotes.benchmark.reporting.figures import parts
from convnotes.benchmark.reporting.summary import calls
from convnotes.benchmark.reporting.units import digits
from convnotes.style import marks

TITLE = "The gain of matrix products, by kernel and channels"
CAPTION = (
    "How many times faster than the plain loops a convolution by matrix products is, for kernels and channels of "
    "growing size; the darker, the faster. A number with a tilde rests on an estimate of the loops' time, where these "
    "were not run."
)


def draw(summary: pd.DataFrame) -> Figure | None:
    """The figure; None without cases of the grid that were timed by matrix products and by loops, or estimated."""
    rows = calls(summary)
    rows = rows[(rows["implementation"] == "matmul") & (rows["status"] == "measured")]
    found = rows["case"].str.extract(r"^scaling/grid kernel (\d+) channels (\d+)$")
    rows = rows.assign(kernel=found[0].astype(float), channels=found[1].astype(float))
    rows = rows.assign(speedup=rows["speedup_over_naive"].fillna(rows["estimate_speedup"]))
    rows = rows.dropna(subset=["kernel", "channels", "speedup"])
    panels = parts.by_convolution(rows)
    if not panels:
        return None
    blues = LinearSegmentedColormap.from_list("gain", ["white", marks()["matmul"]["color"]])
    # A margin on both sides keeps a colour for a grid whose cells are all alike.
    norm = LogNorm(rows["speedup"].min() / 1.2, rows["speedup"].max() * 1.2)
    figure, axes = parts.panels(panels, 3.3)
    for ax, group in zip(axes, panels.values()):
        grid = group.pivot_table("speedup", "kernel", "channels")
        image = ax.imshow(grid, cmap=blues, norm=norm, aspect="auto", origin="lower")
        ax.set_xticks(range(grid.shape[1]), [f"{value:g}" for value in grid.columns], fontsize=8)
        ax.set_yticks(range(grid.shape[0]), [f"{value:g}" for value in grid.index])
        ax.spines[:].set_visible(False)
        ax.tick_params(length=0)
        estimated = group["speedup_over_naive"].isna()
        for (_, row), estimate in zip(group.iterrows(), estimated):
            place = grid.columns.get_loc(row["channels"]), grid.index.get_loc(row["kernel"])
            text = ("~" if estimate else "") + digits(row["speedup"], 2)
            shade = "white" if norm(row["speedup"]) > 0.65 else "black"
            ax.text(*place, text, ha="center", va="center", fontsize=7, color=shade)
    axes[0].set_ylabel("side of the kernel (pixels)")
    parts.label_below(axes, "channels in")
    bar = figure.colorbar(image, ax=axes, label="speed-up over naive", pad=0.02)
    parts.plain_numbers(bar.ax.yaxis)
    return figure
