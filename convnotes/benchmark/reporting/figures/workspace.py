"""What im2col holds: predicted, and measured, beside the arrays that the operation takes and returns."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from convnotes.benchmark.reporting.figures import parts

TITLE = "The memory of im2col"
CAPTION = (
    "For each forward convolution by matrix products: the bytes of its arguments and its result, the predicted size "
    "of the matrix of columns, and the measured peak of one call, which holds that matrix, the result and padded "
    "copies. Other implementations, where their memory can be traced, stand beside it with their measured peak."
)


def draw(summary: pd.DataFrame, of: str = "") -> Figure | None:
    """The figure of a suite, or without a name of another as `parts.of_suite` has it; None without a peak."""
    rows = parts.measured(summary)
    rows = rows[(rows["operation"] == "conv2d") & rows["peak_bytes"].notna() & (rows["implementation"] != "naive")]
    rows = rows[rows["suite"].isin(rows["suite"][rows["implementation"] == "matmul"])]
    rows, batches = parts.of_suite(rows, of)
    if rows.empty:
        return None
    cases = list(dict.fromkeys(rows["case"]))
    figure, axes = parts.panels([f"batch {batch}" if batch else "" for batch in batches], 1.4 + 0.165 * len(cases))
    style = parts.looks(rows, summary)
    for ax, batch in zip(axes, batches):
        group = rows[rows["batch"] == batch] if batch else rows
        for look, points, column in _layers(style, group):
            ax.plot(points[column], points["case"].map(cases.index), linestyle="", **look)
        ax.set_xscale("log", base=2)
        parts.byte_numbers(ax.xaxis)
        ax.set_xlabel("memory")
        ax.set_axisbelow(True)
        ax.grid(True)
    parts.name_rows(axes, cases)
    parts.legend(figure, axes[0].get_legend_handles_labels()[0])
    return figure


def _layers(style: Mapping[str, Any], rows: pd.DataFrame) -> Iterator[tuple[dict[str, Any], pd.DataFrame, str]]:
    """How each kind of mark looks, the rows it is drawn for, and the column it shows."""
    matrices = rows[rows["implementation"] == "matmul"]
    arrays = {"label": "arguments and result", "marker": "|", "color": "0.3", "markersize": 8}
    predicted = {"label": "matrix of columns, predicted", "markersize": 7, **parts.HOLLOW, **style["matmul"]}
    yield arrays, matrices, "bytes"
    yield predicted, matrices, "workspace_bytes"
    for name, look in style.items():
        peak = {"label": f"peak of {name}, measured", "markersize": 3.5, **look}
        yield peak, rows[rows["implementation"] == name], "peak_bytes"
