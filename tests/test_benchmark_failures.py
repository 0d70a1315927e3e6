"""Whatever an implementation raises, whenever, is a row; a process that it ends is replaced, and the run goes on."""

import os
import sys
import threading
import types
import warnings

import numpy as np
import pandas as pd
import pytest

import convnotes
from convnotes import matmul
from convnotes.benchmark.__main__ import main
from convnotes.benchmark.measuring import ceilings, measurement, processes, steps, timing
from convnotes.benchmark.storing import failures, reading, records, schema
from convnotes.cases import select


class Mute(BaseException):
    def __str__(self):
        raise SystemExit("not a word")


class Unpicklable(BaseException):
    def __init__(self):
        super().__init__(threading.Lock())


class Odd(BaseException):
    pass


def endlessly():
    return endlessly()


def warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.warn("careful", stacklevel=1)


def throw(problem):
    def function():
        raise problem

    return function


RAISING = {
    "MemoryError: too large": throw(MemoryError("too large\nby far")),
    "ValueError: first": throw(ValueError("\n\n  first\nsecond")),
    "ValueError": throw(ValueError()),
    "SystemExit: 3": throw(SystemExit(3)),
    "KeyboardInterrupt": throw(KeyboardInterrupt()),
    "GeneratorExit": throw(GeneratorExit()),
    "RecursionError: maximum recursion depth exceeded": endlessly,
    "Mute": throw(Mute()),
    "Unpicklable: <unlocked _thread.lock object": throw(Unpicklable()),
    "Odd: a?b": throw(Odd("a\x00b")),
    "UserWarning: careful": warn,
}
RAISING |= {"OSError: " + "x" * 200: throw(OSError("x" * 10_000))}
EVERYTHING = pytest.mark.parametrize(("note", "fault"), RAISING.items(), ids=lambda value: str(value)[:12])


@pytest.fixture
def problem(tmp_path, monkeypatch):
    """A case, its expected values, and a worker with matmul and an implementation that does what it is given."""
    (case,) = select("ops/conv2d")
    module = types.ModuleType("foreign")
    module.conv2d = matmul.conv2d
    monkeypatch.setitem(sys.modules, "foreign", module)
    path = tmp_path / "expected.npy"
    worker = measurement.Worker({"foreign": "foreign", "matmul": "convnotes.matmul"}, "float32", "float32", 1e9, 1)
    np.save(path, worker.prepare("matmul", case, "conv2d")())
    # One loop, and no call is a long one, whatever the machine.
    monkeypatch.setattr(timing, "TARGET", 0)
    monkeypatch.setattr(timing, "LONG", np.inf)
    return case, path, worker, module


def statuses(rows):
    return {(row["implementation"], row["step"]): row["status"] for row in rows}


def hold(rows):
    """Rows are as they may be stored, once an integer is text."""
    for row in rows:
        reading.row({name: "" if row.get(name) is None else str(row[name]) for name in schema.COLUMNS})


def first_round(problem):
    case, path, worker, _ = problem
    rows = worker.measure(case, "conv2d", measurement.Definition("matmul"), path, 3)
    hold(rows)
    return rows


ALL_OF_MATMUL = {("matmul", step): "measured" for step in ("", *schema.STEPS)}


@pytest.mark.parametrize("calls", range(8))
@EVERYTHING
def test_what_is_raised_in_any_call_is_a_row(note, fault, calls, problem):
    """The first call, those that an estimate is made of, the one that is compared, planned with, or timed."""
    made, module = [], problem[-1]

    def function(*operands, **options):
        made.append(1)
        if len(made) > calls:
            fault()
        return matmul.conv2d(*operands, **options)

    module.conv2d = function
    timing_of_estimates(problem[2], calls)
    rows = first_round(problem)
    assert statuses(rows) == ALL_OF_MATMUL | {("foreign", ""): "failed"}
    (failed,) = (row for row in rows if row["status"] == "failed")
    assert failed["note"].startswith(note)
    assert "\n" not in failed["note"]


def timing_of_estimates(worker, calls):
    """Estimates take one call, whatever the time; without any, what fails is the call that is compared."""
    ticks = iter(range(10**6))
    worker.estimates._clock = lambda: next(ticks) * 1e-9 * 10**8 if calls else 0.0


