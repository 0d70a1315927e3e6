"""Where results go: a run that is narrowed in any way has a folder of its own, and replaces no full run."""

from dataclasses import replace
from pathlib import Path

import pytest

import measurements
from convnotes.benchmark import Refused, places, run
from convnotes.benchmark.__main__ import main
from convnotes.benchmark.commands import parser
from convnotes.benchmark.commands.benchmark import options
from convnotes.benchmark.storing import records
from measurements import ENVIRONMENT, rows

NARROWED = [
    (["--suite", "ops"], "suite-ops"),
    (["--cases", "lenet5/pool1"], "cases-lenet5-pool1-"),
    (["--operations", "conv2d,max_pool2d"], "operations-conv2d+max_pool2d"),
    (["--implementations", "torch,fast"], "implementations-fast+torch"),
    (["--device", "cuda"], "device-cuda"),
    (["--threads", "2"], "threads-2"),
    (["--isa", "avx2"], "isa-avx2"),
    (["--dtype", "float64"], "dtype-float64"),
    (["--rounds", "1"], "rounds-1"),
    (["--repeats", "1"], "repeats-1"),
    (["--batch", "4"], "batch-4"),
    (["--limit", "0.5"], "limit-0.5"),
    (["--quick", "--batch", "4"], "quick_batch-4"),
]


def chosen(*arguments):
    return options(parser().parse_args(["benchmark", *arguments]))


@pytest.mark.parametrize(("arguments", "name"), NARROWED, ids=[name for _, name in NARROWED])
def test_a_narrowed_run_has_a_folder_of_its_own(arguments, name):
    out = chosen(*arguments).out
    assert out.parent == Path("results/partial")
    assert out.name.startswith(name) if name.endswith("-") else out.name == name
    assert chosen(*arguments, "--resume").out == out
    assert chosen(*arguments, "--out", "here").out == Path("here")


def test_a_run_is_not_narrowed_by_saying_its_defaults():
    assert (
        chosen().out
        == chosen("--rounds", "4", "--suite", "ops,founding,modern,networks,scaling").out
        == Path("results")
    )
    assert chosen("--quick", "--rounds", "2").out == Path("results/quick")


def test_no_two_choices_share_a_folder_and_every_name_is_one_of_a_file():
    patterns = ["a/*", "a/?", "a-*", "A/*", "a/*,b/*", "x" * 300 + "/*", "x" * 300 + "/?", "é/*", "..", "/", " "]
    names = {chosen("--cases", pattern).out.name for pattern in patterns}
    assert len(names) == len(patterns)
    for name in names:
        assert len(name) <= 80
        assert not set(name) & set('/\\:*?"<>| ')
        assert name.isascii()


def stored(folder, *arguments):
    """Results as a run with these arguments leaves them."""
    given = {name: value for name, value in vars(chosen(*arguments)).items() if name not in ("out", "resume")}
    given["cases"] = given["cases"] or "*"
    folder.mkdir(parents=True)
    return measurements.write(folder, rows("a", "conv2d", "naive", [1.0]), {**ENVIRONMENT, "options": given})


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.fixture
def begun(tmp_path, monkeypatch):
    """The folders of the runs that a command would have begun, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    found = []
    monkeypatch.setattr(run, "run", lambda given: found.append(str(given.out)) or (0, ""))
    return found


def test_a_narrowed_run_leaves_a_full_one_alone(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    before = contents(stored(Path("results")))
    arguments = ["--cases", "founding/bias", "--implementations", "naive", "--rounds", "1", "--limit", "1e-9"]
    assert main(["benchmark", *arguments]) == 0
    assert contents(Path("results")) == before
    (folder,) = Path("results/partial").iterdir()
    assert (folder / records.README).exists()
    assert str(folder / records.README) in capsys.readouterr().out


def test_a_full_run_replaces_a_full_run_alone(begun, capsys):
    stored(Path("results"))
    assert main(["benchmark"]) == 0
    measurements.write(Path("results"), rows("a", "conv2d", "naive", [1.0]))
    assert main(["benchmark"]) == 2
    sentence = capsys.readouterr().err
    assert (
        "--out results must be given to replace what is in 'results', a run of other options (--operations unknown"
        in sentence
    )
    assert sentence.count("\n") == 1
    assert main(["benchmark", "--out", "results"]) == 0
    assert begun == ["results", "results"]


def test_a_run_of_more_suites_replaces_one_of_fewer(begun):
    stored(Path("results"), "--suite", "founding,ops")
    assert main(["benchmark"]) == 0
    assert begun == ["results"]
    narrower = replace(chosen("--suite", "scaling,ops"), out=Path("results"))
    with pytest.raises(Refused, match=r"\(--suite founding,ops\)"):
        places.refuse_other_runs(narrower)


def test_what_a_narrowed_run_left_in_results_is_named(begun, capsys):
    stored(Path("results"), "--cases", "lenet5/pool1", "--implementations", "fast,torch")
    assert main(["benchmark"]) == 2
    assert "(--cases lenet5/pool1, --implementations fast,torch)" in capsys.readouterr().err
    assert begun == []


def test_a_full_run_does_not_replace_one_of_other_instructions(begun, capsys):
    stored(Path("results"), "--isa", "avx2")
    assert main(["benchmark"]) == 2
    assert "a run of other options (--isa avx2)" in capsys.readouterr().err
    assert begun == []


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"options": 1}', '{"options": {}}'])
def test_results_of_unknown_options_are_not_replaced_unasked(text, begun, capsys):
    stored(Path("results"))
    (Path("results") / records.ENVIRONMENT).write_text(text)
    assert main(["benchmark"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    (Path("results") / records.ENVIRONMENT).unlink()
    assert main(["benchmark"]) == 2
    assert begun == []


def test_a_quick_run_replaces_a_quick_one(begun):
    stored(Path("results/quick"), "--quick")
    assert main(["benchmark", "--quick"]) == 0
    assert begun == ["results/quick"]


def test_the_committed_results_are_those_of_a_full_run(monkeypatch):
    monkeypatch.chdir(Path(__file__).parents[1])
    places.refuse_other_runs(chosen())


def test_what_is_written_without_out_is_not_committed():
    lines = (Path(__file__).parents[1] / ".gitignore").read_text().splitlines()
    assert {f"/{places.QUICK.as_posix()}/", f"/{places.PARTIAL.as_posix()}/"} <= set(lines)
