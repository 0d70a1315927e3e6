"""Two folders of results side by side: which rows differ, what is said about them, and what is refused."""

import errno
import json
import os
from pathlib import Path

import pandas as pd
import pytest

import measurements
from convnotes.benchmark.__main__ import main
from convnotes.benchmark.reporting import compare
from convnotes.benchmark.reporting.summary import summarize
from convnotes.benchmark.storing import records
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


def page_of(a, b, tmp_path):
    assert main(["compare", str(a), str(b), "--out", str(tmp_path / "page.md")]) == 0
    return (tmp_path / "page.md").read_text(encoding="utf-8")


def test_the_page(folders, tmp_path):
    a, b = folders
    page = page_of(a, b, tmp_path)
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


def test_a_folder_agrees_with_itself(folders, tmp_path):
    a, _ = folders
    page = page_of(a, a, tmp_path)
    assert page.endswith("**7 of 7 rows (100 %) agree within their noise.**\n")
    assert "the threads and the commit are the same" in page


def test_what_is_printed(folders, tmp_path, monkeypatch, capsys):
    a, b = map(str, folders)
    monkeypatch.chdir(tmp_path)
    assert main(["compare", a, b]) == 0
    printed = capsys.readouterr().out
    assert printed.splitlines() == [
        "A: CPU a, 4 cores, 1 thread, float32; OpenBLAS 0.3.31 (Zen); Python 3.11.7,",
        "NumPy 2.4.6, torch 2.13.0; commit 0123456789; 2026-01-02",
        "B: CPU b, 4 cores, 1 thread, float32; OpenBLAS 0.3.31 (Zen); Python 3.11.7,",
        "NumPy 2.4.6, torch 2.13.0; commit 0123456789; 2026-01-02",
        "Different: cpu.",
        "",
        "Geometric means of time in B over that in A: forward Y, gradients dX and dK",
        "             Y",
        "matmul    1.00",
        "",
        "The largest differences beyond noise, B over A:",
        "    2.00  vgg16/two, batch 1, conv2d, matmul",
        "   0.500  vgg16/three, batch 1, conv2d, matmul",
        "",
        "Rows in A alone: 1, in B alone: 1.",
        "4 of 6 rows (67 %) agree within their noise.",
        "Every row: --out FILE.md",
    ]
    assert main(["compare", a, b, "--out", "page.md"]) == 0
    assert capsys.readouterr().out == printed.replace("Every row: --out FILE.md", "Written to page.md")


def test_the_same_machine_held_to_avx2_is_another(folders, tmp_path, capsys):
    a, b = folders
    environment = {**ENVIRONMENT, "cpu": "CPU a", "options": ENVIRONMENT["options"] | {"isa": "avx2"}}
    (b / "environment.json").write_text(json.dumps(environment))
    page = page_of(a, b, tmp_path)
    assert "B: CPU a, 4 cores, 1 thread, float32, AVX2 only;" in page
    assert "| isa       | native | avx2 |" in page
    assert "Different: isa.\n" in capsys.readouterr().out


def test_folders_without_a_common_row_are_said_to_have_none(folders, tmp_path, capsys):
    other = tmp_path / "other"
    other.mkdir()
    measurements.write(other, rows("founding/a", "conv2d", "naive", [1.0], suite="founding"))
    assert page_of(folders[0], other, tmp_path).endswith("**No row was measured in both.**\n")
    assert "No row was measured in both.\n" in capsys.readouterr().out


def test_an_earlier_page_survives_a_full_disk(folders, tmp_path, monkeypatch, capsys):
    page_of(*folders, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    monkeypatch.setattr(os, "fsync", lambda file: errno_28())
    assert main(["compare", *map(str, folders), "--out", str(tmp_path / "page.md")]) == 2
    assert "--out must be a file that can be written to" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before


def errno_28():
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_the_page_does_not_replace_what_was_measured(folders, capsys):
    a, b = folders
    before = (a / records.MEASUREMENTS).read_bytes()
    assert main(["compare", str(a), str(b), "--out", str(a / records.MEASUREMENTS)]) == 2
    assert "--out must be none of the files that a benchmark has written" in capsys.readouterr().err
    assert (a / records.MEASUREMENTS).read_bytes() == before


def test_a_link_is_written_through_and_a_pipe_as_it_is(folders, tmp_path):
    (tmp_path / "page.md").write_text("earlier")
    (tmp_path / "link.md").symlink_to("page.md")
    assert main(["compare", *map(str, folders), "--out", str(tmp_path / "link.md")]) == 0
    assert (tmp_path / "link.md").is_symlink()
    assert (tmp_path / "page.md").read_text().startswith("# Comparison")
    assert main(["compare", *map(str, folders), "--out", os.devnull]) == 0
    assert not Path(os.devnull).is_file()


def spoil_header(folder):
    measurements.store(folder, "a,b\n1,2\n")


def spoil_bytes(folder):
    (folder / records.MEASUREMENTS).write_bytes(b"\xff\xfe,\n")


def spoil_environment(folder):
    (folder / "environment.json").write_text("{}")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda folder: (folder / records.MEASUREMENTS).unlink(), "must hold measurements.csv.gz of an earlier"),
        (lambda folder: (folder / "environment.json").unlink(), "must hold environment.json of an earlier"),
        (spoil_header, "where measurements.csv.gz lacks the column suite"),
        (spoil_bytes, "where measurements.csv.gz is no gzip file, or a damaged one"),
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
    assert capsys.readouterr().err.startswith("convnotes compare: B must hold measurements.csv.gz")
    assert main(["compare", a]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_help_says_what_noise_is(capsys):
    with pytest.raises(SystemExit):
        main(["compare", "--help"])
    assert "do not overlap even within their noise" in capsys.readouterr().out
