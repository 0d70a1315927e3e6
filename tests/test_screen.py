"""What is printed fits on a screen: 25 lines of 80 columns at most, whatever was measured, and none is lost."""

import itertools
from pathlib import Path

import pandas as pd
import pytest

from convnotes.benchmark.reporting import provenance, screen, tables
from convnotes.benchmark.reporting.compare import printed as compared_runs
from convnotes.benchmark.reporting.compare.folders import Folder
from convnotes.benchmark.reporting.compare.rows import comparison
from convnotes.benchmark.reporting.report import Report
from convnotes.benchmark.reporting.summary import families, summarize
from convnotes.benchmark.storing import records
from convnotes.benchmark.storing.schema import OF_NETWORKS
from convnotes.cases import CASES, select
from measurements import ENVIRONMENT, SPEEDS, ceilings, everything, rows

ALL = ("naive", "matmul", "fast", "torch")
LONG = "a_very_long_name_of_an_implementation_that_somebody_has_written"


def summary(found):
    return summarize(pd.DataFrame(found, columns=list(records.COLUMNS)))


def printed(found, out="results/quick", **environment):
    found, environment = summary(found), {**ENVIRONMENT, **environment}
    line, warning = provenance.line(environment), provenance.warning(environment)
    return screen.report(Report(found, tables.faults(found), line, warning), Path(out))


def compared(summaries, out=None, **environment):
    """What is printed of runs, each in a folder of a name that is too long."""
    folders = []
    for i, found in enumerate(summaries):
        name = f"a folder of a name that is too long, the one of number {i}"
        facts = {**ENVIRONMENT, **environment, **({"cpu": f"CPU {i}"} if i else {})}
        folders.append(Folder(name, Path(name), found[found["status"] == "measured"], facts))
    return compared_runs.text(comparison(folders), out)


def faults(count, name="conv2d"):
    note = "MemoryError: " + "too large by far " * 9
    return [row for i in range(count) for row in rows(f"net/{i}", name, "fast", status="failed", note=note, error=None)]


def many_networks(count):
    calls = itertools.product((f"network{i}/a" for i in range(count)), {"naive": 1.0, "torch": 2.0}.items())
    return [row for case, (name, seconds) in calls for row in rows(case, "conv2d", name, [seconds])]


SPEEDS_OF_MORE = {LONG: SPEEDS["fast"], **{f"mine{i}": SPEEDS["fast"] for i in range(9)}}
BUSY = {"load": {"before": 1.0, "after": 9.0, "others": 1.5}, "cpu": "Some CPU (R) with a very long name " * 9}

RUNS = {
    "full": lambda: everything(ALL, 1),
    "networks alone": lambda: everything(("fast", "torch"), 1, select("*", ["networks"])),
    "without torch": lambda: everything(("naive", "fast"), 1),
    "one implementation": lambda: everything(("fast",), 1),
    "tiny": lambda: everything(ALL, 1, select("lenet5/pool1")),
    "more implementations": lambda: everything((*ALL, *SPEEDS_OF_MORE), 1, select("lenet5/*")),
    "more implementations, tiny": lambda: everything((*ALL, *SPEEDS_OF_MORE), 1, select("ops/bias")),
    "two with long names": lambda: everything((LONG, "torch"), 1),
    "long names": lambda: rows("n" * 200 + "/" + "c" * 200, "local_response_norm_grad_input", LONG, [1.0]),
    "many networks": lambda: many_networks(40),
    "faults": lambda: everything(ALL, 1) + faults(100),
    "faults alone": lambda: faults(3, "local_response_norm_grad_input"),
    "not run": lambda: rows("a/b", "conv2d", "naive", status="not run", estimate_seconds=9.0, error=None),
    "ceilings alone": ceilings,
    "extremes": lambda: rows("a/b", "conv2d", "fast", [1e-9]) + rows("a/b", "conv2d", "torch", [1e9]),
}  # fmt: skip


@pytest.fixture(params=RUNS)
def found(request, monkeypatch):
    for name, speed in SPEEDS_OF_MORE.items():
        monkeypatch.setitem(SPEEDS, name, speed)
    return RUNS[request.param]()


