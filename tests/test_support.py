"""Who supports what: float32 for whoever has no float64, and a page made of what `convnotes check` finds."""

import pytest

from convnotes.benchmark.__main__ import main

SINGLE = """
from convnotes import matmul
import numpy as np

def conv2d(input, weight, stride=1, padding=0):
    if np.result_type(input, weight, np.float32) != np.float32:
        raise NotImplementedError("float64")
    {check}
    return {result}
"""
RIGHT = "matmul.conv2d(input, weight, stride=stride, padding=padding)"


@pytest.fixture
def check(tmp_path, monkeypatch, capsys):
    """Check files of code by name; returns the exit code, what was printed, and the page, if one was written."""
    monkeypatch.chdir(tmp_path)

    def run(*options, **files):
        for name, code in files.items():
            (tmp_path / f"{name}.py").write_text(code)
        code = main(["check", *(f"{name}.py" for name in files), "--operations", "conv2d", "--examples", "4", *options])
        page = tmp_path / "page.md"
        return code, capsys.readouterr(), page.read_text() if page.exists() else ""

    return run


def test_whoever_has_no_float64_is_asked_in_float32(check):
    code, printed, _ = check("--only", "values,finite,arrays", mine=SINGLE.format(check="", result=RIGHT))
    assert code == 0
    (row,) = [line for line in printed.out.splitlines() if line.startswith("conv2d")]
    assert all(int(passed) > 0 for passed in row.split()[1:4]), row


def test_a_call_that_breaks_a_rule_is_shown_in_the_precision_that_it_was_asked_in(check):
    code, printed, _ = check("--only", "values", mine=SINGLE.format(check="", result=f"{RIGHT}[..., ::-1]"))
    assert code == 1
    assert "'<f4'" in printed.out
    assert "np.array([" in printed.out
    assert ", float)" not in printed.out


# Neither padding whose sides differ nor the stride 3 is offered.
LACKS = """
    sides = padding if isinstance(padding, tuple) else ()
    if any(isinstance(side, tuple) and side[0] != side[1] for side in sides) or 3 in np.ravel(stride):
        raise NotImplementedError
"""


def test_the_page_says_of_each_what_it_keeps_breaks_and_lacks(check):
    wrong = "matmul.conv2d(input, weight, stride=stride, padding=padding) * (1 + (stride not in (1, (1, 1))))"
    files = {
        "right": "from convnotes.matmul import *\n",
        "single": SINGLE.format(check=LACKS, result=RIGHT),
        "wrong": "from convnotes import matmul\ndef conv2d(input, weight, stride=1, padding=0): return " + wrong,
    }
    code, printed, page = check("--table", "page.md", "--only", "values,arrays,finite", **files)
    assert code == 1
    assert printed.out.splitlines()[-1] == "Written to page.md"
    assert printed.out.splitlines()[0].startswith("right keeps all ")
    lines = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in page.splitlines() if line[:1] == "|"]
    rows = {says: cells for says, *cells in lines}
    assert rows[""] == ["right", "single", "wrong"]
    assert rows["channels, filters and images"] == ["yes", "yes", "yes"]
    assert rows["stride"] == ["yes", "*in part*", "**wrong**"]
    assert rows["padding"] == ["yes", "yes", "yes"]
    assert rows["padding of four sides"] == ["yes", "-", "yes"]
    assert rows["dilation"] == ["yes", "-", "-"]
    assert rows["float32 stays float32 and float64 stays float64"] == ["yes", "-", "yes"]
    assert rows["not-a-numbers and infinities stand where the definition has them"] == ["yes", "yes", "?"]
    assert "find('wrong.py').load()" in page, "the call that breaks it"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["naive", "matmul"], "IMPLEMENTATION must be one without --table, got 2"),
        (["naive", "--table", "nowhere/page.md"], "--table must be a file in a folder that can be written to"),
        (["naive", "--table", "."], "--table must be a file in a folder that can be written to, got '.'"),
        (["naive", "fsat", "--table", "page.md"], "did you mean fast?"),
    ],
)
def test_what_cannot_be_is_refused_at_once(arguments, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["check", *arguments]) == 2
    assert words in capsys.readouterr().err
    assert not [*tmp_path.iterdir()]
