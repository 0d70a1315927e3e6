"""The page of a comparison and its figure: what they say, how long they are, and that folders alone decide on it."""

import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import measurements
from convnotes.benchmark.__main__ import main
from convnotes.benchmark.reporting.compare import figure, listing, means, page
from convnotes.benchmark.reporting.compare.folders import Folder
from convnotes.benchmark.reporting.compare.rows import NOISE, comparison
from convnotes.benchmark.reporting.figures import parts
from convnotes.benchmark.reporting.summary import summarize
from convnotes.benchmark.storing import records
from convnotes.cases import select
from convnotes.style import marks
from measurements import ENVIRONMENT, rows

FACTORS = {"a": {}, "b": {"fast": 2.0}, "c": {"fast": 0.5, "torch": 2.0}}


def run(name, **factors):
    """Two networks at two batches; some implementations slower by a factor than in a run without any."""
    found = []
    for case, seconds in {"lenet5/conv1": 1.0, "lenet5/conv2": 4.0, "vgg16/conv1": 2.0}.items():
        for implementation, ratio in {"naive": 900.0, "fast": 0.5, "torch": 1.0}.items():
            for operation, batch in (("conv2d", 1), ("conv2d", 8), ("conv2d_grad_input", 1)):
                time = seconds * ratio * factors.get(implementation, 1.0)
                time *= 2.0 if (implementation, batch) == ("fast", 8) else 1.0
                found += rows(case, operation, implementation, [[time]] * 2, batch=batch)
    return found


def folder(name, found, **facts):
    summary = summarize(pd.DataFrame(found, columns=list(records.COLUMNS)))
    return Folder(name, Path(name), summary[summary["status"] == "measured"], {**ENVIRONMENT, "cpu": name, **facts})


@pytest.fixture
def places(tmp_path):
    found = []
    for name, factors in FACTORS.items():
        (tmp_path / name).mkdir()
        found.append(measurements.write(tmp_path / name, run(name, **factors), {**ENVIRONMENT, "cpu": f"CPU {name}"}))
    return found


def written(places, out, *more) -> str:
    assert main(["compare", *map(str, places), "--out", str(out), *more]) == 0
    return (out / "README.md").read_text(encoding="utf-8")


def cells(text) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("|")]


def test_the_page_says_first_what_a_reader_wants_to_know(places, tmp_path):
    text = written(places, tmp_path / "out")
    # 2, 3, 4 and 5 ask for order alone.
    order = [
        "# Comparison of 3 runs",
        listing.MARK,
        "- **a**: CPU a, 4 cores, 1 thread, float32;",
        "- **c**: CPU c, 4 cores,",
        "| different |",
        "## Time over that in a",
        "- **b**: 66.6 % of 27 rows agree within noise.",
        "- **c**: 33.3 % of 27 rows agree within noise.",
        "| implementation | pass ",
        "## Time over torch's",
        "| implementation | network |",
        f"![{figure.TITLE}](compare.png)",
        "## The largest differences",
        NOISE,
    ]
    places_of = [text.index(part) for part in order]
    assert places_of == sorted(places_of)
    table = cells(text)
    assert ["cpu", "CPU a", "CPU b", "CPU c"] in table
    assert ["fast", "forward", "2.00 (0.0 % of 6)", "0.500 (0.0 % of 6)"] in table
    assert ["torch", "input gradient", "1.00 (100 % of 3)", "2.00 (0.0 % of 3)"] in table
    # Forward, at batches 1 and 8, the ratio is 0.5 and 1 in a, whose geometric mean is 0.707.
    assert ["fast", "lenet5", "6", "0.707 / 0.500 / -", "1.41 / 1.00 / -", "0.177 / 0.125 / -"] in table
    assert ["b", "lenet5/conv1", "1", "conv2d", "fast", "500 ms", "1.00 s", "2.00"] in table
    assert ["c", "lenet5/conv1", "1", "conv2d", "torch", "1.00 s", "2.00 s", "2.00"] in table


def test_the_largest_differences_come_first(tmp_path):
    ratios = {"one": 1.5, "two": 0.2, "three": 3.0, "four": 1.0}
    a, b = (
        [row for name, ratio in ratios.items() for row in rows(f"net/{name}", "conv2d", "fast", [ratio**power])]
        for power in (0, 1)
    )
    text = "\n\n".join(listing.largest(comparison([folder("a", a), folder("b", b)]), 100))
    assert [row[1] for row in cells(text)[2:]] == ["net/two", "net/three", "net/one"]
    text = "\n\n".join(listing.largest(comparison([folder("a", a), folder("b", a)]), 100))
    assert "No row differs beyond noise." in text


def test_means_over_torch_are_of_calls_that_all_folders_have():
    def calls(ratios):
        return [
            row
            for case, ratio in ratios.items()
            for name, seconds in {"fast": ratio, "torch": 1.0}.items()
            for row in rows(case, "conv2d", name, [seconds])
        ]

    folders = [
        folder("a", calls({"lenet5/one": 2.0, "lenet5/two": 8.0, "vgg16/one": 3.0})),
        folder("b", calls({"lenet5/one": 5.0, "vgg16/two": 7.0})),
        folder("c", calls({"resnet50/one": 6.0})),
    ]
    found = means.torch_table(folders, means.over_torch(folders))
    assert found.to_numpy().tolist() == [
        ["fast", "lenet5", "1", "2.00 / - / -", "5.00 / - / -", ""],
        ["fast", "resnet50", "1", "", "", "6.00 / - / -"],
    ]


