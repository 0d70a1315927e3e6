"""Where results go: a run that is narrowed in any way has a folder of its own, and replaces no full run."""

from dataclasses import replace
from pathlib import Path

import pytest

import measurements
from convnotes.benchmark import Refused, places, run
from convnotes.benchmark.__main__ import main
from convnotes.benchmark.commands import parser
from convnotes.benchmark.commands.benchmark import options
from convnotes.benchmark.storing import machine, records
from measurements import ENVIRONMENT, rows

HERE = Path("results") / machine.folder_name()

NARROWED = [
    (["--suite", "ops"], "suite-ops"),
    (["--cases", "lenet5/pool1"], "cases-lenet5-pool1-"),
    (["--operations", "conv2d,max_pool2d"], "operations-conv2d+max_pool2d"),
    (["--implementations", "torch,fast"], "implementations-fast+torch"),
    (["--threads", "2", "--suite", "ops"], "suite-ops_threads-2"),
    (["--rounds", "1"], "rounds-1"),
    (["--repeats", "1"], "repeats-1"),
    (["--batch", "4"], "batch-4"),
    (["--limit", "0.5"], "limit-0.5"),
    (["--quick", "--batch", "4"], "quick_batch-4"),
]


# What makes another machine of this one.
CONDITIONS = [
    (["--device", "cuda"], "_device-cuda"),
    (["--threads", "2"], "_threads-2"),
    (["--isa", "avx2"], "_isa-avx2"),
    (["--dtype", "float64", "--threads", "2"], "_threads-2_dtype-float64"),
    ([], ""),
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


@pytest.mark.parametrize(("arguments", "suffix"), CONDITIONS, ids=[suffix for _, suffix in CONDITIONS])
def test_a_machine_has_a_folder_of_its_own(arguments, suffix):
    out = chosen(*arguments).out
    assert out == chosen(*arguments, "--resume").out == Path("results") / (machine.folder_name() + suffix)


def test_a_run_is_not_narrowed_by_saying_its_defaults():
    assert chosen().out == chosen("--rounds", "4", "--suite", "ops,founding,modern,networks,scaling").out == HERE
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
    environment = {**ENVIRONMENT, "cpu": machine.cpu(), "cores": machine.cores(), "options": given}
    return measurements.write(folder, rows("a", "conv2d", "naive", [1.0]), environment)


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
    before = contents(stored(HERE))
    arguments = ["--cases", "founding/bias", "--implementations", "naive", "--rounds", "1", "--limit", "1e-9"]
    assert main(["benchmark", *arguments]) == 0
    assert contents(HERE) == before
    (folder,) = Path("results/partial").iterdir()
    assert (folder / records.README).exists()
    assert str(folder / records.README) in capsys.readouterr().out


def test_a_full_run_replaces_a_full_run_alone(begun, capsys):
    stored(HERE)
    assert main(["benchmark"]) == 0
    measurements.write(HERE, rows("a", "conv2d", "naive", [1.0]))
    assert main(["benchmark"]) == 2
    sentence = capsys.readouterr().err
    assert f"--out {HERE} must be given to replace what is in '{HERE}', another run (--operations unknown" in sentence
    assert sentence.count("\n") == 1
    assert main(["benchmark", "--out", str(HERE)]) == 0
    assert begun == [str(HERE)] * 2


def test_a_run_of_more_suites_replaces_one_of_fewer(begun):
    stored(HERE, "--suite", "founding,ops")
    assert main(["benchmark"]) == 0
    assert begun == [str(HERE)]
    narrower = replace(chosen("--suite", "scaling,ops"), out=HERE)
    with pytest.raises(Refused, match=r"\(--suite founding,ops\)"):
        places.refuse_other_runs(narrower)


def test_what_a_narrowed_run_left_in_results_is_named(begun, capsys):
    stored(HERE, "--cases", "lenet5/pool1", "--implementations", "fast,torch")
    assert main(["benchmark"]) == 2
    assert "(--cases lenet5/pool1, --implementations fast,torch)" in capsys.readouterr().err
    assert begun == []


def test_a_full_run_does_not_replace_one_of_other_instructions(begun, capsys):
    stored(HERE, "--isa", "avx2")
    assert main(["benchmark"]) == 2
    assert "another run (--isa avx2)" in capsys.readouterr().err
    assert begun == []


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"options": 1}', '{"options": {}}'])
def test_results_of_unknown_options_are_not_replaced_unasked(text, begun, capsys):
    stored(HERE)
    (HERE / records.ENVIRONMENT).write_text(text)
    assert main(["benchmark"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    (HERE / records.ENVIRONMENT).unlink()
    assert main(["benchmark"]) == 2
    assert begun == []


@pytest.mark.parametrize(("name", "value"), [("cpu", "Another"), ("cores", 99)])
def test_a_run_does_not_replace_one_of_another_machine(name, value, begun, monkeypatch, capsys):
    """Virtual machines call many processors the same, so that two of them can share a name."""
    stored(HERE)
    found = getattr(machine, name)()
    monkeypatch.setattr(machine, "folder_name", lambda: HERE.name)
    monkeypatch.setattr(machine, name, lambda: value)
    assert main(["benchmark"]) == 2
    assert f"another run ({name} {found})" in capsys.readouterr().err
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
