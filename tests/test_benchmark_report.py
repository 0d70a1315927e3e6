"""The report, from measurements made up here: medians, marks, missing and wrong rows, and the same bytes every time."""

import json

import numpy as np
import pandas as pd
import pytest

from convnotes.benchmark import Refused, provenance, records, report, tables
from convnotes.style import CYCLE, marks

ENVIRONMENT = {
    "cpu": "Some CPU",
    "cores": 4,
    "threads": 1,
    "dtype": "float32",
    "python": "3.11.7",
    "numpy": "2.4.6",
    "torch": "2.13.0",
    "commit": "0123456789",
    "date": "2026-01-02T03:04:05+00:00",
    "options": {"cases": "*", "repeats": 3, "limit": 2.0, "batch": None},
    "ceilings": {"gflops": 96.8, "gigabytes_per_second": 20.97},
    "blas": {"name": "openblas", "version": "0.3.31", "threads": 1, "kernels": "Zen"},
    "torch_threads": 1,
    "load": {"before": 0.1, "after": 1.0},
}
LINE = (
    "Some CPU, 4 cores, 1 thread, float32; OpenBLAS 0.3.31 (Zen); Python 3.11.7, NumPy 2.4.6, torch 2.13.0; "
    "commit 0123456789; 2026-01-02"
)


def rows(case, operation, implementation, seconds=(), **facts):
    common = {
        "case": case,
        "operation": operation,
        "implementation": implementation,
        **{"batch": 1, "dtype": "float32", "threads": 1, "status": "measured", "error": 3e-7, "definition": "naive"},
        **{"multiply_adds": 1_000_000, "bytes": 2_000_000, "workspace_bytes": 2**21, "peak_bytes": 2**22},
        **facts,
    }
    timed = [{**common, "repeat": i, "seconds": s, "loops": 1} for i, s in enumerate(seconds)]
    return timed or [common]


RECORDS = [
    *rows("net/small", "conv2d", "naive", [1.0, 1.0, 1.0], multiply_adds=1_000),
    *rows("net/small", "conv2d", "matmul", [0.001, 0.003, 0.002], multiply_adds=1_000),
    *rows("net/small", "conv2d", "torch", [0.004, 0.004, 0.004], multiply_adds=1_000, peak_bytes=None),
    *rows("net/large", "conv2d", "naive", status="not run", estimate_seconds=42.3, error=None, peak_bytes=None),
    *rows("net/large", "conv2d", "matmul", status="wrong", error=0.25, peak_bytes=None),
    *rows("net/large", "conv2d", "torch", [0.01, 0.01, 0.01]),
    *rows("net/small", "max_pool2d_grad_input", "other", status="failed", error=None, note="MemoryError: a | b"),
]


@pytest.fixture
def folder(tmp_path):
    records.Recorder(tmp_path).append(RECORDS)
    records.write_environment(tmp_path, ENVIRONMENT)
    return tmp_path


def write(folder):
    return report.write(*records.read(folder), folder)


def test_measurements_come_back_as_they_were_written(folder):
    frame, environment = records.read(folder)
    assert environment == ENVIRONMENT
    expected = pd.DataFrame(RECORDS, columns=list(records.COLUMNS))
    for column in records.COLUMNS:
        kept = [None if pd.isna(value) else value for value in frame[column]]
        assert kept == [None if pd.isna(value) else value for value in expected[column]]


def test_summary(folder):
    summary = tables.summarize(records.read(folder)[0])
    row = summary[(summary["case"] == "net/small") & (summary["implementation"] == "matmul")].iloc[0]
    assert row["repeats"] == 3
    expected = {"median": 0.002, "lower": 0.0015, "upper": 0.0025, "spread": 0.5, "ratio": 0.5, "gflops": 0.001}
    assert {name: row[name] for name in expected} == pytest.approx(expected)
    assert row["gigabytes_per_second"] == pytest.approx(1.0)
    skipped = summary[summary["status"] == "not run"].iloc[0]
    assert np.isnan(skipped["ratio"])
    assert skipped["estimate_ratio"] == pytest.approx(4230)


def test_the_page_shows_every_result(folder, capsys):
    faults = write(folder)
    page = (folder / "README.md").read_text()
    cells = [[cell.strip() for cell in line.split(" | ")] for line in page.splitlines() if line.startswith("| net")]
    small = [
        "| net/small",
        "1,000",
        "1.00 s",
        "2.00 ms (IQR 50%)",
        "4.00 ms",
        "not asked for",
        "250",
        "0.500",
        "",
        "3e-07 |",
    ]
    large = ["| net/large", "1,000,000", "not run (about 42 s)", "**wrong** (error 2e-01)", "10.0 ms", "not asked for"]
    assert cells[0] == small
    assert cells[1][:6] == large
    assert "**failed** (MemoryError: a \\| b)" in page
    assert "| net/large | conv2d " in page.split("## GFLOP/s")[1]
    warnings = [
        "matmul: conv2d of net/large: **wrong** (error 2e-01)",
        "other: max_pool2d_grad_input of net/small: **failed** (MemoryError: a | b)",
    ]
    assert faults == warnings
    printed = capsys.readouterr().out
    for warning in warnings:
        assert f"> **Warning.** {warning}" in page
        assert warning in printed
    assert "not run (about 42 s)" in printed


