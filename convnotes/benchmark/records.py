"""The files of a finished run: what they are called, what their columns are, and how they are read."""

import json
from pathlib import Path

from convnotes.benchmark import Refused, provenance

MEASUREMENTS = "measurements.csv"
ENVIRONMENT = "environment.json"
SUMMARY = "summary.csv"
README = "README.md"
# Every network has a figure of its ratios to torch; `ratio` itself holds the other cases.
NETWORKS = ("lenet5", "alexnet", "vgg16", "resnet50", "mobilenet", "dcgan")
RATIOS = (*(f"ratio_{network}" for network in NETWORKS), "ratio")
FIGURES = ("time", "scaling", "speedup", *RATIOS, "steps", "workspace", "roofline", "error", "heatmap")

# What a report consists of, and all that a run leaves behind.
REPORT = (README, SUMMARY, *(f"{figure}.{kind}" for figure in FIGURES for kind in ("png", "svg")))
ALL = (MEASUREMENTS, ENVIRONMENT, *REPORT)

UNFINISHED = "unfinished"

STATUSES = ("measured", "not run", "wrong", "failed")

# One row for each timing; an implementation that was not timed has one row without `round`, `repeat` and
# `seconds`. An empty `step` is the whole call; the parts of a call have no costs of their own but the
# product's multiply-adds. The suite "machine" holds what
# the machine itself did, measured once in every round.
COLUMNS = {
    "suite": "str",
    "case": "str",
    "batch": "int64",
    "channels_in": "int64",
    "channels_out": "int64",
    "side": "int64",
    "kernel": "int64",
    "stride": "int64",
    "groups": "int64",
    "operation": "str",
    "implementation": "str",
    "step": "str",
    "device": "str",
    "dtype": "str",
    "threads": "int64",
    "status": "str",
    "round": "float64",
    "repeat": "float64",
    "seconds": "float64",
    "loops": "float64",
    "error": "float64",
    "definition": "str",
    "multiply_adds": "float64",
    "bytes": "float64",
    "workspace_bytes": "float64",
    "peak_bytes": "float64",
    "estimate_seconds": "float64",
    "note": "str",
}


def read(out: Path, name: str = "--out"):
    """The measurements as a DataFrame and the environment as a dict; refuses files that no run has written.

    `name` is what the folder is called in a refusal.
    """
    import pandas as pd

    try:
        frame = pd.read_csv(out / MEASUREMENTS, dtype=COLUMNS)
        environment = json.loads((out / ENVIRONMENT).read_text(encoding="utf-8"))
    except OSError as problem:
        missing = Path(problem.filename or MEASUREMENTS).name
        raise Refused(
            f"{name} must hold {missing} of an earlier `convnotes benchmark`, got {str(out)!r} ({problem.strerror})"
        ) from None
    except ValueError as problem:
        reason = str(problem).strip().splitlines()[0]
        raise Refused(f"{name} must hold readable measurements, got {str(out)!r} ({reason})") from None
    if fault := _fault(frame) or _environment_fault(environment):
        raise Refused(f"{name} must hold files as `convnotes benchmark` writes them, got {str(out)!r} where {fault}")
    return frame, environment


def _fault(frame) -> str | None:
    """What is wrong with a table of measurements."""
    if missing := [column for column in COLUMNS if column not in frame]:
        return f"{MEASUREMENTS} lacks the column {missing[0]}"
    if frame.empty:
        return f"{MEASUREMENTS} has no rows"
    if unknown := set(frame["status"].fillna("")) - set(STATUSES):
        return f"a status in {MEASUREMENTS} is {min(unknown)!r} instead of one of {', '.join(STATUSES)}"
    if frame[["suite", "case", "operation", "implementation"]].isna().any(axis=None):
        return f"a row of {MEASUREMENTS} lacks its suite, case, operation or implementation"
    timed, counted = frame[frame["status"] == "measured"], frame["multiply_adds"].dropna()
    for column, values in (("multiply_adds", counted), ("seconds", timed["seconds"])):
        if not values.between(0, float("inf"), inclusive="neither").all():
            return f"{column} in {MEASUREMENTS} is not a number above 0 in every row"
    return None


def _environment_fault(environment) -> str | None:
    """What is wrong with an environment: every sentence of the report about it must be there to be said."""
    try:
        for sentence in (provenance.line, provenance.settings, provenance.warning):
            sentence(environment)
    except (AttributeError, KeyError, TypeError, ValueError):
        return f"{ENVIRONMENT} does not describe a machine"
    return None
