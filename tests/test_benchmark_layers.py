"""The user's own layers are measured in place of the suites, and added up as often as each occurs in its network."""

import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import matplotlib.style
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

import measurements
from convnotes import naive
from convnotes.benchmark.__main__ import main
from convnotes.benchmark.commands import parser
from convnotes.benchmark.commands.benchmark import options
from convnotes.benchmark.measuring import ceilings, jobs, torch_calls
from convnotes.benchmark.reporting import figures, report, screen, totals
from convnotes.benchmark.reporting.compare.folders import read
from convnotes.benchmark.reporting.compare.rows import comparison
from convnotes.benchmark.reporting.figures import network, parts, ratio
from convnotes.benchmark.reporting.summary import summarize, with_times
from convnotes.benchmark.storing import records, schema
from convnotes.benchmark.storing.journal import Journal
from convnotes.cases.case import Case, convolution, pool
from convnotes.style import SHEET
from measurements import ENVIRONMENT, rows

WRITE = figures.write

NET = """\
from torch import nn
def net():
    return nn.Sequential(nn.Conv2d(2, 2, 3, padding=1), nn.Conv2d(2, 2, 3, padding=1), nn.MaxPool2d(2), nn.Flatten())
"""
HEADER = "name,operation,N,C_in,H,W,C_out,kernel,stride,padding,times\n"
FILE = HEADER + "first,conv2d,1,2,6,6,2,3,,,3\nlast,max_pool2d,1,2,6,6,,2,,,\n"
RUN = ["benchmark", "--layers", "f.csv", "--quick", "--implementations", "matmul,fast"]


