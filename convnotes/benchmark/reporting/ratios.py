"""Time over another implementation's: over whose, on which layers, and how many times as long."""

import pandas as pd

from convnotes.benchmark.reporting.summary import KEYS, names
from convnotes.benchmark.storing.schema import MEASURED, NOT_RUN, OF_NETWORKS
from convnotes.style import CYCLE


def base(rows: pd.DataFrame) -> str:
    """Whose time those of others are divided by: torch's, or without it the fastest of ours, or else anybody's.

    Empty where nobody was timed.
    """
    there = names(rows[rows["status"] == MEASURED])
    return next((name for name in reversed(CYCLE) if name in there), next(iter(there), ""))


def ratios(rows: pd.DataFrame, base: str) -> pd.DataFrame:
    """The other implementations' calls with `ratio`, their time over that of `base`; a time may be `estimated`."""
    problem = [name for name in KEYS if name != "implementation"]
    # What was timed of a call that failed in another round is no basis for anything.
    rows = rows[rows["status"].isin([MEASURED, NOT_RUN])]
    of_base = rows[rows["implementation"] == base].set_index(problem)["median"]
    found = rows[rows["implementation"] != base]
    median = of_base.reindex(pd.MultiIndex.from_frame(found[problem])).to_numpy()
    seconds = found["median"].fillna(found["estimate_seconds"])
    return found.assign(ratio=seconds / median, estimated=found["median"].isna()).dropna(subset="ratio")


def scope(rows: pd.DataFrame) -> pd.DataFrame:
    """The layers of networks, which say most about a machine, where there are any; else all rows."""
    found = rows["suite"].isin(OF_NETWORKS)
    return rows[found] if found.any() else rows


def is_convolution(rows: pd.DataFrame) -> pd.Series:
    """Which rows are of convolutions, transposed ones and gradients among them."""
    return rows["operation"].str.startswith("conv")
