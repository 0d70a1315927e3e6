"""The files of a run: measurements as they come, and results that replace earlier ones all at the end."""

import csv
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from convnotes.benchmark import Refused, provenance

MEASUREMENTS = "measurements.csv"
ENVIRONMENT = "environment.json"
SUMMARY = "summary.csv"
README = "README.md"
FIGURES = ("time", "ratio", "workspace")

# What a report consists of, and all that a run leaves behind.
REPORT = (README, SUMMARY, *(f"{figure}.{kind}" for figure in FIGURES for kind in ("png", "svg")))
ALL = (MEASUREMENTS, ENVIRONMENT, *REPORT)

UNFINISHED = "unfinished"

STATUSES = ("measured", "not run", "wrong", "failed")

# One row for each timing; an implementation that was not timed has one row without `repeat` and `seconds`.
COLUMNS = {
    "case": "str",
    "operation": "str",
    "implementation": "str",
    "batch": "int64",
    "dtype": "str",
    "threads": "int64",
    "status": "str",
    "repeat": "float64",
    "seconds": "float64",
    "loops": "float64",
    "error": "float64",
    "definition": "str",
    "multiply_adds": "int64",
    "bytes": "int64",
    "workspace_bytes": "float64",
    "peak_bytes": "float64",
    "estimate_seconds": "float64",
    "note": "str",
}


@contextmanager
def unfinished(out: Path) -> Iterator[Path]:
    """A folder inside `out` for what is not finished, gone when the block is left.

    Refuses an `out` that cannot be written to, or where results would replace files of another origin.
    """
    folder, new = out / UNFINISHED, not out.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MEASUREMENTS).touch()
        if (out / README).exists() and not (out / MEASUREMENTS).exists():
            raise Refused(f"--out must be a folder without a {README} of another origin, got {str(out)!r}")
        if blocked := [name for name in ALL if (out / name).is_dir()]:
            raise Refused(f"--out must be a folder where {blocked[0]} is not a folder, got {str(out)!r}")
        yield folder
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise Refused(f"--out must be a folder that can be written to, got {str(out)!r} ({reason})") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if new and out.is_dir() and not any(out.iterdir()):
            out.rmdir()


def publish(folder: Path, out: Path, names=ALL) -> None:
    """Move the named files from `folder` to `out`, each in one step; those `folder` lacks are removed from `out`."""
    for name in names:
        if (folder / name).exists():
            os.replace(folder / name, out / name)
        else:
            (out / name).unlink(missing_ok=True)


class Recorder:
    """Appends records to a folder's measurements, each batch on disk before the next is measured."""

    def __init__(self, folder: Path):
        self._path = folder / MEASUREMENTS
        with self._path.open("w", newline="", encoding="utf-8") as file:
            csv.DictWriter(file, COLUMNS).writeheader()

    def append(self, records: list[dict]) -> None:
        with self._path.open("a", newline="", encoding="utf-8") as file:
            csv.DictWriter(file, COLUMNS).writerows(records)


def write_environment(folder: Path, environment: dict) -> None:
    """Store the environment beside the measurements."""
    (folder / ENVIRONMENT).write_text(json.dumps(environment, indent=2) + "\n", encoding="utf-8")


def read(out: Path):
    """The measurements as a DataFrame and the environment as a dict; refuses files that no run has written."""
    import pandas as pd

    try:
        frame = pd.read_csv(out / MEASUREMENTS, dtype=COLUMNS)
        environment = json.loads((out / ENVIRONMENT).read_text(encoding="utf-8"))
    except OSError as problem:
        missing = Path(problem.filename or MEASUREMENTS).name
        raise Refused(
            f"--out must hold {missing} of an earlier `convnotes benchmark`, got {str(out)!r} ({problem.strerror})"
        ) from None
    except ValueError as problem:
        reason = str(problem).strip().splitlines()[0]
        raise Refused(f"--out must hold readable measurements, got {str(out)!r} ({reason})") from None
    if fault := _fault(frame) or _environment_fault(environment):
        raise Refused(f"--out must hold files as `convnotes benchmark` writes them, got {str(out)!r} where {fault}")
    return frame, environment


def _fault(frame) -> str | None:
    """What is wrong with a table of measurements."""
    if missing := [column for column in COLUMNS if column not in frame]:
        return f"{MEASUREMENTS} lacks the column {missing[0]}"
    if frame.empty:
        return f"{MEASUREMENTS} has no rows"
    if unknown := set(frame["status"].fillna("")) - set(STATUSES):
        return f"a status in {MEASUREMENTS} is {min(unknown)!r} instead of one of {', '.join(STATUSES)}"
    if frame[["case", "operation", "implementation"]].isna().any(axis=None):
        return f"a row of {MEASUREMENTS} lacks its case, operation or implementation"
    timed = frame[frame["status"] == "measured"]
    for column, values in (("multiply_adds", frame["multiply_adds"]), ("seconds", timed["seconds"])):
        if not values.between(0, float("inf"), inclusive="neither").all():
            return f"{column} in {MEASUREMENTS} is not a number above 0 in every row"
    return None


def _environment_fault(environment) -> str | None:
    """What is wrong with an environment: every sentence of the report about it must be there to be said."""
    try:
        for sentence in (provenance.line, provenance.settings, provenance.ceilings, provenance.warning):
            sentence(environment)
    except (AttributeError, KeyError, TypeError, ValueError):
        return f"{ENVIRONMENT} does not describe a machine"
    return None
