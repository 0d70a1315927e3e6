"""Which rows several runs have in common, and which of these differ by more than their noise.

The noise is each run's own, as its `summary.csv` states it in noise_low and noise_high.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from convnotes.benchmark.reporting.compare.folders import Folder
from convnotes.benchmark.reporting.summary import GEOMETRY, KEYS

NOISE = (
    "Two rows differ where their times do not overlap even within their noise. The noise of a row is the range of its "
    "rounds' medians (of a single round, the interquartile range), but never narrower in proportion than the widest of "
    "what the machine itself did in the same run: a matrix product, a copy and a Python loop, once in every round."
)
_PROBLEM = ["suite", "case", "batch", "operation", "implementation", "step"]


class Comparison(NamedTuple):
    """The folders; the rows that the first has in common with each other one; how many rows each has alone."""

    folders: list[Folder]
    pairs: list[pd.DataFrame]
    alone: list[int]

    @property
    def others(self) -> list[tuple[int, Folder, pd.DataFrame]]:
        """The folders but the first, each with its number and with the rows that it has in common with the first."""
        return [(i, *one) for i, one in enumerate(zip(self.folders[1:], self.pairs), 2)]

    def of_first(self, count: int) -> "Comparison":
        """The same of so many folders alone."""
        return Comparison(self.folders[:count], self.pairs[: count - 1], self.alone[:count])


def comparison(folders: Sequence[Folder]) -> Comparison:
    """The first of some folders beside every other one."""
    first, *others = (folder.rows for folder in folders)
    return Comparison(list(folders), [pair(first, other) for other in others], alone([first, *others]))


def pair(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """The rows that two summaries have in common, with `ratio` (b over a) and `differs`.

    The columns of the two end in `_a` and `_b`.
    """
    both = a.merge(b, on=problem(a, b), suffixes=("_a", "_b"))
    apart = (both["noise_low_b"] > both["noise_high_a"]) | (both["noise_low_a"] > both["noise_high_b"])
    return both.assign(ratio=both["median_b"] / both["median_a"], differs=apart)


def alone(frames: Sequence[pd.DataFrame]) -> list[int]:
    """How many rows each of some summaries has that no other one has."""
    numbered = pd.concat([frame.assign(number=i) for i, frame in enumerate(frames)])
    there = numbered.groupby(problem(*frames), dropna=False)["number"].transform("nunique")
    counts = numbered.loc[there == 1, "number"].value_counts()
    return [int(counts.get(i, 0)) for i in range(len(frames))]


def problem(*frames: pd.DataFrame) -> list[str]:
    """What names a row: its device, dtype and threads too, but for those of which each folder has only one.

    A layer of the user's own may have the name of one of another size.
    """
    several = [name for name in ("device", "dtype", "threads") if max(len(set(one[name])) for one in frames) > 1]
    return [*(name for name in KEYS if name in (*_PROBLEM, *several)), *GEOMETRY, "multiply_adds"]


def agree(both: pd.DataFrame) -> str:
    """How many rows of two runs agree.

    >>> agree(pd.DataFrame({"differs": [False, True, False]}))
    '66.6 % of 3 rows agree within noise.'
    """
    if both.empty:
        return "no row was measured in both."
    return f"{share(both['differs'])} of {_count(len(both))} within noise."


def share(differs: pd.Series) -> str:
    """The share of rows that agree in percent, rounded down, so that only all of them are 100 %."""
    per_mille = 1000 * int((~differs).sum()) // len(differs)
    return "100 %" if per_mille == 1000 else f"{per_mille / 10:.1f} %"


def _count(rows: int) -> str:
    return "1 row agrees" if rows == 1 else f"{rows} rows agree"


def by_size(both: pd.DataFrame) -> pd.DataFrame:
    """The rows that differ, the largest ratios in either direction first."""
    found = both[both["differs"]]
    return found.loc[found["ratio"].map(math.log).abs().sort_values(ascending=False, kind="stable").index]