@pytest.fixture(autouse=True)
def quick(tmp_path, monkeypatch):
    """An empty folder is the current one, and neither the machine nor figures, which take long, are asked for."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ceilings, "on", lambda device: [])
    monkeypatch.setattr(figures, "write", lambda *arguments: [])


def refused(capsys, *arguments):
    assert main([*map(str, arguments)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    return printed.err


def chosen(*arguments):
    return options(parser().parse_args(["benchmark", *arguments]))


# Runs


def test_from_a_network_to_what_its_layers_add_up_to(capsys):
    Path("net.py").write_text(NET)
    assert main(["layers", "net.py:net", "--input", "1,2,6,6", "-o", "f.csv"]) == 0
    capsys.readouterr()
    assert main(RUN) == 0
    printed = capsys.readouterr().out
    assert re.search(r"^your network's measured layers: \w+ [\d.]+ .?s, \w+ [\d.]+ .?s$", printed, re.M)
    out = Path("results/partial/quick_layers-f_implementations-matmul+fast")
    found = pd.read_csv(out / records.MEASUREMENTS, dtype={"case": str})
    assert set(zip(found["suite"], found["case"])) == {("layers", "0"), ("layers", "2")}
    assert set(found["operation"]) >= {"conv2d", "conv2d_grad_input", "conv2d_grad_weight", "max_pool2d_grad_input"}
    assert json.loads((out / records.ENVIRONMENT).read_text())["layers"]["times"] == {"0": 2, "2": 1}
    page = (out / records.README).read_text()
    assert "2 layers of `f.csv` (SHA-256 " in page
    assert re.search(r"^\| all together +\| +2 of 2 \|", page, re.M)
    # All of it follows from what is stored.
    (out / records.README).unlink()
    assert main(["plot", str(out)]) == 0
    assert (out / records.README).read_text() == page


def test_a_file_of_json_holds_the_same(capsys):
    Path("f.csv").write_text(FILE)
    cells = [{name: value for name, value in one.items() if value} for one in csv.DictReader(FILE.splitlines())]
    Path("f.json").write_text(json.dumps(cells))
    by_csv, by_json = chosen("--layers", "f.csv"), chosen("--layers", "f.json")
    assert by_csv.network.layers == by_json.network.layers
    assert by_json.network.stored()["times"] == {"first": 3, "last": 1}
    assert jobs.choose(by_json) == jobs.choose(by_csv)
    assert {job.case.suite for job in jobs.choose(by_csv)} == {schema.LAYERS}
    assert main(["benchmark", "--layers", "f.json", "--list"]) == 0
    assert capsys.readouterr().out == "first\nlast\n"


def test_quick_means_fewer_rounds_and_the_same_layers():
    Path("f.csv").write_text(FILE)
    whole, quick = chosen("--layers", "f.csv"), chosen("--layers", "f.csv", "--quick")
    assert (quick.rounds, quick.limit) == (2, 0.1) != (whole.rounds, whole.limit)
    assert {job.problem for job in jobs.choose(quick)} == {job.problem for job in jobs.choose(whole)}
    forward = chosen("--layers", "f.csv", "--operations", "conv2d")
    assert {job.problem for job in jobs.choose(forward)} == {("layers", "first", "1", "conv2d")}


@pytest.mark.parametrize(
    ("file", "name"),
    [("net.csv", "layers-net"), ("Größe/My Net.csv", "layers-my-net-"), ("a" * 99 + ".csv", "layers-aaaa")],
)
def test_every_file_has_a_folder_of_its_own(file, name):
    Path(file).parent.mkdir(exist_ok=True)
    Path(file).write_text(FILE)
    out = chosen("--layers", file).out
    assert out.parent == Path("results/partial")
    assert out.name.startswith(name)
    assert re.fullmatch("[a-z0-9.+_-]{1,80}", out.name)
    assert chosen("--layers", file, "--quick").out.name.startswith(f"quick_{name[:11]}")


def test_another_file_of_the_same_stem_replaces_nothing_unasked(capsys):
    Path("f.csv").write_text(FILE)
    Path("f.json").write_text('[{"name": "a", "operation": "bias_add", "N": 1, "C_in": 1, "H": 1, "W": 1}]')
    of_csv = {**ENVIRONMENT, "options": json.loads(json.dumps(chosen("--layers", "f.csv").of_results()))}
    out = Path("results/partial/layers-f")
    out.mkdir(parents=True)
    measurements.write(out, rows("first", "conv2d", "fast", [1.0], suite="layers"), of_csv)
    sentence = refused(capsys, "benchmark", "--layers", "f.json")
    assert "another run (--layers f.csv" in sentence
    assert sentence.count("\n") == 1


# Refusals


@pytest.mark.parametrize("other", [("suite", "ops"), ("cases", "ops/*"), ("batch", "2")])
def test_what_chooses_among_the_suites_is_refused(other, capsys):
    sentence = refused(capsys, "benchmark", "--layers", "f.csv", f"--{other[0]}", other[1])
    rule = f"--layers must be given without --{other[0]}, which is of the suites, got both"
    assert sentence == f"convnotes benchmark: {rule}\n"


def test_a_faulty_file_is_told_all_its_faults_and_changes_nothing(tmp_path, capsys):
    faulty = [f"{i},conv2d,1,2,6,6,2,3,{i},,\n" for i in (0, 1, -1)]
    Path("f.csv").write_text(HEADER + "".join(faulty) + "x,conv3d,1,2,6,6,2,3,,,\ny,conv2d,1,2,6,6,2,9,,,\n")
    lines = refused(capsys, *RUN).splitlines()
    assert lines[0].startswith("convnotes benchmark: --layers f.csv, line 2, stride: ")
    assert [line.partition(":")[0] for line in lines[1:]] == [
        "f.csv, line 4, stride",
        "f.csv, line 5, operation",
        "f.csv, line 6, kernel",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["f.csv"]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (None, "--layers f.csv cannot be read (No such file or directory)"),
        (FILE.replace("conv2d,1", "conv2d,0"), "--layers f.csv, N of 'first': must be at least 1, got 0"),
        (FILE.replace("first", "$x_{$"), "--layers f.csv, name: must be a line of at most 300 characters without $"),
    ],
)
def test_what_cannot_be_measured_is_refused(text, rule, tmp_path, capsys):
    if text:
        Path("f.csv").write_text(text)
    assert rule in refused(capsys, *RUN)
    assert len(list(tmp_path.iterdir())) == bool(text)


def test_layers_that_do_not_fit_in_memory_are_refused(monkeypatch, capsys):
    Path("f.csv").write_text(FILE)
    # 72 entries come in, 36 are weights and 32 come out; the pool has fewer.
    monkeypatch.setattr(jobs.machine, "memory", lambda: 16 * (72 + 36 + 32) - 1)
    assert "--layers must leave room in the memory of 0.0 GiB, got f.csv: first needs 0.0 GiB" in refused(capsys, *RUN)
    monkeypatch.setattr(jobs.machine, "memory", lambda: 16 * (72 + 36 + 32))
    assert main([*RUN, "--list"]) == 0


def test_a_run_goes_on_with_the_same_file_alone(monkeypatch, capsys):
    Path("f.csv").write_text(FILE)
    append = Journal.append

    def stopping(*arguments):
        append(*arguments)
        raise KeyboardInterrupt

    run = [*RUN, "--rounds", "1", "--repeats", "1", "--operations", "conv2d,max_pool2d", "--out", "out"]
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "append", stopping)
        assert main(run) == 130
    capsys.readouterr()
    # How often a layer occurs is in no row, and yet makes it another network.
    Path("f.csv").write_text(FILE.replace(",,3\n", ",,4\n"))
    sentence = refused(capsys, *run, "--resume")
    assert sentence.startswith(
        "convnotes benchmark: --resume must go on with the same layers file, by its SHA-256, as "
    )
    assert sentence.count("\n") == 1
    Path("f.csv").write_text(FILE)
    assert main([*run, "--resume"]) == 0
    assert set(pd.read_csv(f"out/{records.MEASUREMENTS}")["case"]) == {"first", "last"}


@pytest.mark.parametrize("padding", [((0, 1), (0, 1)), ((2, 0), (1, 1)), "same"])
def test_torch_pads_one_side_alone_where_a_layer_does(padding, rng):
    case = Case("a", "conv2d", (2, 2, 5, 6), (4, 1, 2, 3), {"padding": padding, "groups": 2})
    operands = case.operands(rng)
    for operation in case.operations:
        found = torch_calls.prepare(case, operation, operands)().numpy()
        expected = getattr(naive, operation)(**case.arguments(operation, operands))
        np.testing.assert_allclose(found, expected, atol=1e-12)


def test_torch_is_not_called_for_a_window_wholly_on_the_padding(rng):
    """Four entries stand four apart: of the first ones some are outside on both sides."""
    case = Case("b", "max_pool2d", (1, 1, 3, 3), None, {"kernel_size": 2, "stride": 1, "padding": 1, "dilation": 4})
    for operation in case.operations:
        with pytest.raises(NotImplementedError, match="no window may lie wholly on the padding"):
            torch_calls.prepare(case, operation, case.operands(rng))


# Totals


def layers_of(times, *found):
    """The summary of rows of one's own layers, and their environment."""
    names = dict.fromkeys(row["case"] for one in found for row in one)
    environment = {**ENVIRONMENT, "layers": {"sha256": "0123456789abcdef", "times": dict(zip(names, times))}}
    frame = pd.DataFrame([row for one in found for row in one], columns=list(records.COLUMNS))
    return frame, environment