@EVERYTHING
def test_what_an_import_raises_is_a_row(note, fault, problem, monkeypatch, tmp_path):
    monkeypatch.delitem(sys.modules, "foreign")
    (tmp_path / "foreign.py").write_text("import test_benchmark_failures as tests\ntests.fault()\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(sys.modules, "test_benchmark_failures", types.SimpleNamespace(fault=fault))
    rows = first_round(problem)
    assert statuses(rows) == ALL_OF_MATMUL | {("foreign", ""): "failed"}
    assert rows[0]["note"].startswith(note)


@EVERYTHING
def test_what_is_raised_in_a_later_round_is_a_row_of_it(note, fault, problem):
    case, _, worker, module = problem
    known = [(row, timing.Plan(row["seconds"], 1, 2)) for row in first_round(problem) if row["repeat"] == 0]
    module.conv2d = lambda **operands: fault()
    while_timing = worker.repeat(case, "conv2d", 2, known)
    del module.conv2d
    while_preparing = worker.repeat(case, "conv2d", 2, known)
    for rows, told in ((while_timing, note), (while_preparing, "AttributeError: module 'foreign'")):
        hold(rows)
        assert statuses(rows) == ALL_OF_MATMUL | {("foreign", ""): "failed"}
        (failed,) = (row for row in rows if row["status"] == "failed")
        assert failed["note"].startswith(told)
        assert failed["round"] == 2


def test_steps_that_lack_memory_are_rows(problem, monkeypatch):
    case, _, worker, _ = problem
    known = [(row, timing.Plan(row["seconds"], 1, 2)) for row in first_round(problem) if row["repeat"] == 0]
    monkeypatch.setattr(steps, "columns_of", lambda *arguments: throw(MemoryError("columns"))())
    whole = {("foreign", ""): "measured", ("matmul", ""): "measured"}
    for rows, turn in ((first_round(problem), None), (worker.repeat(case, "conv2d", 2, known), 2)):
        hold(rows)
        assert statuses(rows) == whole | {("matmul", step): "failed" for step in schema.STEPS}
        assert {(row["note"], row["round"]) for row in rows if row["status"] == "failed"} == {
            ("MemoryError: columns", turn)
        }


def test_operands_that_lack_memory_are_rows(problem, monkeypatch):
    case, _, worker, _ = problem
    monkeypatch.setattr(type(case), "operands", lambda *arguments: throw(MemoryError("operands"))())
    worker._drawn = None, {}
    assert statuses(first_round(problem)) == {("foreign", ""): "failed", ("matmul", ""): "failed"}


@pytest.mark.parametrize("by", ["naive", "matmul"])
def test_a_definition_that_lacks_memory_is_told_in_the_rows(by, problem, tmp_path, monkeypatch):
    case, path, worker, _ = problem
    modules = {name: f"convnotes.{name}" for name in ("naive", "matmul")}
    defining = measurement.Worker(modules, "float32", "float64", 1e9 if by == "naive" else 1e-9, 1)
    monkeypatch.setattr(measurement, "DEFINING", 1e9)
    defining.estimates.seconds("naive", case, "conv2d", 1.0)
    module = convnotes.implementation(by)
    monkeypatch.setattr(module, "conv2d", lambda *operands, **options: throw(MemoryError("too large"))())
    definition = defining.define(case, "conv2d", path)
    assert definition == (None, "the definition: MemoryError: too large")
    rows = worker.measure(case, "conv2d", definition, path, 3)
    hold(rows)
    assert [(row["implementation"], row["status"], row["note"]) for row in rows] == [
        (name, "failed", "the definition: MemoryError: too large") for name in ("foreign", "matmul")
    ]


def test_a_case_that_can_be_is_measured_though_smaller_ones_fail(problem):
    """Those that its time is estimated by."""
    case, _, _, module = problem

    def function(input, *operands, **options):
        if input.shape != case.input_size:
            raise NotImplementedError
        return matmul.conv2d(input, *operands, **options)

    module.conv2d = function
    assert statuses(first_round(problem))["foreign", ""] == "measured"


def test_a_machine_without_memory_is_a_row(monkeypatch):
    monkeypatch.setattr(np, "empty_like", lambda array: throw(MemoryError("copy"))())
    (row,) = ceilings.measure(ceilings.COPY, 1, 2, "float32", "cpu", 1)
    assert (row["status"], row["round"], row["note"]) == ("failed", 1, "MemoryError: copy")
    hold([row])


DYING = """\
import os
from convnotes.matmul import *
from convnotes import matmul
def bias_add(input, bias):
    os._exit(1)
def bias_grad(grad_output):
    raise SystemExit(0)
"""


def test_a_process_that_dies_is_replaced_and_the_run_goes_on(tmp_path, monkeypatch, capsys, implementations):
    folder, out = tmp_path / "modules", tmp_path / "out"
    folder.mkdir()
    (folder / "dying.py").write_text(DYING)
    monkeypatch.syspath_prepend(folder)
    implementations["dying"] = "dying"
    arguments = ["--cases", "founding/bias", "--implementations", "matmul,dying", "--rounds", "2"]
    arguments += ["--repeats", "1", "--limit", "1000"]
    assert main(["benchmark", *arguments, "--out", str(out)]) == 1
    frame = pd.read_csv(out / records.MEASUREMENTS)
    frame = frame[frame["suite"] != "machine"]
    rows = {tuple(row) for row in frame[["operation", "implementation", "status", "note"]].fillna("").to_numpy()}
    assert rows == {
        ("bias_add", "matmul", "failed", processes.DIED),
        ("bias_add", "dying", "failed", processes.DIED),
        ("bias_grad", "matmul", "measured", ""),
        ("bias_grad", "dying", "failed", "SystemExit: 0"),
    }
    assert len(frame[frame["status"] == "failed"]) == 3
    assert "dying: bias_add of founding/bias: failed (the process ended" in capsys.readouterr().out
    assert f"dying: bias_add of founding/bias: **failed** ({processes.DIED})" in (out / "README.md").read_text()
    summary = pd.read_csv(out / records.SUMMARY).set_index(["operation", "implementation"])
    assert summary.loc[("bias_grad", "matmul"), ["status", "rounds", "repeats"]].tolist() == ["measured", 2, 2]


def test_notes_are_lines_that_a_file_can_hold():
    assert failures.note(type("a\nb", (Exception,), {})("\ud800")) == "a?b: ?"
    assert schema.NOTE.holds(failures.note(OSError("x" * 10_000)))
    assert os.linesep not in failures.note(ValueError(np.zeros((30, 30))))
