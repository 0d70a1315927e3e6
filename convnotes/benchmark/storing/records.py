"""The files of a finished run: what they are called, and how they are read."""

from pathlib import Path
from typing import Any

from convnotes.benchmark import Refused
from convnotes.benchmark.storing import reading, schema
from convnotes.benchmark.storing.kinds import Number
from convnotes.benchmark.storing.schema import COLUMNS, LAYERS, MODERN, STATUSES, SUITES

MEASUREMENTS = "measurements.csv.gz"
# The same without compression: an unfinished run's, and those that earlier versions have left.
PLAIN = "measurements.csv"
ENVIRONMENT = "environment.json"
SUMMARY = "summary.csv.gz"
README, READING = "README.md", "reading.md"
# The pages with all rows of a suite: one, and numbered ones where it would be too long. Suites that no run of this
# version has, such as in a file by another one, share theirs.
OTHERS = "others"
NUMBERS = ("", *(f"_{number}" for number in range(2, 10)))
PAGES = {suite: tuple(f"{suite}{number}.md" for number in NUMBERS) for suite in (*SUITES, LAYERS, OTHERS)}
# Every whole network and the layers of many others have a figure of their ratios to torch; `ratio` itself holds the
# other cases.
FAMILIES = ("lenet5", "alexnet", "vgg16", "resnet50", "mobilenet", "dcgan", MODERN)
RATIOS = (*(f"ratio_{family}" for family in FAMILIES), "ratio")
STEPS, WORKSPACES = ((name, f"{name}_{MODERN}") for name in ("steps", "workspace"))
OVERVIEW = "overview"
FIGURES = (
    *(OVERVIEW, "network", "time", "scaling", "speedup"),
    *(*RATIOS, *STEPS, *WORKSPACES, "roofline", "error", "heatmap"),
)
# A run draws the first kind, `convnotes plot` both.
KINDS = PNG, SVG = "png", "svg"

# What a report consists of, with what one of an earlier version has left, and all that a run leaves behind.
REPORT = (
    *(README, READING, *(page for pages in PAGES.values() for page in pages), SUMMARY, "summary.csv"),
    *(f"{figure}.{kind}" for figure in FIGURES for kind in KINDS),
)
ALL = (MEASUREMENTS, PLAIN, ENVIRONMENT, *REPORT)

UNFINISHED = "unfinished"


def measurements(folder: Path) -> Path:
    """Where the measurements of a folder are, or are to be; where it has both files, the compressed one counts."""
    found, plain = folder / MEASUREMENTS, folder / PLAIN
    return found if found.exists() or not plain.exists() else plain


def read(out: Path, name: str = "--out") -> tuple[Any, dict[str, Any]]:
    """The measurements as a DataFrame and the environment as a dict; refuses files that no run has written.

    `name` is what the folder is called in a refusal.
    """
    try:
        path = measurements(out)
        content, described = path.read_bytes(), (out / ENVIRONMENT).read_bytes()
    except OSError as problem:
        missing = Path(problem.filename or MEASUREMENTS).name
        raise Refused(
            f"{name} must hold {missing} of an earlier `convnotes benchmark`, got {str(out)!r} ({problem.strerror})"
        ) from None
    try:
        file = path.name
        rows = reading.table(reading.text(reading.unpacked(content) if file == MEASUREMENTS else content))
        file = f"{ENVIRONMENT} does not describe a machine:"
        environment = reading.environment(described, schema.ENVIRONMENT)
    except reading.DamageError as problem:
        raise Refused(
            f"{name} must hold files as `convnotes benchmark` writes them, got {str(out)!r} where {file} {problem}"
        ) from None
    return _frame(rows), environment


def _frame(rows: list[dict[str, Any]]) -> Any:
    import pandas as pd

    numbers: dict[str, Any] = {name: column for name, column in COLUMNS.items() if isinstance(column.kind, Number)}
    # A column with empty cells is one of floats.
    whole = {name for name, column in numbers.items() if column.kind.whole and column.needed == STATUSES}
    dtypes = {name: "int64" if name in whole else "float64" for name in numbers}
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(dtypes)