def test_suites_count_where_there_are_no_networks():
    found = rows("ops/pool", "max_pool2d", "fast", [1.0], suite="ops")
    found += rows("ops/pool", "max_pool2d", "torch", [4.0], suite="ops")
    folders = [folder(name, found) for name in "ab"]
    assert means.over_torch(folders)["family"].tolist() == ["ops", "ops"]
    folders.append(folder("c", run("c")))
    assert set(means.over_torch(folders)["family"]) == {"lenet5", "vgg16"}


def large(folders, networks, implementations, cases):
    """Runs that differ in every row and every fact, with names that are long."""
    found = []
    for i in range(folders):
        names = [*(f"an implementation of a long name {j}" for j in range(implementations)), "torch"]
        calls = [
            row
            for network in range(networks)
            for case in range(cases)
            for name in names
            for operation in ("conv2d", "conv2d_grad_input", "conv2d_grad_weight")
            for row in rows(f"network{network}/{case}", operation, name, [1.0 + i + (name == "torch") * 0.5 * i])
        ]
        facts = {
            name: f"{name} {i}" for name in ("cpu", "gpu", "system", "python", "numpy", "torch", "commit", "version")
        }
        found.append(folder(f"folder {i} of a name that is long", calls, **facts, cores=i + 1, threads=i + 1))
    return comparison(found)


@pytest.mark.parametrize(
    "size", [(2, 1, 1, 1), (2, 7, 3, 9), (6, 7, 4, 2), (13, 2, 2, 1), (40, 1, 2, 1), (3, 24, 8, 1)]
)
def test_the_page_has_at_most_150_lines_whatever_is_compared(size):
    found = large(*size)
    ratios = means.over_torch(found.folders)
    rows_of = {number: [f"rows_{number}.md"] for number, *_ in found.others}
    text = page.page(found, ratios, "compare.png", rows_of, Path("out"))
    assert len(text.splitlines()) <= 150
    shown = cells(text[text.index("## The largest differences") :])[2:]
    assert 1 <= len(shown) <= listing.MOST * (size[0] - 1)
    if size[0] <= 6:
        assert {row[0] for row in shown} == {one.name for one in found.folders[1:]}
    # The folders that are shown, once with their machine and but for the first once with the rows that agree.
    assert text.count("\n- **") == 2 * min(size[0], page.FOLDERS) - 1
    assert ("which this page has no room for" in text) == (size[0] > page.FOLDERS)
    assert ("There is no room for" in text) == (size[1] > 9)
    drawn = figure.draw(found.folders, ratios)
    assert drawn.get_figwidth() == figure.WIDTH
    assert drawn.get_figheight() < 100


def test_every_row_stands_on_pages_of_less_than_a_megabyte(places, tmp_path, monkeypatch):
    written(places, tmp_path / "out", "--all")
    text = (tmp_path / "out" / "rows_3.md").read_text()
    assert len(cells(text)) == 2 + 27
    assert ["lenet5/conv2", "1", "conv2d", "fast", "2.00 s", "1.00 s", "0.500", "faster"] in cells(text)
    assert ["lenet5/conv2", "1", "conv2d", "torch", "4.00 s", "8.00 s", "2.00", "slower"] in cells(text)
    assert ["lenet5/conv2", "1", "conv2d", "naive", "3600 s", "3600 s", "1.00", ""] in cells(text)
    found = [row for i in range(2000) for row in rows(f"{'n' * 250}/{i}", "conv2d", "i" * 290, [1.0])]
    first, other = folder("a", found), folder("b", found)
    pages = listing.every_row(first, other, comparison([first, other]).pairs[0])
    assert max(len(text.encode()) for text in pages) < 1e6
    assert sum(len(cells(text)) - 2 for text in pages) == 2000
    monkeypatch.setattr(listing, "LARGEST", 1000)
    text = written(places, tmp_path / "out", "--all")
    assert "[Every row](rows_2.md). [More](rows_2_2.md). [More](rows_2_3.md)." in text
    for link in re.findall(r"\]\((.*?)\)", text):
        assert (tmp_path / "out" / link).exists(), link


def test_links_lead_to_the_pages_of_runs_that_lie_below(places, tmp_path):
    odd = tmp_path / "out" / "a (1) [x] ü"
    shutil.copytree(places[0], odd)
    (odd / "README.md").write_text("# A run")
    (tmp_path / "README.md").write_text("# Not below")
    (places[1] / "README.md").write_text("# Not below either")
    text = written([odd, places[1], places[2]], tmp_path / "out")
    assert "- [**a (1) \\[x\\] ü**](a%20%281%29%20%5Bx%5D%20%C3%BC/README.md): CPU a" in text
    assert "- **b**: CPU b" in text
    assert "- **c**: CPU c" in text