def test_everything_carries_the_line_of_provenance(folder):
    write(folder)
    page = (folder / "README.md").read_text()
    sections = page.split("\n## How to read")[0].split("\n##")
    assert len(sections) >= 6
    for section in sections:
        if "|" in section or "![" in section:
            assert LINE in section
    assert "97 GFLOP/s" in page
    assert "21.0 GB/s" in page


@pytest.mark.parametrize(
    ("before", "after", "busy"), [(0.1, 1.4, False), (0.9, 1.0, True), (0.1, 1.6, True), (None, None, False)]
)
def test_a_machine_is_busy_where_more_ran_than_the_benchmark(before, after, busy):
    assert bool(provenance.warning({**ENVIRONMENT, "load": {"before": before, "after": after}})) == busy


def test_a_busy_machine_is_said_to_be_busy(folder, capsys):
    records.write_environment(folder, {**ENVIRONMENT, "load": {"before": 0.9, "after": 1.0}})
    write(folder)
    assert "The machine was busy" in capsys.readouterr().out
    assert "> **Warning.** The machine was busy" in (folder / "README.md").read_text()


def test_the_same_measurements_give_the_same_bytes(folder, tmp_path_factory):
    write(folder)
    again = tmp_path_factory.mktemp("again")
    report.write(*records.read(folder), again)
    for name in records.REPORT:
        assert (folder / name).read_bytes() == (again / name).read_bytes(), name


def test_figures_show_each_implementation_in_its_own_colour_and_marker(folder):
    write(folder)
    svg = (folder / "time.svg").read_text()
    for name in ("naive", "matmul", "torch"):
        assert marks()[name]["color"].lower() in svg
    assert len({mark["marker"] for mark in marks().values()}) == len({mark["color"] for mark in marks().values()}) == 4
    assert tuple(marks()) == CYCLE
    assert (
        marks(["other", "naive", "further"])["other"]["marker"]
        != marks(["other", "naive", "further"])["further"]["marker"]
    )


def test_figures_without_anything_to_show_are_left_out(folder):
    records.Recorder(folder).append(rows("net/pool", "max_pool2d", "naive", [1.0, 1.0, 1.0]))
    write(folder)
    assert not list(folder.glob("*.png"))
    assert "![" not in (folder / "README.md").read_text()


def test_old_figures_do_not_outlive_new_results(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    write(folder)
    records.publish(folder, out)
    assert sorted(path.name for path in out.iterdir()) == sorted(records.ALL)
    records.publish(tmp_path_factory.mktemp("empty"), out, records.REPORT)
    assert sorted(path.name for path in out.iterdir()) == ["environment.json", "measurements.csv"]


def spoil(text, column=None, value=None):
    frame = pd.read_csv(text)
    frame[column] = frame[column].astype(object)
    frame.loc[0, column] = value
    return frame.to_csv(index=False)


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        (lambda path: "", "No columns"),
        (lambda path: "a,b\n1,2\n", "lacks the column case"),
        (lambda path: path.read_text().splitlines()[0], "has no rows"),
        (lambda path: spoil(path, "status", "done"), "a status in measurements.csv is 'done'"),
        (lambda path: spoil(path, "seconds", "fast"), "could not convert string to float: 'fast'"),
        (lambda path: spoil(path, "seconds", -1.0), "seconds in measurements.csv is not a number above 0"),
        (lambda path: spoil(path, "seconds", None), "seconds in measurements.csv is not a number above 0"),
        (lambda path: spoil(path, "multiply_adds", 0), "multiply_adds in measurements.csv is not a number above 0"),
        (lambda path: spoil(path, "case", None), "lacks its case, operation or implementation"),
    ],
)
def test_foreign_measurements_are_refused(folder, spoilt, reason):
    path = folder / "measurements.csv"
    path.write_text(spoilt(path))
    with pytest.raises(Refused) as refusal:
        records.read(folder)
    assert reason in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert str(refusal.value).startswith("--out must hold ")


@pytest.mark.parametrize("key", ENVIRONMENT)
def test_an_environment_that_lacks_something_is_refused(folder, key):
    path = folder / "environment.json"
    path.write_text(json.dumps({name: value for name, value in ENVIRONMENT.items() if name != key}))
    with pytest.raises(Refused, match=r"environment.json does not describe a machine"):
        records.read(folder)
