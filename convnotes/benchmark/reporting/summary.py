"""The measurements summed up: one row for all timings of one call, with what follows from them."""

from typing import Any

import numpy as np
import pandas as pd

from convnotes.benchmark.storing.schema import CALL, LAYERS, MACHINE, MEASURED, NETWORKS, STATUSES
from convnotes.style import CYCLE

# What names a row, and how large its problem is.
KEYS = CALL
GEOMETRY = ("channels_in", "channels_out", "side", "kernel", "stride", "groups")
COLUMNS = (
    *("suite", "case", "batch", *GEOMETRY, "operation", "implementation", "step", "device", "dtype", "threads"),
    *("status", "rounds", "repeats", "lower", "median", "upper", "low", "high", "noise_low", "noise_high", "spread"),
    *("gflops", "gigabytes_per_second", "intensity"),
    *("ratio_to_torch", "speedup_over_naive", "estimate_speedup", "estimate_ratio"),
    *("error", "definition", "multiply_adds", "bytes", "workspace_bytes", "peak_bytes", "estimate_seconds", "note"),
)


def summarize(frame: pd.DataFrame) -> pd.DataFrame:
    """One row for each call that was measured or left out, in the order of the measurements.

    lower, median, upper: the quartiles of all timings in seconds; spread is upper - lower over the median
    low, high: the smallest and the largest of the rounds' medians
    noise_low, noise_high: the time within its noise; see `_with_noise`
    ratio_to_torch: the median over torch's; speedup_over_naive: naive's median over the median
    estimate_ratio, estimate_speedup: the same for a call that was not run, from its estimate
    """
    keys = list(KEYS)
    frame = frame.assign(**{name: frame[name].fillna("") for name in ("step", "device", "dtype")})
    groups = frame.groupby(keys, sort=False, dropna=False)
    summary = groups.first()
    # A call that failed in one round has failed, whatever became of it in the others.
    summary["status"] = groups["status"].agg(lambda found: max(found, key=STATUSES.index))
    summary["error"] = groups["error"].max()
    summary["repeats"] = groups["seconds"].count()
    for name, share in {"lower": 0.25, "median": 0.5, "upper": 0.75}.items():
        summary[name] = groups["seconds"].quantile(share)
    medians = frame.dropna(subset="seconds").groupby([*keys, "round"], sort=False, dropna=False)["seconds"].median()
    rounds = medians.groupby(level=keys, sort=False, dropna=False).agg(["count", "min", "max"]).reindex(summary.index)
    summary["rounds"] = rounds["count"].fillna(0).astype(int)
    summary["low"], summary["high"] = rounds["min"], rounds["max"]
    return _with_rates(_with_noise(summary.reset_index()))[list(COLUMNS)]


def _with_noise(summary: pd.DataFrame) -> pd.DataFrame:
    """From which time to which a row's time may lie anywhere without meaning anything.

    That is the range of its rounds' medians (with a single round the interquartile range), but never a
    narrower one in proportion than the widest of what the machine itself did in the same run.
    """
    several = summary["rounds"] > 1
    low = summary["low"].where(several, summary["lower"])
    high = summary["high"].where(several, summary["upper"])
    machine = summary["suite"] == MACHINE
    least, most = (low / summary["median"])[machine].min(), (high / summary["median"])[machine].max()
    # Not-a-number, where the machine was not gauged, widens nothing.
    summary["noise_low"] = np.fmin(low, summary["median"] * least)
    summary["noise_high"] = np.fmax(high, summary["median"] * most)
    return summary


def _with_rates(summary: pd.DataFrame) -> pd.DataFrame:
    """What follows from a row's times and costs, and from the times of naive and torch on the same problem."""
    # What was timed of a call that failed in another round is no basis for anything.
    median = summary["median"].where(summary["status"] == MEASURED)
    # The machine's copy has no multiply-adds, and its matrix product no bytes that count.
    operations, moved = (summary[name].where(summary[name] > 0) for name in ("multiply_adds", "bytes"))
    summary["spread"] = (summary["upper"] - summary["lower"]) / median
    summary["gflops"] = 2 * operations / median / 1e9
    summary["gigabytes_per_second"] = moved / median / 1e9
    summary["intensity"] = 2 * operations / moved
    torch = _of(summary, "torch", median)
    naive = _of(summary, "naive", median)
    summary["ratio_to_torch"] = median / torch
    summary["estimate_ratio"] = summary["estimate_seconds"] / torch
    summary["speedup_over_naive"] = naive / median
    summary["estimate_speedup"] = (_of(summary, "naive", summary["estimate_seconds"]) / median).where(np.isnan(naive))
    return summary


def _of(summary: pd.DataFrame, implementation: str, values: pd.Series) -> np.ndarray:
    """For each row the value that an implementation has, on the same problem and the same machine."""
    problem = [name for name in KEYS if name != "implementation"]
    rows = summary.assign(value=values)[summary["implementation"] == implementation]
    return rows.set_index(problem)["value"].reindex(pd.MultiIndex.from_frame(summary[problem])).to_numpy()


def ceilings(summary: pd.DataFrame) -> dict[str, float]:
    """What the machine did at best, in its best round: "gflops" of a matrix product, "gigabytes_per_second" of a copy.

    What was not measured is missing.
    """
    found = {}
    for _, row in summary[(summary["suite"] == MACHINE) & (summary["status"] == "measured")].iterrows():
        match row["operation"]:
            case "matrix product":
                found["gflops"] = float(row["gflops"] * row["median"] / row["low"])
            case "copy":
                found["gigabytes_per_second"] = float(row["gigabytes_per_second"] * row["median"] / row["low"])
    return found


def to_csv(summary: pd.DataFrame) -> str:
    """The summary as a file: counts in full, all else to nine digits, which is finer than any clock."""
    whole = ["multiply_adds", "bytes", "workspace_bytes", "peak_bytes"]
    return summary.astype(dict.fromkeys(whole, "Int64")).to_csv(index=False, lineterminator="\n", float_format="%.9g")


def calls(summary: pd.DataFrame) -> pd.DataFrame:
    """The rows of whole calls of an implementation: neither the machine's ceilings nor the steps inside a call."""
    return summary[(summary["suite"] != MACHINE) & (summary["step"] == "")]


def with_times(summary: pd.DataFrame, environment: dict[str, Any]) -> pd.DataFrame:
    """The summary with a column `times`, how often each layer occurs, where it is of the user's own layers."""
    if "layers" not in environment:
        return summary
    found = summary["case"].map(environment["layers"]["times"]).where(summary["suite"] == LAYERS)
    return summary.assign(times=found.astype("Int64"))


def names(summary: pd.DataFrame) -> list[str]:
    """The implementations that there are, those of the style sheet first and in its order."""
    found = list(dict.fromkeys(summary["implementation"]))
    return [name for name in CYCLE if name in found] + [name for name in found if name not in CYCLE]


def families(rows: pd.DataFrame) -> pd.Series:
    """The suite of each row, and where that is of whole networks, the network, as the case's name says it."""
    return rows["suite"].where(rows["suite"] != NETWORKS, rows["case"].str.split("/").str[0])


KINDS = ("forward", "input gradient", "parameter gradient")


def kind(operation: str) -> str:
    """Which of the three passes through a layer an operation belongs to."""
    if operation.endswith("_grad_input"):
        return "input gradient"
    return "parameter gradient" if operation.endswith(("_grad", "_grad_weight")) else "forward"


def geometric_mean(values: Any) -> float:
    """The geometric mean of positive numbers; not-a-number counts for nothing."""
    return float(np.exp(np.log(values).mean()))
