"""What the matrix products spend their time on."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from convnotes.benchmark.reporting.figures import parts
from convnotes.style import marks

TITLE = "The steps of a convolution by matrix products"
CAPTION = (
    "The share of each step in the time of a forward convolution by matrix products, the steps timed one by one: "
    "im2col copies every window into a column, the product multiplies the matrix with the kernels, the reshape brings "
    "its result into the order of a batch and adds the bias. Hatching and shade tell the steps apart."
)
_COLOUR = marks()["matmul"]["color"]
_STEPS: dict[str, dict[str, Any]] = {
    "im2col": {"facecolor": _COLOUR, "hatch": ""},
    "product": {"facecolor": (_COLOUR, 0.35), "hatch": "////"},
    "reshape": {"facecolor": "white", "hatch": "...."},
}


def draw(summary: pd.DataFrame, of: str = "") -> Figure | None:
    """The figure of a suite, or without a name of another as `parts.of_suite` has it; None without steps."""
    rows = summary[(summary["status"] == "measured") & (summary["operation"] == "conv2d")]
    rows = rows[(rows["implementation"] == "matmul") & rows["step"].isin(_STEPS)]
    rows, batches = parts.of_suite(rows, of)
    if rows.empty:
        return None
    cases = list(dict.fromkeys(rows["case"]))
    titles = [f"batch {batch}" if batch else "" for batch in batches]
    figure, axes = parts.panels(titles, 1.4 + 0.165 * len(cases))
    for ax, batch in zip(axes, batches):
        group = rows[rows["batch"] == batch] if batch else rows
        times = group.pivot_table("median", "case", "step", sort=False).reindex(index=cases, columns=list(_STEPS))
        shares = 100 * times.div(times.sum(axis=1), axis=0)
        left = 0
        for step, look in _STEPS.items():
            ax.barh(range(len(cases)), shares[step], 0.75, left, edgecolor="black", linewidth=0.5, **look)
            left = left + shares[step]
        ax.set_xlim(0, 100)
        ax.set_xticks([0, 25, 50, 75, 100])
    parts.name_rows(axes, cases)
    for ax in axes:
        ax.set_xlabel("share of the time (%)")
    parts.legend(figure, [Patch(edgecolor="black", linewidth=0.5, label=step, **look) for step, look in _STEPS.items()])
    return figure
