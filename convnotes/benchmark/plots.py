"""The figures of a report, drawn from the summary alone; each is None where the measurements hold nothing for it."""

import textwrap
from pathlib import Path

import matplotlib.style
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from convnotes.style import SHEET, marks

CONVOLUTIONS = {"conv2d": "forward", "conv2d_grad_input": "input gradient", "conv2d_grad_weight": "weight gradient"}
WIDTH = 6.4


def draw(summary: pd.DataFrame, environment: dict, provenance: str, folder: Path) -> list[str]:
    """Write every figure as PNG and as SVG; returns the names of those there are."""
    drawn = []
    with matplotlib.style.context(SHEET, after_reset=True):
        for name, figure in (
            ("time", time(summary, environment["ceilings"]["gflops"])),
            ("ratio", ratio(summary)),
            ("workspace", workspace(summary)),
        ):
            if figure is not None:
                _sign(figure, provenance)
                figure.savefig(folder / f"{name}.png")
                figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
                drawn.append(name)
    return drawn


def time(summary: pd.DataFrame, gflops: float) -> Figure | None:
    """Time against multiply-adds, a panel for each operation of a convolution; hollow marks are estimates."""
    panels = _panels(summary[summary["status"].isin(["measured", "not run"])])
    if not panels:
        return None
    style = marks(list(dict.fromkeys(summary["implementation"])))
    figure = Figure((WIDTH, 3.6))
    axes = figure.subplots(1, len(panels), sharex=True, sharey=True, squeeze=False)[0]
    for ax, (operation, rows) in zip(axes, panels.items()):
        for name, group in rows.groupby("implementation", sort=False):
            ran, skipped = (group[group["status"] == "measured"], group[group["status"] == "not run"])
            deviation = [ran["median"] - ran["lower"], ran["upper"] - ran["median"]]
            ax.errorbar(ran["multiply_adds"], ran["median"], deviation, linestyle="", capsize=2, **style[name])
            ax.plot(
                skipped["multiply_adds"],
                skipped["estimate_seconds"],
                linestyle="",
                markerfacecolor="white",
                **style[name],
            )
        ends = rows["multiply_adds"].agg(["min", "max"])
        ax.plot(ends, 2 * ends / gflops / 1e9, color="0.6", linewidth=1, marker="", zorder=0)
        ax.set(xscale="log", yscale="log", title=CONVOLUTIONS[operation])
        ax.xaxis.set_major_locator(LogLocator(numticks=5))
        ax.grid(True)
    axes[0].set_ylabel("time of one call (s)")
    _middle(axes).set_xlabel("multiply-adds")
    handles = _handles(style, panels.values())
    handles.append(Line2D([], [], color="0.6", linewidth=1, label="matrix product ceiling"))
    _legend(figure, handles)
    return figure


def ratio(summary: pd.DataFrame) -> Figure | None:
    """Times over torch's, a row for each case and a panel for each kind of operation; hollow marks are estimates."""
    rows = summary[summary[["ratio", "estimate_ratio"]].notna().any(axis=1) & (summary["implementation"] != "torch")]
    if rows.empty:
        return None
    kinds = rows["operation"].map(_kind)
    panels = {kind: rows[kinds == kind] for kind in ("forward", "input gradient", "parameter gradient")}
    panels = {kind: group for kind, group in panels.items() if len(group)}
    cases = list(dict.fromkeys(rows["case"]))
    style = marks(list(dict.fromkeys(rows["implementation"])))
    figure = Figure((WIDTH, 1.7 + 0.19 * len(cases)))
    axes = figure.subplots(1, len(panels), sharex=True, sharey=True, squeeze=False)[0]
    for ax, (kind, group) in zip(axes, panels.items()):
        for name, points in group.groupby("implementation", sort=False):
            row = points["case"].map(cases.index)
            ax.plot(points["ratio"], row, linestyle="", **style[name])
            ax.plot(points["estimate_ratio"], row, linestyle="", markerfacecolor="white", **style[name])
        ax.axvline(1, color="0.3", linewidth=1.2, zorder=1.8)
        ax.set(xscale="log", title=kind)
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        ax.grid(True)
    _name_rows(axes[0], cases)
    _middle(axes).set_xlabel("time over torch's  (left of 1: faster than torch, right of 1: slower)")
    _legend(figure, _handles(style, panels.values()))
    return figure


