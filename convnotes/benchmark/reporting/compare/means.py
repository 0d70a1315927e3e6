"""Geometric means over what runs have in common: of a time over that in the first run, and over torch's time."""

from collections.abc import Sequence

import pandas as pd

from convnotes.benchmark.reporting.compare.folders import Folder
from convnotes.benchmark.reporting.compare.rows import Comparison, problem, share
from convnotes.benchmark.reporting.summary import KINDS, calls, families, geometric_mean, kind, names
from convnotes.benchmark.reporting.units import digits
from convnotes.benchmark.storing.schema import LAYERS, OF_NETWORKS

_GROUP = ["implementation", "family", "pass"]


def over_first(found: Comparison) -> pd.DataFrame:
    """Every whole call that another folder has in common with the first: its `ratio`, and whether it `differs`.

    `number` is that of the other folder.
    """
    return pd.concat([calls(both).assign(number=i) for i, _, both in found.others], ignore_index=True)


def first_table(found: Comparison) -> pd.DataFrame:
    """A row for each implementation and pass, and a column for each folder but the first."""
    rows = over_first(found)
    groups = dict(list(rows.groupby(["implementation", rows["operation"].map(kind), "number"], sort=False)))
    table = []
    for name in names(rows):
        for one in KINDS:
            cells = [groups.get((name, one, number)) for number, *_ in found.others]
            if any(cell is not None for cell in cells):
                table.append([name, one, *("" if cell is None else _mean_and_share(cell) for cell in cells)])
    return pd.DataFrame(table, columns=["implementation", "pass", *(folder.name for _, folder, _ in found.others)])


def _mean_and_share(rows: pd.DataFrame) -> str:
    return f"{digits(geometric_mean(rows['ratio']))} ({share(rows['differs'])} of {len(rows)})"


def over_torch(folders: Sequence[Folder]) -> pd.DataFrame:
    """The calls of networks' layers with `ratio_to_torch`, the `number` of their folder, `family` and `pass`.

    Where no folder has networks, it is all calls. Of an implementation, network and pass it is those calls that
    every folder has which has any of them, so that their means are over the same.
    """
    frames = [calls(folder.rows).assign(number=i) for i, folder in enumerate(folders, 1)]
    rows = pd.concat([frame[frame["ratio_to_torch"].notna()] for frame in frames], ignore_index=True)
    rows = rows[rows["implementation"] != "torch"]
    networks = rows["suite"].isin([*OF_NETWORKS, LAYERS])
    rows = rows[networks] if networks.any() else rows
    rows = rows.assign(family=families(rows), **{"pass": rows["operation"].map(kind)})
    asked = rows.groupby(_GROUP)["number"].transform("nunique")
    there = rows.groupby(problem(*frames), dropna=False)["number"].transform("nunique")
    return rows[there == asked]


def torch_table(folders: Sequence[Folder], rows: pd.DataFrame) -> pd.DataFrame:
    """A row for each implementation and network; a column for each folder that has torch, with a mean for each pass."""
    shown = {i: folder.name for i, folder in enumerate(folders, 1) if i in set(rows["number"])}
    means = rows.groupby([*_GROUP, "number"])["ratio_to_torch"].agg(geometric_mean)
    table = []
    for name in names(rows):
        of_name = rows[rows["implementation"] == name]
        for family, group in of_name.groupby("family", sort=False):
            cells = [[means.get((name, family, one, number)) for one in KINDS] for number in shown]
            calls_of_each = group["number"].value_counts()
            table.append([name, family, str(calls_of_each.max()), *map(_triple, cells)])
    return pd.DataFrame(table, columns=["implementation", "network", "calls", *shown.values()])


def _triple(means: Sequence[float | None]) -> str:
    """The means of the three passes; nothing where there is none."""
    if all(mean is None for mean in means):
        return ""
    return " / ".join("-" if mean is None else digits(mean) for mean in means)
