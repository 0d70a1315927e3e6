"""Two folders of results side by side: which rows differ, what is said about them, and what is refused."""

import pandas as pd
import pytest

import measurements
from convnotes.benchmark import compare, records
from convnotes.benchmark.__main__ import main
from convnotes.benchmark.summary import summarize
from measurements import ENVIRONMENT, ceilings, rows


def summary(*rounds, **facts):
    return summarize(pd.DataFrame(rows("a", "conv2d", "matmul", list(rounds), **facts), columns=list(records.COLUMNS)))


@pytest.mark.parametrize(
    ("a", "b", "differs"),
    [
        # The rounds' medians of A lie between 1.0 and 1.2, whatever its single timings are.
        ([[1.0, 1.0, 9.0], [1.2]], [[1.21], [1.3]], True),
        ([[1.0, 1.0, 9.0], [1.2]], [[1.19], [1.3]], False),
        ([[1.0], [1.2]], [[1.2], [1.3]], False),
        ([[1.0], [1.2]], [[0.8], [0.99]], True),
        ([[1.0], [1.2]], [[0.5], [2.0]], False),
        # One round has no range: then the quartiles of the timings count.
        ([[1.0, 2.0, 3.0]], [[2.6], [9.0]], True),
        ([[1.0, 2.0, 3.0]], [[2.4], [9.0]], False),
        ([[1.0, 2.0, 3.0]], [[2.4, 2.4, 9.0]], False),
    ],
)
def test_two_rows_differ_where_their_ranges_do_not_overlap(a, b, differs):
    for first, second in ((a, b), (b, a)):
        both = compare.pair(summary(*first), summary(*second))
        assert both["differs"].tolist() == [differs]


@pytest.mark.parametrize(("wobble", "differs"), [(1.0, True), (1.08, True), (1.12, False)])
def test_no_row_is_steadier_than_the_machine_it_was_measured_on(wobble, differs):
    """Two rows 10 % apart, each the same in all its rounds, on a machine that is up to `wobble` times slower."""

    def measured(seconds):
        found = rows("a", "conv2d", "matmul", [[seconds]] * 3)
        found += rows("gauge", "Python loop", "python", [[2.0], [2.0], [2.0 * wobble]], suite="machine")
        found += rows("ceiling", "copy", "numpy", [[5.0], [5.0], [5.0]], suite="machine")
        return summarize(pd.DataFrame(found, columns=list(records.COLUMNS)))

    both = compare.pair(measured(1.0), measured(1.1))
    assert both[both["suite"] != "machine"]["differs"].tolist() == [differs]


def test_rows_are_paired_whatever_the_number_of_threads():
    both = compare.pair(summary([1.0], threads=1), summary([2.0], threads=2))
    assert both["ratio"].tolist() == [2.0]
    assert len(compare.pair(summary([1.0]), summary([1.0], batch=8))) == 0
    assert len(compare.pair(summary([1.0]), summary([1.0], step="im2col"))) == 0


@pytest.fixture
def folders(tmp_path):
    """A: five calls and the ceilings; B, with another CPU: one call slower, one faster, one missing, one new."""
    a, b = tmp_path / "a", tmp_path / "b"
    times = {"one": 1.0, "two": 2.0, "three": 3.0, "four": 4.0, "gone": 5.0}
    for folder, factors in ((a, {}), (b, {"two": 2.0, "three": 0.5})):
        folder.mkdir()
        found = ceilings()
        for name, seconds in times.items():
            name = "new" if folder == b and name == "gone" else name
            middle = seconds * factors.get(name, 1.0)
            found += rows(f"vgg16/{name}", "conv2d", "matmul", [[0.99 * middle], [1.01 * middle]])
        measurements.write(folder, found, {**ENVIRONMENT, "cpu": f"CPU {folder.name}"})
    return a, b