def fits(text, but=()):
    lines = text.splitlines()
    assert len(lines) <= 25
    for line in lines:
        assert line in but or len(line) <= 80, line
    assert text.endswith("\n")
    return text


def test_a_report_fits_on_a_screen(found):
    assert fits(printed(found)).splitlines()[-1] == "Written to results/quick; open results/quick/README.md"
    text = fits(printed(found, **BUSY))
    assert "The machine was busy" in text


@pytest.mark.parametrize("out", ["x" * 90, "/".join(["folder"] * 40)])
def test_a_long_path_is_whole_and_on_a_line_of_its_own(out):
    text = printed(RUNS["faults"](), out, **BUSY)
    assert fits(text, but=[f"{out}/README.md"]).splitlines()[-2:] == ["Open:", f"{out}/README.md"]


def test_a_comparison_fits_on_a_screen(found):
    slower = [row | {"seconds": 2 * row["seconds"]} if "seconds" in row else row for row in found]
    first, *others = map(summary, (found, slower, RUNS["tiny"]()))
    for count, other in itertools.product((2, 3, 6, 9), (first, *others)):
        runs = [first] + [other] * (count - 1)
        lines = fits(compared(runs, **BUSY)).splitlines()
        sentences = [line for line in lines if line.endswith((" within noise.", "measured in both."))]
        assert len(sentences) == min(count, 6) - 1
        assert lines[-1] == "Tables and a figure: --out FOLDER"
        assert ("and 3 more: --out FOLDER" in lines) == (count == 9)
    place = "x" * 90 + "/README.md"
    assert fits(compared(runs, Path("x" * 90), **BUSY), but=[place]).splitlines()[-2:] == ["Open:", place]


def test_the_means_are_those_of_the_page(monkeypatch):
    found = summary(everything(ALL, 1, [case for case in CASES if case.suite not in OF_NETWORKS]))
    overview = tables.overview(found[(found["suite"] != "machine") & (found["step"] == "")])
    lines = screen.means(found[(found["suite"] != "machine") & (found["step"] == "")])
    means = {cells[0]: cells[1:] for cells in (line.split() for line in lines[3:])}
    assert set(means) == {"founding", "scaling", "ops"}
    for family, group in overview.groupby("suite or network", sort=False):
        passes = group.set_index("pass")
        names = itertools.product(("naive", "matmul", "fast"), ("forward", "input gradient", "parameter gradient"))
        expected = [passes.loc[one, f"{name} / torch"].replace("about ", "~") for name, one in names]
        assert means[family] == expected


def test_a_few_calls_are_shown_with_their_times():
    found = rows("lenet5/pool1", "max_pool2d", "fast", [1e-3], suite="networks")
    found += rows("lenet5/pool1", "max_pool2d", "torch", [2e-3])
    found += rows("lenet5/pool1", "max_pool2d_grad_input", "fast", status="wrong", error=0.5)
    found += rows("lenet5/pool1", "max_pool2d_grad_input", "torch", status="not run", estimate_seconds=9.0)
    lines = printed(found).splitlines()
    assert lines[2:8] == [
        "2 measured, 1 not run, 1 wrong, 0 failed.",
        "",
        "                                        fast       torch",
        "lenet5/pool1, batch 1",
        "  max_pool2d                         1.00 ms     2.00 ms",
        "  max_pool2d_grad_input                wrong     not run",
    ]
    assert "fast: max_pool2d_grad_input of lenet5/pool1: wrong (error 5e-01)" in lines


def test_a_full_run_has_room_for_every_suite_and_network():
    found = summary(RUNS["full"]())
    found = found[found["suite"] != "machine"]
    lines = screen.means(found)
    assert [line.split()[0] for line in lines[3:]] == list(dict.fromkeys(families(found)))


def test_what_does_not_fit_is_named():
    text = printed(many_networks(40))
    assert "The page also has network9, network10, network11, " in text
    assert "... and 98 more that are wrong or failed." in printed(faults(100))
