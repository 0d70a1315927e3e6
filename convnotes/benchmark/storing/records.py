"""The files of a finished run: what they are called, and how they are read."""

from pathlib import Path

from convnotes.benchmark import Refused
from convnotes.benchmark.storing import reading, schema
from convnotes.benchmark.storing.kinds import Number
from convnotes.benchmark.storing.schema import COLUMNS, MODERN, STATUSES

MEASUREMENTS = "measurements.csv"
ENVIRONMENT = "environment.json"
SUMMARY = "summary.csv"
README = "README.md"
# Every whole network and the layers of many others have a figure of their ratios to torch; `ratio` itself holds the
# other cases.
FAMILIES = ("lenet5", "alexnet", "vgg16", "resnet50", "mobilenet", "dcgan", MODERN)
RATIOS = (*(f"ratio_{family}" for family in FAMILIES), "ratio")
STEPS, WORKSPACES = ((name, f"{name}_{MODERN}") for name in ("steps", "workspace"))
FIGURES = ("network", "time", "scaling", "speedup", *RATIOS, *STEPS, *WORKSPACES, "roofline", "error", "heatmap")

# What a report consists of, and all that a run leaves behind.
REPORT = (README, SUMMARY, *(f"{figure}.{kind}" for figure in FIGURES for kind in ("png", "svg")))
ALL = (MEASUREMENTS, ENVIRONMENT, *REPORT)

UNFINISHED = "unfinished"


def read(out: Path, name: str = "--out"):
    """The measurements as a DataFrame and the environment as a dict; refuses files that no run has written.

    `name` is what the folder is called in a refusal.
    """
    try:
        # A byte order mark is what some editors leave.
        measurements, environment = (
            (out / file).read_bytes().decode("utf-8-sig") for file in (MEASUREMENTS, ENVIRONMENT)
        )
    except OSError as problem:
        missing = Path(problem.filename or MEASUREMENTS).name
        raise Refused(
            f"{name} must hold {missing} of an earlier `convnotes benchmark`, got {str(out)!r} ({problem.strerror})"
        ) from None
    except UnicodeDecodeError as problem:
        raise Refused(f"{name} must hold readable measurements, got {str(out)!r} ({problem})") from None
    try:
        file = MEASUREMENTS
        rows = reading.table(measurements)
        file = f"{ENVIRONMENT} does not describe a machine:"
        environment = reading.environment(environment, schema.ENVIRONMENT)
    except reading.DamageError as problem:
        raise Refused(
            f"{name} must hold files as `convnotes benchmark` writes them, got {str(out)!r} where {file} {problem}"
        ) from None
    return _frame(rows), environment


def _frame(rows):
    import pandas as pd

    numbers = {name: column for name, column in COLUMNS.items() if isinstance(column.kind, Number)}
    # A column with empty cells is one of floats.
    whole = {name for name, column in numbers.items() if column.kind.whole and column.needed == STATUSES}
    dtypes = {name: "int64" if name in whole else "float64" for name in numbers}
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(dtypes)