def workspace(summary: pd.DataFrame) -> Figure | None:
    """What im2col holds: predicted, and measured, beside the arrays that the operation takes and returns."""
    rows = summary[(summary["implementation"] == "matmul") & summary["peak_bytes"].notna()]
    panels = _panels(rows)
    if not panels:
        return None
    cases = list(dict.fromkeys(pd.concat(panels.values())["case"]))
    mark = marks()["matmul"]
    looks = {
        "bytes": {"label": "arguments and result", "marker": "|", "color": "0.3", "markersize": 9},
        "workspace_bytes": {
            "label": "matrix of columns, predicted",
            "markerfacecolor": "white",
            "markersize": 8,
            **mark,
        },
        "peak_bytes": {"label": "peak of one call, measured", "markersize": 3.5, **mark},
    }
    figure = Figure((WIDTH, 1.7 + 0.19 * len(cases)))
    axes = figure.subplots(1, len(panels), sharex=True, sharey=True, squeeze=False)[0]
    for ax, (operation, group) in zip(axes, panels.items()):
        for column, look in looks.items():
            ax.plot(group[column], group["case"].map(cases.index), linestyle="", **look)
        ax.set(title=CONVOLUTIONS[operation])
        ax.set_xscale("log", base=2)
        ax.xaxis.set_major_locator(LogLocator(16))
        ax.xaxis.set_major_formatter(FuncFormatter(_bytes))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.grid(True)
    _name_rows(axes[0], cases)
    _middle(axes).set_xlabel("memory")
    _legend(figure, axes[0].get_legend_handles_labels()[0])
    return figure


def _panels(rows) -> dict[str, pd.DataFrame]:
    """The rows of each operation of a convolution, for those there are."""
    panels = {operation: rows[rows["operation"] == operation] for operation in CONVOLUTIONS}
    return {operation: group for operation, group in panels.items() if len(group)}


def _kind(operation: str) -> str:
    if operation.endswith("_grad_input"):
        return "input gradient"
    return "parameter gradient" if operation.endswith(("_grad", "_grad_weight")) else "forward"


def _name_rows(ax, cases) -> None:
    ax.set_yticks(range(len(cases)), cases, fontsize=8)
    ax.set_ylim(len(cases) - 0.5, -0.5)


def _bytes(count, _) -> str:
    for unit, name in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if count >= unit:
            return f"{count / unit:.0f} {name}"
    return f"{count:.0f} B"


def _middle(axes):
    """The panel under which the label that all share is written."""
    return axes[(len(axes) - 1) // 2]


def _handles(style, panels) -> list[Line2D]:
    """The legend's entries: each implementation, and what a hollow mark means if there is one."""
    handles = [Line2D([], [], linestyle="", label=name, **mark) for name, mark in style.items()]
    if any((rows["status"] == "not run").any() for rows in panels):
        hollow = {"marker": "o", "color": "0.3", "markerfacecolor": "white", "label": "not run, estimated"}
        handles.append(Line2D([], [], linestyle="", **hollow))
    return handles


def _legend(figure, handles) -> None:
    spacing = {"columnspacing": 1.2, "handletextpad": 0.3}
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), **spacing)


def _sign(figure, provenance) -> None:
    """Put the line of provenance below everything else, broken between its parts only."""
    parts = provenance.replace(" ", "\N{NO-BREAK SPACE}").replace(";\N{NO-BREAK SPACE}", "; ")
    figure.supxlabel("\n".join(textwrap.wrap(parts, 130)), fontsize=6.5, color="0.3")
