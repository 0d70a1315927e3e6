"""The report, from measurements made up here: medians, marks, missing and wrong rows, and the same bytes every time."""

import io
import itertools
import json
from dataclasses import replace

import matplotlib.style
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

import measurements
from convnotes.benchmark import Refused
from convnotes.benchmark.reporting import figures, provenance, report, tables
from convnotes.benchmark.reporting.figures import time
from convnotes.benchmark.reporting.summary import COLUMNS, summarize
from convnotes.benchmark.reporting.summary import ceilings as best
from convnotes.benchmark.storing import files, records
from convnotes.cases import CASES, select
from convnotes.style import CYCLE, SHEET, marks
from measurements import ENVIRONMENT, SPEEDS, ceilings, everything, rows

LINE = (
    "Some CPU, 4 cores, 1 thread, float32; OpenBLAS 0.3.31 (Zen); Python 3.11.7, NumPy 2.4.6, torch 2.13.0; "
    "commit 0123456789; 2026-01-02"
)

RECORDS = [
    *rows("net/small", "conv2d", "naive", [1.0, 1.0, 1.0], multiply_adds=1_000),
    *rows("net/small", "conv2d", "matmul", [[0.001, 0.003], [0.002]], multiply_adds=1_000),
    *rows("net/small", "conv2d", "matmul", [0.001], multiply_adds=None, step="im2col"),
    *rows("net/small", "conv2d", "torch", [0.004, 0.004, 0.004], multiply_adds=1_000, peak_bytes=None),
    *rows("net/large", "conv2d", "naive", status="not run", estimate_seconds=42.3, error=None, peak_bytes=None),
    *rows("net/large", "conv2d", "matmul", status="wrong", error=0.25, peak_bytes=None),
    *rows("net/large", "conv2d", "torch", [0.01, 0.01, 0.01]),
    *rows("net/small", "max_pool2d_grad_input", "other", status="failed", error=None, note="MemoryError: a | b"),
]

# All series, but of every network and of the other suites only the first three cases.
SOME = [
    case
    for name, cases in itertools.groupby(CASES, lambda case: case.name.split("/")[0])
    for case in itertools.islice(cases, None if name == "scaling" else 3)
]

OWN = [replace(case, suite="layers", name=f"own{i}") for i, case in enumerate(select("alexnet/conv*"))]


@pytest.fixture
def folder(tmp_path):
    return measurements.write(tmp_path, RECORDS)


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """A folder with a report of every suite, and of layers of one's own."""
    own = {"layers": {"sha256": "0123456789", "times": {case.name: 2 for case in OWN}}}
    folder = measurements.write(
        tmp_path_factory.mktemp("full"),
        everything(("naive", "matmul", "fast", "torch"), 2, [*SOME, *OWN]),
        ENVIRONMENT | own,
    )
    write(folder)
    return folder


def write(folder):
    return report.write(*records.read(folder), folder, records.KINDS)


def summary(found):
    return summarize(pd.DataFrame(found, columns=list(records.COLUMNS)))


def one(found, **keys):
    for name, value in keys.items():
        found = found[found[name] == value]
    assert len(found) == 1
    return found.iloc[0]


def test_measurements_come_back_as_they_were_written(folder):
    frame, environment = records.read(folder)
    assert environment == ENVIRONMENT
    expected = pd.DataFrame(RECORDS, columns=list(records.COLUMNS)).replace("", None)
    for column in records.COLUMNS:
        kept = [None if pd.isna(value) else value for value in frame[column]]
        assert kept == [None if pd.isna(value) else value for value in expected[column]]


def test_summary():
    found = summary(RECORDS)
    assert list(found.columns) == list(COLUMNS)
    row = one(found, case="net/small", implementation="matmul", step="")
    expected = {"median": 0.002, "lower": 0.0015, "upper": 0.0025, "low": 0.002, "high": 0.002, "spread": 0.5}
    expected |= {"ratio_to_torch": 0.5, "speedup_over_naive": 500, "gflops": 0.001, "gigabytes_per_second": 1.0}
    expected |= {"rounds": 2, "repeats": 3, "intensity": 0.001}
    assert {name: row[name] for name in expected} == pytest.approx(expected)
    skipped = one(found, status="not run")
    assert np.isnan(skipped["ratio_to_torch"])
    assert skipped["estimate_ratio"] == pytest.approx(4230)
    torch = one(found, case="net/large", implementation="torch")
    assert torch["estimate_speedup"] == pytest.approx(4230)
    assert np.isnan(torch["speedup_over_naive"])
    step = one(found, step="im2col")
    assert np.isnan(step["ratio_to_torch"])
    assert np.isnan(step["speedup_over_naive"])