def summed(*arguments):
    frame, environment = layers_of(*arguments)
    return totals.totals(with_times(summarize(frame), environment))


def mine(case, operation, implementation, *seconds, **facts):
    return rows(case, operation, implementation, list(seconds), suite="layers", **facts)


BOTH = [
    mine("a", "conv2d", "torch", 0.001, 0.003, 0.002),
    mine("a", "conv2d", "fast", 0.001),
    mine("b", "conv2d", "torch", 0.010),
    mine("b", "conv2d", "fast", 0.020),
    mine("p", "max_pool2d", "torch", 0.1),
    mine("p", "max_pool2d", "fast", 0.3),
]
GRADIENTS = [
    mine("a", "conv2d_grad_weight", "torch", 0.004),
    mine("a", "conv2d_grad_weight", "fast", 0.005),
    mine("p", "max_pool2d_grad_input", "torch", 0.006),
    mine("p", "max_pool2d_grad_input", "fast", 0.007),
]


def test_medians_are_added_up_as_often_as_their_layers_occur():
    (forward,) = summed([3, 5, 1], *BOTH)
    assert dict(forward.sums) == pytest.approx(
        {"torch": 3 * 0.002 + 5 * 0.01 + 0.1, "fast": 3 * 0.001 + 5 * 0.02 + 0.3}
    )
    assert list(forward.seconds) == ["torch", "fast"]  # the fastest first
    assert list(forward.seconds.index) == ["a", "b", "p"]
    assert (forward.left, forward.without) == ({}, {})
    table = totals.layers(forward)
    assert table["layer"].tolist() == ["p", "b", "a"]
    assert table["torch"].tolist() == ["100 ms (64 %)", "50.0 ms (32 %)", "6.00 ms (3.8 %)"]


def test_every_pass_has_a_total_and_so_have_all_together():
    found = {total.name: total.sums["torch"] for total in summed([3, 1, 2], *BOTH, *GRADIENTS)}
    weight, input = 3 * 0.004, 2 * 0.006
    forward = 3 * 0.002 + 0.01 + 2 * 0.1
    expected = {"forward": forward, "input gradient": input, "parameter gradient": weight}
    assert found == pytest.approx({**expected, "all together": forward + weight + input})


