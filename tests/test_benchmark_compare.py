"""Folders of results side by side: which rows differ, what they are called, where a page may go, what is refused."""

import errno
import io
import json
import os
import re
import sys

import pandas as pd
import pytest

import measurements
from convnotes.benchmark.__main__ import main
from convnotes.benchmark.reporting.compare import folders as reading
from convnotes.benchmark.reporting.compare import listing
from convnotes.benchmark.reporting.compare.rows import agree, alone, pair
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
        assert pair(summary(*first), summary(*second))["differs"].tolist() == [differs]


@pytest.mark.parametrize(("wobble", "differs"), [(1.0, True), (1.08, True), (1.12, False)])
def test_no_row_is_steadier_than_the_machine_it_was_measured_on(wobble, differs):
    """Two rows 10 % apart, each the same in all its rounds, on a machine that is up to `wobble` times slower."""

    def measured(seconds):
        found = rows("a", "conv2d", "matmul", [[seconds]] * 3)
        found += rows("gauge", "Python loop", "python", [[2.0], [2.0], [2.0 * wobble]], suite="machine")
        found += rows("ceiling", "copy", "numpy", [[5.0], [5.0], [5.0]], suite="machine")
        return summarize(pd.DataFrame(found, columns=list(records.COLUMNS)))

    both = pair(measured(1.0), measured(1.1))
    assert both[both["suite"] != "machine"]["differs"].tolist() == [differs]


def test_rows_are_paired_whatever_the_threads_the_dtype_and_the_device():
    other = {"threads": 2, "dtype": "float64", "device": "cuda"}
    assert pair(summary([1.0]), summary([2.0], **other))["ratio"].tolist() == [2.0]
    assert len(pair(summary([1.0]), summary([1.0], batch=8))) == 0
    assert len(pair(summary([1.0]), summary([1.0], step="im2col"))) == 0


def test_a_row_is_alone_where_no_other_folder_has_it():
    one, two, three = summary([1.0]), summary([1.0], batch=2), summary([1.0], batch=3)
    assert alone([one, two]) == [1, 1]
    assert alone([one, pd.concat([one, two]), pd.concat([one, two, three])]) == [0, 0, 1]


@pytest.mark.parametrize(
    ("same", "count", "sentence"),
    [
        (0, 0, "no row was measured in both."),
        (1, 1, "100 % of 1 row agrees within noise."),
        (0, 2, "0.0 % of 2 rows agree within noise."),
        (1783, 1834, "97.2 % of 1834 rows agree within noise."),
        # Rounded to the nearest, these would be 95.0 and 100.0 %.
        (9499, 10000, "94.9 % of 10000 rows agree within noise."),
        (9999, 10000, "99.9 % of 10000 rows agree within noise."),
    ],
)
def test_how_many_rows_agree_is_rounded_down(same, count, sentence):
    assert agree(pd.DataFrame({"differs": [False] * same + [True] * (count - same)}, dtype=bool)) == sentence