def test_rounds_are_summed_up_by_their_medians():
    row = one(summary(rows("a", "conv2d", "naive", [[1.0, 5.0, 2.0], [4.0, 4.0, 9.0]])), case="a")
    assert (row["low"], row["high"], row["rounds"], row["repeats"]) == (2.0, 4.0, 2, 6)


def test_a_call_that_failed_in_one_round_has_failed():
    found = rows("a", "conv2d", "torch", [1.0]) + rows("a", "conv2d", "torch", status="failed", note="gone", round=1)
    found = summary(found + rows("a", "conv2d", "matmul", [2.0]))
    failed, other = one(found, implementation="torch"), one(found, implementation="matmul")
    assert failed["status"] == "failed"
    # What was timed of it counts for nothing, its own ratio to torch included.
    assert np.isnan([failed["ratio_to_torch"], failed["gflops"], other["ratio_to_torch"]]).all()
    assert tables.overview(found)["matmul faster"].tolist() == [""]


def test_batches_are_compared_with_torch_each_by_itself():
    found = [
        *rows("a", "conv2d", "matmul", [4.0]),
        *rows("a", "conv2d", "torch", [2.0]),
        *rows("a", "conv2d", "matmul", [4.0], batch=8),
        *rows("a", "conv2d", "torch", [8.0], batch=8),
    ]
    ratios = summary(found).set_index(["implementation", "batch"])["ratio_to_torch"]
    assert (ratios["matmul", 1], ratios["matmul", 8]) == (2.0, 0.5)
    table = tables.times(summary(found)).iloc[0]
    assert (table["matmul / torch, batch 1"], table["matmul / torch, batch 8"]) == ("2.00", "0.500")


def test_the_ceilings_are_those_of_the_best_round():
    assert best(summary(ceilings(96.8, 20.97))) == pytest.approx({"gflops": 96.8, "gigabytes_per_second": 20.97})
    assert best(summary(RECORDS)) == {}


def test_the_page_shows_every_result(folder):
    faults = write(folder).faults
    page = (folder / "networks.md").read_text()
    cells = [[cell.strip() for cell in line.split(" | ")] for line in page.splitlines() if line.startswith("| net/")]
    small = ["| net/small", "1,000", "1.00 s", "2.00 ms (IQR 50%)", "4.00 ms", "250", "0.500", "3e-07 |"]
    large = [
        "| net/large",
        "1,000,000",
        "not run (about 42 s)",
        "**wrong** (error 2e-01)",
        "10.0 ms",
        "",
        "",
        "2e-01 |",
    ]
    assert cells[:2] == [small, large]
    assert "**failed** (MemoryError: a \\| b)" in page
    warnings = [
        "matmul: conv2d of net/large: **wrong** (error 2e-01)",
        "other: max_pool2d_grad_input of net/small: **failed** (MemoryError: a | b)",
    ]
    assert faults == warnings
    for warning in warnings:
        assert f"> **Warning.** {warning}" in (folder / "README.md").read_text()


def test_everything_carries_the_line_of_provenance(full):
    """Figures have it in themselves."""
    pages = [path.read_text() for path in full.glob("*.md") if path.name not in (records.README, records.READING)]
    sections = [section for page in pages for section in page.split("\n## ")]
    assert len(sections) >= 17
    for section in sections:
        assert LINE in section
    page = (full / "README.md").read_text()
    assert page.startswith(f"# Benchmark\n\n{LINE}\n")
    assert "100 GFLOP/s" in page
    assert "20.0 GB/s" in page


def test_every_figure_is_signed(tmp_path, monkeypatch):
    signed = []
    monkeypatch.setattr(figures, "_write_png", lambda figure, path: signed.append(figure.get_supxlabel()))
    found = report.write(*records.read(measurements.write(tmp_path, everything(CYCLE, 1, SOME))), tmp_path)
    assert len(signed) > 15
    for line in signed:
        assert line.replace("\N{NO-BREAK SPACE}", " ").replace("\n", " ") == found.line == LINE


