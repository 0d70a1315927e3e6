"""The words that sentences are made of: names, numbers, layers, and what a mean was taken over."""

from collections.abc import Sequence

import pandas as pd

from convnotes.benchmark.reporting.ratios import is_convolution
from convnotes.benchmark.reporting.units import digits
from convnotes.benchmark.storing.schema import LAYERS, OF_NETWORKS


def code(name: str) -> str:
    """A name as Markdown sets code.

    >>> code("fast")
    '`fast`'
    """
    return f"`{name.replace('`', chr(39))}`"


def whose(name: str) -> str:
    """The owner of a time."""
    return f"{plain(name)}'s"


def plain(name: str) -> str:
    """A name in a sentence: torch is a library that everybody knows, the others are code."""
    return name if name == "torch" else code(name)


def times(ratio: float) -> str:
    """How many times as long.

    >>> times(0.0823), times(1.26), times(8212.3)
    ('0.082', '1.3', '8,212')
    """
    return digits(ratio, 2) if ratio < 1000 else f"{ratio:,.0f}"


def joined(parts: Sequence[str]) -> str:
    """Parts of a sentence in a row.

    >>> joined(["a"]), joined(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def layer(row: pd.Series, rows: pd.DataFrame) -> str:
    """The name of a row's layer, with its batch where some rows differ in nothing else."""
    several = rows["suite"].isin(OF_NETWORKS).any() and len(set(rows["batch"])) > 1
    return code(row["case"]) + (f", batch {row['batch']}" if several else "")


def over(rows: pd.DataFrame) -> str:
    """What the rows are of: how many layers, and whose."""
    noun = "convolution" if is_convolution(rows).all() else "layer"
    cases, suites = rows["case"].unique(), set(rows["suite"])
    batches = ""
    if suites <= set(OF_NETWORKS):
        images = [str(batch) for batch in sorted(set(rows["batch"]))]
        batches = f" with {joined(images)} image" + ("" if images == ["1"] else "s")
    if len(cases) == 1:
        return f"on {code(cases[0])}{batches}"
    return f"over the {len(cases)} {noun}s{_whose(cases, suites)}{batches}"


def _whose(cases: Sequence[str], suites: set[str]) -> str:
    """Of which network, or how many of them, layers are."""
    if suites == {LAYERS}:
        return " of your network"
    if not suites <= set(OF_NETWORKS):
        return " of this run"
    networks = dict.fromkeys(case.partition("/")[0] for case in cases)
    return f" of {code(next(iter(networks)))}" if len(networks) == 1 else f" of {len(networks)} networks"