@pytest.mark.parametrize(
    "facts",
    [
        {"status": "failed", "note": "MemoryError", "error": None},
        {"status": "not offered", "note": "no function", "error": None},
        {"status": "wrong", "error": 0.5},
        {"status": "not run", "estimate_seconds": 7.0, "error": None},
    ],
    ids=lambda facts: facts["status"],
)
def test_a_layer_that_one_has_no_time_for_is_in_nobodys_total(facts):
    (forward,) = summed([3, 2, 1], *BOTH[:3], mine("b", "conv2d", "fast", **facts), *BOTH[4:])
    assert dict(forward.sums) == pytest.approx({"torch": 0.106, "fast": 0.303})
    assert forward.left == {"b": f"fast {facts['status']}"}
    assert totals.notes(forward) == [f"Forward, layers left out: b (fast {facts['status']})."]
    assert totals.table([forward])["layers"].tolist() == ["2 of 3"]


def test_who_takes_too_long_for_most_of_the_work_takes_no_layer_from_the_others():
    naive = [mine("a", "conv2d", "naive", 2.0), mine("p", "max_pool2d", "naive", status="wrong", error=0.5)]
    naive.append(mine("b", "conv2d", "naive", status="not run", estimate_seconds=7.0, error=None))
    (forward,) = summed([3, 5, 1], *BOTH, *naive)  # of nine parts of the work five are not run
    assert list(forward.seconds) == ["torch", "fast"]
    assert len(forward.seconds) == 3
    assert forward.without == {"naive": "2 of 3 layers not run or wrong"}
    (forward,) = summed([3, 4, 1], *BOTH, *naive)  # and here half of it
    assert dict(forward.sums) == pytest.approx({"torch": 0.006, "fast": 0.003, "naive": 6.0})
    assert forward.left == {"b": "naive not run", "p": "naive wrong"}


def test_a_layer_counts_for_all_together_where_all_its_passes_have_a_time():
    failed = {"status": "failed", "note": "MemoryError", "error": None}
    found = summed([3, 5, 1], *BOTH, *GRADIENTS[:3], mine("p", "max_pool2d_grad_input", "fast", **failed))
    together = found[-1]
    assert together.left == {"p": "fast failed"}
    assert together.sums["torch"] == pytest.approx(3 * 0.006 + 5 * 0.01)


def test_nothing_is_added_up_where_nobody_has_a_time_or_the_layers_are_not_ones_own():
    (forward,) = summed([1], mine("a", "conv2d", "fast", status="wrong", error=0.5))
    assert forward.seconds.size == 0
    assert forward.left == {"a": "fast wrong"}
    assert screen.own_network([forward]) == ["your network's measured layers: no total, the page says why"]
    assert totals.totals(summarize(layers_of([1], *BOTH)[0])) == []


# Report


def reported(folder, times, *found):
    frame, environment = layers_of(times, *found)
    measurements.write(folder, frame.to_dict("records"), environment)
    return report.write(*records.read(folder), folder)


def test_the_page_and_the_screen_say_what_the_layers_add_up_to(tmp_path):
    failed = mine("b", "conv2d", "fast", status="failed", note="MemoryError", error=None)
    slow = [
        mine(case, operation, "naive", status="not run", estimate_seconds=7.0, error=None)
        for case, operation in (("a", "conv2d"), ("b", "conv2d"), ("p", "max_pool2d"))
    ]
    printed = screen.report(reported(tmp_path, [3, 5, 1], *BOTH[:3], failed, *BOTH[4:], *slow, *GRADIENTS), tmp_path)
    assert "your network's measured layers: torch 106 ms, fast 303 ms\n  " in printed
    assert "without 1 of 3 layers, naive: the page says why" in printed
    assert "  with gradients: torch 124 ms, fast 325 ms\n" in printed
    assert max(map(len, printed.splitlines()[:-1])) <= 80
    page = (tmp_path / records.README).read_text()
    assert re.search(r"^\| forward +\| +2 of 3 \| +106 ms \| +303 ms \|$", page, re.M)
    assert "- Forward, layers left out: b (fast failed).\n- Forward, no total: naive, 3 of 3 layers not run." in page
    assert list(pd.read_csv(tmp_path / records.SUMMARY).groupby("case")["times"].first()) == [3, 5, 1]
    assert "nan" not in page.split("## How to read")[0]