@pytest.mark.parametrize(
    ("load", "busy"),
    [
        # What others used decides, whatever the load, which remembers what ran before.
        ({"before": 9.0, "after": 9.0, "others": 0.1}, False),
        ({"before": 0.0, "after": 1.0, "others": 0.11}, True),
        # Of earlier runs the load at the end alone is known to be of the run; this one had one thread.
        ({"before": 0.1, "after": 1.4}, False),
        ({"before": 0.9, "after": 1.0}, False),
        ({"before": 0.1, "after": 1.6}, True),
        ({"before": 0.1, "after": 1.6, "others": None}, True),
        ({"before": None, "after": None, "others": None}, False),
    ],
)
def test_a_machine_is_busy_where_more_ran_than_the_benchmark(load, busy):
    assert bool(provenance.warning({**ENVIRONMENT, "load": load})) == busy


def test_a_busy_machine_is_said_to_be_busy(folder):
    measurements.write(folder, RECORDS, {**ENVIRONMENT, "load": {"before": 0.0, "after": 1.0, "others": 0.62}})
    found = write(folder)
    sentence = "The machine was busy: other processes used 0.62 of a processor on average. These times may be too long."
    assert found.warning == sentence
    assert f"> **Warning.** {sentence}" in (folder / "README.md").read_text()


def test_a_gpu_is_named():
    assert provenance.line({**ENVIRONMENT, "device": "cuda", "gpu": "Some GPU"}).startswith("Some GPU, Some CPU, ")


def test_the_same_measurements_give_the_same_bytes(full, tmp_path):
    report.write(*records.read(full), tmp_path, records.KINDS)
    written = {path.name for path in tmp_path.iterdir()}
    assert written == {path.name for path in full.iterdir()} - {records.MEASUREMENTS, records.ENVIRONMENT}
    assert written <= set(records.REPORT)
    for name in written:
        assert (full / name).read_bytes() == (tmp_path / name).read_bytes(), name


def test_every_figure_is_there_and_shown(full):
    page = (full / "README.md").read_text()
    for name in records.FIGURES:
        assert f"]({name}.png)" in page
        assert (full / f"{name}.png").stat().st_size > 0


def test_figures_show_each_implementation_in_its_own_colour_and_marker(full):
    for figure in ("time", "scaling", "roofline", "error"):
        svg = (full / f"{figure}.svg").read_text()
        for name in CYCLE:
            assert marks()[name]["color"].lower() in svg, (figure, name)
    assert len({mark["marker"] for mark in marks().values()}) == len({mark["color"] for mark in marks().values()}) == 4


def test_others_have_their_own_colours_and_markers_and_then_other_pairs_of_them():
    found = [(look["color"], look["marker"]) for look in marks([*CYCLE, *map(str, range(72))]).values()]
    assert len(set(found)) == 76
    known, others = found[:4], found[4:12]
    for part in (0, 1):
        assert len({pair[part] for pair in others}) == 8
        assert not {pair[part] for pair in known} & {pair[part] for pair in found[4:]}


OTHERS = {"mine": SPEEDS["fast"], "another_of_twenty_": SPEEDS["matmul"]}


@pytest.fixture(scope="module")
def six():
    """The figures of ours and two others, of which the first was not measured where the loops were."""
    with pytest.MonkeyPatch.context() as patch, matplotlib.style.context(SHEET, after_reset=True):
        for name, speed in OTHERS.items():
            patch.setitem(SPEEDS, name, speed)
        found = summary(everything((*CYCLE, *OTHERS), 2, SOME))
        found = found[(found["implementation"] != "mine") | (found["suite"] != "scaling")]
        drawn = {name: module.draw(found) for name, module in figures._MODULES.items() if name != "network"}
        drawn |= {"ratio": figures.ratio.draw(found, "lenet5")}
        for figure in drawn.values():
            FigureCanvasAgg(figure).draw()
        return drawn


@pytest.mark.parametrize("name", ["overview", "ratio", "time", "scaling", "speedup", "roofline", "error", "workspace"])
def test_figures_have_room_for_six_implementations(six, name):
    figure = six[name]
    for legend in figure.legends:
        box, whole = legend.get_window_extent(), figure.bbox
        assert whole.x0 <= box.x0 < box.x1 <= whole.x1
        entries = {text.get_text(): handle for text, handle in zip(legend.get_texts(), legend.legend_handles)}
        other = next(handle for label, handle in entries.items() if "another_of_twenty_" in label)
        # The same as everywhere, though the first of the others is not in every figure.
        assert (other.get_color(), other.get_marker()) == tuple(marks([*CYCLE, *OTHERS])["another_of_twenty_"].values())
    # The panels are as wide as they can be, whatever is written into them.
    assert sum(ax.get_position().width for ax in figure.axes[:3]) > 0.6


