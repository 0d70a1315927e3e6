"""Two results folders side by side: what differs between them, and which rows differ by more than their noise.

The noise is each run's own, as its `summary.csv` states it in noise_low and noise_high.
"""

from pathlib import Path

import pandas as pd

from convnotes.benchmark import Refused
from convnotes.benchmark.reporting import provenance, screen, tables
from convnotes.benchmark.reporting.summary import GEOMETRY, KEYS, geometric_mean, summarize
from convnotes.benchmark.reporting.units import digits, duration
from convnotes.benchmark.storing import files, records

NOISE = (
    "Two rows differ where their times do not overlap even within their noise. The noise of a row is the range of its "
    "rounds' medians (of a single round, the interquartile range), but never narrower in proportion than the widest of "
    "what the machine itself did in the same run: a matrix product, a copy and a Python loop, once in every round."
)
_FACTS = (
    *("cpu", "gpu", "cores", "system", "threads", "isa", "device", "dtype"),
    *("python", "numpy", "torch", "blas", "commit", "version", "layers"),
)
_PROBLEM = ["suite", "case", "batch", "operation", "implementation", "step"]


def write(a: Path, b: Path, out: Path | None) -> str:
    """Compare the results in two folders; the page is written to `out`, if that is given. Returns what to print."""
    found = [_read(name, folder) for name, folder in (("A", a), ("B", b))]
    (before, first), (after, second) = found
    if out is not None:
        _write(out, "\n\n".join(_page(before, first, after, second)) + "\n")
    both = pair(before, after)
    lines = provenance.line(first), provenance.line(second)
    different = [name for name in _FACTS if first.get(name) != second.get(name)]
    left = len(alone(before, after)), len(alone(after, before))
    return screen.comparison(both, left, lines, different, sentence(both), out)


def _write(out: Path, page: str) -> None:
    """Write the page in one step; what is no file, such as a pipe, is written to as it is."""
    try:
        if out.name in records.ALL and records.measurements(out.parent).exists():
            raise Refused(f"--out must be none of the files that a benchmark has written, got {str(out)!r}")
        if out.exists() and not out.is_file():
            out.write_text(page, encoding="utf-8")
        else:
            files.write(out.resolve(), page)
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise Refused(f"--out must be a file that can be written to, got {str(out)!r} ({reason})") from None


def _read(name: str, folder: Path) -> tuple[pd.DataFrame, dict]:
    """The measured rows of a folder, and its environment."""
    frame, environment = records.read(folder, name)
    environment = environment | {"isa": provenance.asked(environment)}
    if found := environment.get("layers"):
        environment = environment | {"layers": f"SHA-256 {found['sha256'][:10]}"}
    summary = summarize(frame)
    return summary[summary["status"] == "measured"], environment


def pair(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """The rows that two summaries have in common, with `ratio` (b over a) and `differs`.

    The columns of the two end in `_a` and `_b`.
    """
    both = a.merge(b, on=_problem(a, b), suffixes=("_a", "_b"))
    apart = (both["noise_low_b"] > both["noise_high_a"]) | (both["noise_low_a"] > both["noise_high_b"])
    return both.assign(ratio=both["median_b"] / both["median_a"], differs=apart)


def alone(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """The rows of `a` that `b` has not."""
    problem = _problem(a, b)
    found = a.merge(b[problem], on=problem, how="left", indicator=True)
    return found[found["_merge"] == "left_only"]


def sentence(both: pd.DataFrame) -> str:
    """How many of the common rows agree."""
    if both.empty:
        return "No row was measured in both."
    agree = int((~both["differs"]).sum())
    return f"{agree} of {len(both)} rows ({100 * agree / len(both):.0f} %) agree within their noise."


def _problem(a, b) -> list[str]:
    """What names a row: its device, dtype and threads too, but for those of which each folder has only one.

    A layer of the user's own may have the name of one of another size.
    """
    several = [name for name in ("device", "dtype", "threads") if max(len(set(a[name])), len(set(b[name]))) > 1]
    return [*(name for name in KEYS if name in (*_PROBLEM, *several)), *GEOMETRY, "multiply_adds"]


def _page(a, environment_a, b, environment_b) -> list[str]:
    both = pair(a, b)
    parts = ["# Comparison", f"A: {provenance.line(environment_a)}", f"B: {provenance.line(environment_b)}"]
    parts += [_differences(environment_a, environment_b), NOISE]
    for suite, rows in both.groupby("suite", sort=False):
        table = pd.DataFrame([_row(row) for _, row in rows.iterrows()])
        parts += [f"## {suite}", tables.markdown(table), sentence(rows)]
    parts.append("## Rows in one alone")
    for name, rows in (("A", alone(a, b)), ("B", alone(b, a))):
        listed = [screen.name(row) for _, row in rows.iterrows()]
        count = "1 row was" if len(listed) == 1 else f"{len(listed)} rows were"
        parts.append(f"{count} measured in {name} alone" + (f": {'; '.join(listed)}." if listed else "."))
    if len(both):
        parts += ["## Geometric means of B / A", tables.markdown(_means(both))]
    return [*parts, f"**{sentence(both)}**"]


def _differences(a: dict, b: dict) -> str:
    """What the two environments do not share."""
    found = [(name, _fact(a.get(name)), _fact(b.get(name))) for name in _FACTS if a.get(name) != b.get(name)]
    if not found:
        return "The machine, the libraries, the threads and the commit are the same."
    return tables.markdown(pd.DataFrame(found, columns=["different", "A", "B"]))


def _fact(value) -> str:
    if isinstance(value, dict):
        return ", ".join(str(part) for part in value.values())
    return "none" if value is None else str(value)


def _row(row) -> dict[str, str]:
    """A line of the table: the problem, both medians, their ratio, and a mark where they differ."""
    return {
        "case": row["case"],
        "batch": str(row["batch"]),
        "operation": row["operation"],
        "implementation": row["implementation"] + (f", {row['step']}" if row["step"] else ""),
        "A": duration(row["median_a"]),
        "B": duration(row["median_b"]),
        "B / A": digits(row["ratio"]),
        "beyond noise": ("slower" if row["ratio"] > 1 else "faster") if row["differs"] else "",
    }


def _means(both: pd.DataFrame) -> pd.DataFrame:
    """B over A on average, for each implementation and operation and its steps."""
    table = []
    for (implementation, operation, step), rows in both.groupby(["implementation", "operation", "step"], sort=False):
        table.append(
            {
                "implementation": implementation + (f", {step}" if step else ""),
                "operation": operation,
                "rows": str(len(rows)),
                "beyond noise": str(int(rows["differs"].sum())),
                "B / A": digits(geometric_mean(rows["ratio"])),
            }
        )
    return pd.DataFrame(table)