def test_what_is_printed_fits_on_a_screen_however_many_there_are(tmp_path):
    names = [f"an_implementation_with_a_name_{i}" for i in range(9)]
    found = [mine("l" * 100, "conv2d", name, 0.0123456) for name in names]
    lines = screen.report(reported(tmp_path, [1], *found), Path("out")).splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 25
    assert any(re.match(r"your network's measured layers: .*, 8 more$", line) for line in lines)


def test_layers_of_one_name_and_two_sizes_are_not_compared(tmp_path):
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder, side in zip(folders, (16, 32)):
        folder.mkdir()
        same = mine("same", "conv2d", "fast", 0.1)
        reported(folder, [1, 1], same, mine("other", "conv2d", "fast", 0.1, side=side))
    found = comparison(read(folders))
    assert found.pairs[0]["case"].tolist() == ["same"]
    assert found.alone == [1, 1]


# Figures


def everything(cases, times, names=("matmul", "fast", "torch")):
    cases = [replace(case, suite="layers") for case in cases]
    found = measurements.everything(names, 1, cases)
    frame = pd.DataFrame(found, columns=list(records.COLUMNS))
    layers = {"times": dict(zip((case.name for case in cases), times))}
    return with_times(summarize(frame), {"layers": layers})


FORTY = [convolution(f"{'x' * 80}.block{i:02d}.conv", 8, 8 + i, 3, 14, padding=1) for i in range(40)]
SMALL = [convolution("1", 3, 8, 3, 32), pool("alexnet/conv1", "max_pool2d", 8, 32, 2, 2)]


@pytest.mark.parametrize("cases", [SMALL, FORTY, SMALL[:1]], ids=["two", "forty", "one"])
def test_every_bar_is_whole_and_its_layers_are_named(cases):
    summary = everything(cases, [2] * len(cases))
    with matplotlib.style.context(SHEET, after_reset=True):
        figure = network.draw(summary)
        FigureCanvasAgg(figure).draw()
    assert figure.get_figwidth() == parts.WIDTH
    assert [ax.get_title(loc="left") for ax in figure.axes] == [*parts.KINDS, totals.TOGETHER]
    for ax in figure.axes:
        for row in range(3):
            bars = [bar for bar in ax.patches if round(bar.get_y() + bar.get_height() / 2) == row]
            assert sum(bar.get_width() for bar in bars) == pytest.approx(100)
    entries = [text.get_text() for text in figure.legends[0].get_texts()]
    assert len(entries) == min(len(cases), 9)
    assert ("others" in entries) == (len(cases) > 9)
    assert max(map(len, entries)) <= parts.LONGEST + 3
    # A letter stands in the bar and in the legend, so that colour is never alone.
    assert {text.get_text()[0] for text in figure.axes[0].texts if not text.get_text()[0].isdecimal()} == {
        entry[0] for entry in entries if entry != "others"
    }
    box = figure.legends[0].get_window_extent()
    assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1


def test_the_figure_of_ratios_holds_layers_of_any_name():
    with matplotlib.style.context(SHEET, after_reset=True):
        figure = ratio.draw(everything([*SMALL, *FORTY], [1] * 42))
        FigureCanvasAgg(figure).draw()
    names = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert names[:2] == ["1", "alexnet/conv1"]
    assert len(set(names)) == 42
    assert max(map(len, names)) <= parts.LONGEST
    assert figure.axes[1].xaxis.label.get_window_extent().x1 <= figure.bbox.x1
    # A layer of one's own is none of a network that is known here.
    assert ratio.draw(everything(SMALL, [1, 1]), "alexnet") is None


def test_a_figure_that_no_file_can_hold_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "FIGURES", ["network"])
    for highest, drawn in ((100, ["network"]), (3, [])):
        monkeypatch.setattr(figures, "HIGHEST", highest)
        assert [picture.name for picture in WRITE(everything(SMALL, [1, 1]), "", tmp_path)] == drawn


def test_other_runs_have_no_such_figure():
    frame = pd.DataFrame(rows("alexnet/conv1", "conv2d", "fast", [1.0]), columns=list(records.COLUMNS))
    assert network.draw(summarize(frame)) is None


def test_help_says_it_and_fits(capsys):
    with pytest.raises(SystemExit):
        main(["benchmark", "--help"])
    printed = capsys.readouterr().out
    assert "--layers FILE" in printed
    assert max(map(len, printed.splitlines())) <= 80