@pytest.mark.parametrize(
    ("places", "names"),
    [
        (["a/b", "a/c"], ["b", "c"]),
        (["a/results", "b/results", "b/new"], ["a/results", "b/results", "new"]),
        (["a/x/r", "b/x/r", "c/y/r"], ["a/x/r", "b/x/r", "y/r"]),
        (["r", "r/r"], None),
        ([".", "a"], None),
        (["a\n", "a\t", "a\udcff"], ["a?", "a? (2)", "a? (3)"]),
        (["größer", "測定"], ["größer", "測定"]),
    ],
)
def test_a_folder_has_as_much_of_its_path_as_tells_it_from_the_others(places, names, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    here = tmp_path.name
    expected = names or {".": [here, "a"], "r": [f"{here}/r", "r/r"]}[places[0]]
    assert reading.names(places) == expected


@pytest.fixture
def folders(tmp_path):
    """a: five calls and the ceilings; b and c, of another CPU: one call slower, one faster, one missing, one new."""
    times = {"one": 1.0, "two": 2.0, "three": 3.0, "four": 4.0, "gone": 5.0}
    found = []
    for name, factors in (("a", {}), ("b", {"two": 2.0, "three": 0.5}), ("c", {"two": 4.0})):
        folder = tmp_path / name
        folder.mkdir()
        calls = ceilings()
        for case, seconds in times.items():
            middle = seconds * factors.get(case, 1.0)
            case = "new" if factors and case == "gone" else case
            calls += rows(f"vgg16/{case}", "conv2d", "matmul", [[0.99 * middle], [1.01 * middle]])
            calls += rows(f"vgg16/{case}", "conv2d", "torch", [[0.495 * seconds], [0.505 * seconds]])
        found.append(measurements.write(folder, calls, {**ENVIRONMENT, "cpu": f"CPU {name}"}))
    return found


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def compare(*arguments) -> int:
    return main(["compare", *map(str, arguments)])


def test_what_is_printed(folders, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert compare("a", "b") == 0
    printed = capsys.readouterr().out
    assert printed.splitlines() == [
        "1 a: CPU a, 4 cores, 1 thread, float32; OpenBLAS 0.3.31 (Zen); Python 3.11.7,...",
        "2 b: CPU b, 4 cores, 1 thread, float32; OpenBLAS 0.3.31 (Zen); Python 3.11.7,...",
        "Different: cpu.",
        "2 b: 80.0 % of 10 rows agree within noise.",
        "Rows that no other folder has: 2 in 1, 2 in 2.",
        "",
        "Geometric means of time over that in 1: forward Y, gradients dX and dK",
        "      matmul  torch",
        "           Y      Y",
        "2 b     1.00   1.00",
        "",
        "Geometric means of time over torch's there: forward Y, gradients dX and dK",
        "      matmul",
        "           Y",
        "1 a     2.00",
        "2 b     2.00",
        "",
        "The largest differences beyond noise, over 1",
        "    2.00  vgg16/two, batch 1, conv2d, matmul",
        "   0.500  vgg16/three, batch 1, conv2d, matmul",
        "Tables and a figure: --out FOLDER",
    ]
    assert compare("a", "b", "--out", "both") == 0
    written = f"Written to both; open {os.path.join('both', 'README.md')}"
    assert capsys.readouterr().out == printed.replace("Tables and a figure: --out FOLDER", written)


def test_of_more_folders_each_is_compared_with_the_first(folders, capsys):
    assert compare(*folders) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "2 b: 80.0 % of 10 rows agree within noise." in lines
    assert "3 c: 90.0 % of 10 rows agree within noise." in lines
    # 4^(1/4) is 1.41.
    assert ["3", "c", "1.41", "1.00"] in [line.split() for line in lines]
    shown = lines[lines.index("The largest differences beyond noise, over 1: ratio, folder, row") + 1 : -1]
    assert [line.split(maxsplit=2)[:2] for line in shown] == [["4.00", "3"], ["2.00", "2"]]
    assert len(lines) == 25


def test_the_same_machine_held_to_avx2_is_another(folders, capsys):
    a, b, _ = folders
    environment = {**ENVIRONMENT, "cpu": "CPU a", "options": ENVIRONMENT["options"] | {"isa": "avx2"}}
    (b / "environment.json").write_text(json.dumps(environment))
    assert compare(a, b) == 0
    printed = capsys.readouterr().out
    assert "2 b: CPU a, 4 cores, 1 thread, float32, AVX2 only;" in printed
    assert "Different: isa.\n" in printed


def test_a_copy_of_a_folder_agrees_with_it(folders, tmp_path, capsys):
    os.makedirs(tmp_path / "copy" / "a")
    for name, content in contents(folders[0]).items():
        (tmp_path / "copy" / "a" / name).write_bytes(content)
    assert compare(folders[0], tmp_path / "copy" / "a") == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"2 copy/a: 100 % of {len(ceilings()) // 2 + 10} rows agree within noise." in lines
    assert "Different: nothing." in lines
    assert "Rows that no other folder has: none." in lines
    assert not [line for line in lines if "differences" in line]


MANY = {**ENVIRONMENT, "dtype": "float64", "threads": 2, "device": "cuda", "gpu": "Some GPU"}
STRANGE = ("_", "m|y `*` <b>", "測" * 70, "torch")
HOSTILE = {
    "no torch": ([rows("a/b", "conv2d", "fast", [1.0])] * 2, "2 b: 100 % of 1 row agrees within noise."),
    "torch alone": ([rows("a/b", "conv2d", "torch", [1.0])] * 2, "2 b: 100 % of 1 row agrees within noise."),
    "nothing in common": (
        [rows("a/b", "conv2d", "fast", [1.0]), rows("a/c", "conv2d", "fast", [1.0])],
        "2 b: no row was measured in both.",
    ),
    "nothing measured": (
        [rows("a/b", "conv2d", "naive", status="not run", estimate_seconds=9.0, error=None)] * 2,
        "2 b: no row was measured in both.",
    ),
    "nothing measured in one": (
        [
            rows("a/b", "conv2d", "fast", [1.0]) + rows("a/b", "conv2d", "torch", [1.0]),
            rows("a/b", "conv2d", "naive", status="failed", note="no", error=None),
        ],
        "2 b: no row was measured in both.",
    ),
    "plain loops alone": (
        [rows("a/b", "conv2d", "naive", [1.0]) + rows("a/b", "conv2d", "torch", [0.1])] * 2,
        "2 b: 100 % of 2 rows agree within noise.",
    ),
    "strange labels": (
        [[row for name in STRANGE for row in rows("測定/b|c", "conv2d", name, [1.0])]] * 2,
        "2 b: 100 % of 4 rows agree within noise.",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_is_compared_something_sensible_is_said(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    found, sentence = HOSTILE[name]
    for place, calls, environment in zip("ab", found, (ENVIRONMENT, MANY)):
        (tmp_path / place).mkdir()
        measurements.write(tmp_path / place, calls, environment)
    assert compare("a", "b", "--all", "--out", "out") == 0
    printed = capsys.readouterr().out
    assert sentence in printed.splitlines()
    assert "Different: gpu, threads, device, dtype.\n" in printed
    page = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert f"**b**: {sentence[5:]}" in page
    assert "nan" not in page
    pictured = (tmp_path / "out" / "compare.png").exists()
    assert pictured == ("![" in page) == (name in ("plain loops alone", "strange labels", "nothing measured in one"))


def columns(line):
    """Every letter takes one column, those of Chinese and Japanese two, and an accent of its own none."""
    return len(line) + len(re.findall("[\u4e00-\u9fff]", line)) - line.count("\u0301")


def test_wide_letters_keep_the_columns_of_a_terminal(tmp_path, monkeypatch, capsys):
    names = [letters * 20 for letters in ("測定", "結果", "e\u0301")]
    found = rows("a/b", "conv2d", "測定" * 20, [1.0]) + rows("a/b", "conv2d", "torch", [1.0])
    for name in names:
        (tmp_path / name).mkdir()
        measurements.write(tmp_path / name, found, {**ENVIRONMENT, "cpu": "測" * 100})
    assert compare(*(tmp_path / name for name in names)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(columns, lines)) <= 80
    means = [line for line in lines if line.endswith(" 1.00")]
    assert len({columns(line) for line in means[:2]}) == 1
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert compare(*(tmp_path / name for name in names)) == 0
    assert len(sys.stdout.buffer.getvalue().decode("ascii").splitlines()) == len(lines)


# Where the page goes


def test_a_page_goes_beside_the_runs_it_is_of(folders, tmp_path):
    before = contents(tmp_path)
    assert compare(*folders, "--out", tmp_path) == 0
    after = contents(tmp_path)
    assert before.items() <= after.items()
    assert sorted(set(after) - set(before)) == ["README.md", "compare.png"]


def test_pages_that_are_no_longer_of_it_are_gone(folders, tmp_path):
    out = tmp_path / "out"
    assert compare(*folders, "--all", "--out", out) == 0
    assert sorted(contents(out)) == ["README.md", "compare.png", "rows_2.md", "rows_3.md"]
    assert compare(*folders[:2], "--all", "--out", out) == 0
    assert sorted(contents(out)) == ["README.md", "compare.png", "rows_2.md"]
    assert compare(*folders[:2], "--out", out) == 0
    assert sorted(contents(out)) == ["README.md", "compare.png"]
    assert "rows_2.md" not in (out / "README.md").read_text()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("README.md", "# Of others", "without a README.md of another origin"),
        ("README.md", b"\xff\xfe" * 99, "without a README.md of another origin"),
        ("compare.png", "a picture of others", "without a compare.png of another origin"),
        ("rows_2.md", "rows of others", "without a rows_2.md of another origin"),
        ("rows_17_3.md", "rows of others", "without a rows_17_3.md of another origin"),
        ("environment.json", "{}", "that holds no run itself"),
        (records.SUMMARY, "", "that holds no run itself"),
        ("README.md/file", "", "(Is a directory)"),
    ],
)
@pytest.mark.parametrize("ours", [False, True])
def test_what_others_have_made_is_never_replaced(name, content, sentence, ours, folders, tmp_path, capsys):
    out = tmp_path / "out"
    if ours:
        if name.startswith(("README.md", "compare.png")):
            return  # the command may replace its own
        assert compare(*folders, "--out", out) == 0
    (out / name).parent.mkdir(parents=True, exist_ok=True)
    (out / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    before = contents(tmp_path)
    capsys.readouterr()
    assert compare(*folders, "--all", "--out", out) == 2
    printed = capsys.readouterr()
    assert sentence in printed.err
    assert (printed.out, printed.err.count("\n")) == ("", 1)
    assert contents(tmp_path) == before


def test_a_file_of_a_name_that_is_only_like_ours_is_left_alone(folders, tmp_path):
    (tmp_path / "rows_of_trees.md").write_text("trees")
    assert compare(*folders, "--all", "--out", tmp_path) == 0
    assert (tmp_path / "rows_of_trees.md").read_text() == "trees"


def test_a_run_is_no_place_for_a_page(folders, capsys):
    before = contents(folders[0])
    assert compare(*folders, "--out", folders[0]) == 2
    assert "--out must be a folder that holds no run itself" in capsys.readouterr().err
    assert contents(folders[0]) == before


def test_a_file_is_no_folder(folders, tmp_path, capsys):
    (tmp_path / "page.md").write_text("earlier")
    for file in (tmp_path / "page.md", os.devnull):
        assert compare(*folders, "--out", file) == 2
        assert f"--out must be a folder, got the file {str(file)!r}\n" in capsys.readouterr().err
    assert (tmp_path / "page.md").read_text() == "earlier"


@pytest.mark.parametrize("problem", [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), KeyboardInterrupt()])
def test_an_earlier_page_survives_what_interrupts_the_writing(problem, folders, tmp_path, monkeypatch, capsys):
    out = tmp_path / "out"
    assert compare(*folders, "--out", out) == 0
    before = contents(tmp_path)
    capsys.readouterr()

    def fail(*arguments):
        raise problem

    monkeypatch.setattr(listing, "every_row", fail)
    assert compare(*folders[:2], "--all", "--out", out) == (2 if isinstance(problem, OSError) else 130)
    printed = capsys.readouterr()
    assert printed.out == ""
    said = "--out must be a folder that can be written to" if isinstance(problem, OSError) else "are unchanged"
    assert said in printed.err
    assert contents(tmp_path) == before


# What is no run


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
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_spoilt_folder_is_refused_in_one_sentence(folders, spoil, reason, place, tmp_path, capsys):
    spoil(folders[place])
    assert compare(*folders, "--out", tmp_path / "out") == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("convnotes compare: FOLDER must hold ")
    assert repr(str(folders[place])) in printed.err
    assert reason in printed.err
    assert printed.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_folder_is_compared_with_others_alone(folders, tmp_path, capsys):
    a, b, _ = folders
    (tmp_path / "link").symlink_to(a)
    for twice in (a, f"{a}/", b / ".." / "a", tmp_path / "link"):
        assert compare(a, b, twice) == 2
        printed = capsys.readouterr()
        assert printed.err.startswith("convnotes compare: FOLDER must be another one each time, got ")
        assert printed.err.count("\n") == 1
    assert compare(a) == 2
    assert capsys.readouterr().err.startswith("convnotes compare: FOLDER must be given for two runs at least")


def test_the_help_says_what_noise_is(capsys):
    with pytest.raises(SystemExit):
        main(["compare", "--help"])
    assert "do not overlap even within their noise" in capsys.readouterr().out