def test_every_lane_of_a_ratio_is_in_its_row(six):
    for ax in six["ratio"].axes:
        lanes = [y for line in ax.get_lines() for y in line.get_ydata() if line.get_linestyle() == "None"]
        assert -0.41 < min(lanes) < max(lanes) < len(ax.get_yticks()) - 0.59


def test_others_are_named_with_what_they_were():
    origins = {"a": {"source": "a.py", "sha256": "0123456789abcdef"}, "b": {"source": "b.c", "version": "b 1.2"}}
    options = {**ENVIRONMENT["options"], "implementations": ["fast", "a", "b", "c"]}
    line = provenance.line({**ENVIRONMENT, "options": options, "origins": origins | {"c": {"source": "c"}}})
    assert line == f"{LINE}; a: a.py 0123456789; b: b.c b 1.2; c: c"


@pytest.mark.parametrize(
    "found",
    [
        rows("net/pool", "max_pool2d", "naive", [1.0, 1.0, 1.0]),
        rows("scaling/batch 1", "conv2d", "matmul", [1.0], suite="scaling", error=0.0, peak_bytes=None),
        rows("vgg16/conv1_1", "conv2d", "torch", status="not run", estimate_seconds=9.0, error=None),
        rows("ops/bias", "bias_add", "matmul", status="failed", note="MemoryError"),
        ceilings(),
        rows("lenet5/conv1", "conv2d", "matmul", [1.0]) + rows("lenet5/conv1", "conv2d", "torch", [2.0]),
    ],
    ids=["pool", "one call", "not run", "failed", "ceilings", "one network"],
)
def test_figures_without_anything_to_show_are_left_out(found, tmp_path):
    write(measurements.write(tmp_path, found))
    page = (tmp_path / "README.md").read_text()
    drawn = {path.stem for path in tmp_path.glob("*.png")}
    assert drawn == {path.stem for path in tmp_path.glob("*.svg")}
    assert drawn <= {"overview", "time", "scaling", "ratio_lenet5", "workspace", "error"}
    assert page.count("![") == len(drawn)
    assert not [path for path in tmp_path.glob("*.md") if path.name != records.READING and "nan" in path.read_text()]


@pytest.mark.parametrize("exponent", [1.0, 0.5])
def test_the_slope_of_a_power_is_found(exponent):
    sizes = [10**3, 10**5, 10**6]
    found = [
        row
        for size in sizes
        for row in rows(f"scaling/batch {size}", "conv2d", "naive", [3e-7 * size**exponent], multiply_adds=size)
    ]
    assert time.slope(summary(found)) == pytest.approx(exponent)
    assert np.isnan(time.slope(summary(found[:1])))


def test_the_slope_of_the_suite_scaling_is_written_in_the_figure():
    found = [
        row
        for size, suite in ((1, "scaling"), (4, "scaling"), (16, "scaling"), (64, "networks"))
        for row in rows(
            f"{suite}/batch {size}",
            "conv2d",
            "naive",
            [float(size) ** 0.75 if suite == "scaling" else 1e-3],
            multiply_adds=1000 * size,
            suite=suite,
        )
    ]
    figure = time.draw(summary(found))
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert "naive 0.75  ($1.0{\\cdot}10^{3}$ to $1.6{\\cdot}10^{4}$)" in texts


def test_an_estimated_gain_is_marked():
    grid = {"suite": "scaling", "multiply_adds": 1000}
    found = [
        *rows("scaling/grid kernel 3 channels 1", "conv2d", "naive", [0.5], **grid),
        *rows("scaling/grid kernel 3 channels 1", "conv2d", "matmul", [0.01], **grid),
        *rows("scaling/grid kernel 3 channels 4", "conv2d", "naive", status="not run", estimate_seconds=2.0, **grid),
        *rows("scaling/grid kernel 3 channels 4", "conv2d", "matmul", [0.01], **grid),
    ]
    figure = figures.heatmap.draw(summary(found))
    assert [text.get_text() for text in figure.axes[0].texts] == ["50", "~200"]


def test_steps_are_drawn_as_shares_of_the_whole():
    seconds = {"im2col": 3.0, "product": 6.0, "reshape": 1.0}
    found = [row for step, time in seconds.items() for row in rows("vgg16/a", "conv2d", "matmul", [time], step=step)]
    figure = figures.steps.draw(summary(found))
    assert [bar.get_width() for bar in figure.axes[0].patches] == pytest.approx([30, 60, 10])