def test_the_page_says_the_same_wherever_it_is_made(places, tmp_path, monkeypatch):
    written(places, tmp_path, "--all")
    other = tmp_path / "elsewhere" / "deeper"
    for name in FACTORS:
        shutil.copytree(tmp_path / name, other / name)
    monkeypatch.chdir(other)
    written(map(Path, FACTORS), Path("."), "--all")
    for name in ("README.md", "compare.png", "rows_2.md", "rows_3.md"):
        assert (tmp_path / name).read_bytes() == (other / name).read_bytes(), name
    assert str(tmp_path) not in (other / "README.md").read_text()


# The figure


def drawn(*runs):
    folders = [folder(name, found) for name, found in zip("abcdefgh", runs)]
    return figure.draw(folders, means.over_torch(folders))


def points(ax) -> list:
    """The marks of a panel, from the top."""
    found = [line for line in ax.lines if len(line.get_xdata()) == 1]
    return sorted(found, key=lambda line: line.get_ydata()[0])


def test_the_figure_has_a_mark_for_each_machine_and_implementation():
    found = drawn(*(run(name, **factors) for name, factors in FACTORS.items()))
    forward, backward = found.axes
    assert [ax.get_title() for ax in found.axes] == ["forward", "input gradient"]
    assert [label.get_text() for label in forward.get_yticklabels()] == ["lenet5", "vgg16"]
    assert [label.get_text() for label in forward.get_yticklabels(minor=True)] == ["1", "2", "3"] * 2
    marked = [float(line.get_xdata()[0]) for line in points(forward)]
    assert np.allclose(marked, [0.5**0.5, 2**0.5, 0.5**2.5] * 2)
    assert np.allclose([float(line.get_xdata()[0]) for line in points(backward)], [0.5, 1, 0.125] * 2)
    assert forward.get_xscale() == "log"
    assert [line for line in forward.lines if list(line.get_xdata()) == [1, 1]]


def test_bars_reach_from_quartile_to_quartile():
    times = {1: 1.0, 2: 2.0, 3: 3.0, 4: 4.0, 5: 5.0}
    found = [row for i, time in times.items() for row in rows(f"lenet5/{i}", "conv2d", "fast", [time])]
    found += [row for i in times for row in rows(f"lenet5/{i}", "conv2d", "torch", [1.0])]
    bar, _ = drawn(found, found).axes[0].collections
    assert bar.get_segments()[0][:, 0].tolist() == [2.0, 4.0]


def test_a_machine_has_a_filling_and_an_implementation_its_colour_and_marker():
    runs = [run(name) for name in "abcde"]
    for calls in runs:
        for row in [row for row in calls if row["implementation"] == "fast"]:
            calls.append(row | {"implementation": "matmul", "seconds": 3 * row["seconds"]})
    ax = drawn(*runs).axes[0]
    found = points(ax)[: 2 * len(runs)]
    for name, of_name in (("matmul", found[::2]), ("fast", found[1::2])):
        assert {line.get_marker() for line in of_name} == {marks()[name]["marker"]}
        looks = {(line.get_fillstyle(), str(line.get_markerfacecolor())) for line in of_name}
        assert len(looks) == len(runs)
        assert {line.get_markeredgecolor() for line in of_name} == {marks()[name]["color"]}


def test_plain_loops_are_drawn_where_there_is_nothing_else():
    assert len(points(drawn(run("a"), run("b")).axes[0])) == 4
    loops = [[row for row in run(name) if row["implementation"] != "fast"] for name in "ab"]
    assert [line.get_marker() for line in points(drawn(*loops).axes[0])] == [marks()["naive"]["marker"]] * 4


def test_machines_without_torch_are_not_drawn_and_leave_their_fillings_to_others():
    without = [row for row in run("a") if row["implementation"] == "fast"]
    found = drawn(*[without] * 7, run("h"))
    assert [label.get_text() for label in found.axes[0].get_yticklabels(minor=True)] == ["8", "8"]
    assert drawn(without, without) is None
    assert found.get_supxlabel().startswith("8:")
    assert {line.get_fillstyle() for line in points(found.axes[0])} == {"full"}


@pytest.mark.parametrize("count", [2, 3, 5])
def test_the_figure_is_of_a_width_that_a_page_has(count, tmp_path):
    runs = [measurements.everything(("matmul", "fast", "torch"), 1, select("*", ["networks"]))] * count
    folders = [folder(f"machine of a long name, number {i} $x_{{$", found) for i, found in enumerate(runs)]
    with parts.drawing():
        picture = figure.draw(folders, means.over_torch(folders))
        picture.savefig(tmp_path / "compare.png")
        texts = [text.get_text() for legend in picture.legends for text in legend.get_texts()]
    assert len(texts) == 2 + count
    with Image.open(tmp_path / "compare.png") as stored:
        assert 6.4 <= stored.width / 150 <= 8
        assert stored.height / 150 < 14
    signed = picture.get_supxlabel()
    for i in range(count):
        assert f"{i + 1}:\N{NO-BREAK SPACE}machine" in signed