def test_the_page(folders, capsys):
    a, b = folders
    assert main(["compare", str(a), str(b)]) == 0
    page = capsys.readouterr().out
    lines = page.splitlines()
    rows_of_calls = [[cell.strip() for cell in line.split("|")] for line in lines if "| vgg16/" in line]
    cells = {row[1]: row[5:-1] for row in rows_of_calls}
    assert cells["vgg16/one"] == ["1.00 s", "1.00 s", "1.00", ""]
    assert cells["vgg16/two"] == ["2.00 s", "4.00 s", "2.00", "slower"]
    assert cells["vgg16/three"] == ["3.00 s", "1.50 s", "0.500", "faster"]
    assert "A: CPU a, 4 cores" in page
    assert "B: CPU b, 4 cores" in page
    assert "| cpu       | CPU a | CPU b |" in page
    assert "| threads" not in page
    assert compare.NOISE in page
    assert "1 row was measured in A alone: vgg16/gone, batch 1, conv2d, matmul." in page
    assert "1 row was measured in B alone: vgg16/new, batch 1, conv2d, matmul." in page
    # (1 x 2 x 0.5 x 1)^(1/4) is 1.
    assert ["matmul", "conv2d", "4", "2", "1.00"] in [[c.strip() for c in line.split("|")[1:-1]] for line in lines]
    assert lines[-1] == "**4 of 6 rows (67 %) agree within their noise.**"


def test_a_folder_agrees_with_itself(folders, capsys):
    a, _ = folders
    assert main(["compare", str(a), str(a)]) == 0
    page = capsys.readouterr().out
    assert page.endswith("**7 of 7 rows (100 %) agree within their noise.**\n")
    assert "the threads and the commit are the same" in page


def test_the_page_goes_to_a_file(folders, tmp_path, capsys):
    a, b = map(str, folders)
    assert main(["compare", a, b]) == 0
    printed = capsys.readouterr().out
    assert main(["compare", a, b, "--out", str(tmp_path / "page.md")]) == 0
    assert capsys.readouterr().out == "4 of 6 rows (67 %) agree within their noise.\n"
    assert (tmp_path / "page.md").read_text() == printed


def test_folders_without_a_common_row_are_said_to_have_none(folders, tmp_path, capsys):
    other = tmp_path / "other"
    other.mkdir()
    measurements.write(other, rows("founding/a", "conv2d", "naive", [1.0], suite="founding"))
    assert main(["compare", str(folders[0]), str(other)]) == 0
    assert capsys.readouterr().out.endswith("**No row was measured in both.**\n")


def spoil_header(folder):
    (folder / "measurements.csv").write_text("a,b\n1,2\n")


def spoil_bytes(folder):
    (folder / "measurements.csv").write_bytes(b"\xff\xfe,\n")


def spoil_environment(folder):
    (folder / "environment.json").write_text("{}")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda folder: (folder / "measurements.csv").unlink(), "must hold measurements.csv of an earlier"),
        (lambda folder: (folder / "environment.json").unlink(), "must hold environment.json of an earlier"),
        (spoil_header, "where measurements.csv lacks the column suite"),
        (spoil_bytes, "must hold readable measurements"),
        (spoil_environment, "environment.json does not describe a machine"),
    ],
)
@pytest.mark.parametrize("place", [0, 1])
def test_a_spoilt_folder_is_refused_in_one_sentence(folders, spoil, reason, place, capsys):
    spoil(folders[place])
    assert main(["compare", *map(str, folders)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"convnotes compare: {'AB'[place]} must hold ")
    assert reason in printed.err
    assert printed.err.count("\n") == 1


def test_other_wrong_arguments_are_refused_in_one_sentence(folders, tmp_path, capsys):
    a, b = map(str, folders)
    assert main(["compare", a, b, "--out", str(tmp_path)]) == 2
    assert "--out must be a file that can be written to" in capsys.readouterr().err
    assert main(["compare", a, str(tmp_path / "missing")]) == 2
    assert capsys.readouterr().err.startswith("convnotes compare: B must hold measurements.csv")
    with pytest.raises(SystemExit) as end:
        main(["compare", a])
    assert end.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_help_says_what_noise_is(capsys):
    with pytest.raises(SystemExit):
        main(["compare", "--help"])
    assert "do not overlap even within their noise" in capsys.readouterr().out