def test_numbers_and_names_at_the_ends_of_what_may_be_stored_are_drawn(tmp_path):
    found = ceilings(1e-3, 1e-3)
    for name, seconds in (("naive", 1e9), ("torch", 1e-12), ("\u4e2d" * 300, 1.0)):
        for case in (
            "scaling/batch 0",
            "scaling/image 1" + "0" * 40,
            "scaling/grid kernel 0 channels 1",
            "vgg16/a|<b>",
        ):
            extremes = {"error": 5e-324, "multiply_adds": 10**18, "bytes": 1, "workspace_bytes": 0, "peak_bytes": 0}
            found += rows(case, "conv2d", name, [seconds], suite=case.split("/")[0], **extremes)
    write(measurements.write(tmp_path, found, {**ENVIRONMENT, "cpu": "$x_{$"}))
    assert (tmp_path / "time.png").stat().st_size > 0
    assert "$x_{$, 4 cores" in (tmp_path / "README.md").read_text()


def test_old_figures_do_not_outlive_new_results(full, tmp_path):
    for path in full.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    for name in ("summary.csv", "networks_9.md"):
        (tmp_path / name).write_text("earlier")
    (tmp_path / "empty").mkdir()
    files.publish(tmp_path / "empty", tmp_path, records.REPORT)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "environment.json", "measurements.csv.gz"]


def spoil(text, column=None, value=None):
    frame = pd.read_csv(io.StringIO(text))
    frame[column] = frame[column].astype(object)
    frame.loc[0, column] = value
    return frame.to_csv(index=False)


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        (lambda text: "", "measurements.csv.gz is empty"),
        (lambda text: "a,b\n1,2\n", "lacks the column suite"),
        (lambda text: text.splitlines()[0], "has no rows"),
        (lambda text: text.replace("case,", "case,case,", 1), "has the column case 2 times"),
        (lambda text: text.replace(",note", ",note,mine", 1), "has a column 'mine' that no run writes"),
        (lambda text: text[:-20], "cells instead of 28"),
        (lambda text: text + text.splitlines()[1], "lacks a timing, or has it twice, of naive"),
        (lambda text: text + '"', "is not CSV (unexpected end of data)"),
        (lambda text: spoil(text, "status", "done"), "has 'done' as status instead of one of measured, not run, "),
        (lambda text: spoil(text, "status", None), "has no status"),
        (lambda text: spoil(text, "seconds", "fast"), "in line 2 has 'fast' as seconds instead of a number from 1e-12"),
        (lambda text: spoil(text, "seconds", -1.0), "has '-1.0' as seconds instead of a number from 1e-12 to 1e+09 s"),
        (lambda text: spoil(text, "seconds", "1e-300"), "has '1e-300' as seconds"),
        (lambda text: spoil(text, "seconds", "1e400"), "has '1e400' as seconds"),
        (lambda text: spoil(text, "seconds", None), "has no seconds where the status is measured"),
        (lambda text: spoil(text, "multiply_adds", 0), "has '0' as multiply_adds instead of a whole number from 1"),
        (lambda text: spoil(text, "multiply_adds", 9 * 10**22), "as multiply_adds instead of a whole number from 1"),
        (lambda text: spoil(text, "multiply_adds", None), "has no multiply_adds"),
        (lambda text: spoil(text, "multiply_adds", 7), "has both 7 and 1000 as multiply_adds of naive: conv2d of net"),
        (lambda text: spoil(text, "repeat", 3), "lacks a timing, or has it twice, of naive: conv2d of net/small"),
        (lambda text: spoil(text, "note", "slow"), "has 'slow' as note where the status is measured"),
        (lambda text: spoil(text, "error", "inf"), "has 'inf' as error where the status is measured"),
        (lambda text: spoil(text, "case", None), "has no case where the status is measured"),
        (lambda text: spoil(text, "case", "a\x00"), "has 'a\\x00' as case"),
        (lambda text: spoil(text, "case", "$x_{$"), "as case instead of a line of at most 300 characters without $"),
        (lambda text: spoil(text, "suite", None), "has no suite where the status is measured"),
    ],
)
def test_foreign_measurements_are_refused(folder, spoilt, reason):
    measurements.store(folder, spoilt(measurements.text(folder)))
    with pytest.raises(Refused) as refusal:
        records.read(folder)
    assert reason in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert str(refusal.value).startswith("--out must hold ")


@pytest.mark.parametrize("key", [name for name in ENVIRONMENT if name not in ("gpu", "system")])
def test_an_environment_that_lacks_something_is_refused(folder, key):
    path = folder / "environment.json"
    path.write_text(json.dumps({name: value for name, value in ENVIRONMENT.items() if name != key}))
    with pytest.raises(Refused, match=r"environment.json does not describe a machine"):
        records.read(folder)
