"""What somebody else wrote is measured beside ours: whatever it does is an answer about it, and never ends a run."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import patience
from convnotes.benchmark.__main__ import main
from convnotes.benchmark.commands import parser
from convnotes.benchmark.commands.benchmark import options
from convnotes.benchmark.measuring import ceilings, jobs, measurement, processes, workers
from convnotes.benchmark.measuring.foreign import ForeignWorker
from convnotes.benchmark.reporting import figures
from convnotes.benchmark.storing import reading, records, schema
from convnotes.cases import select

ARGUMENTS = ["benchmark", "--cases", "founding/bias", "--rounds", "2", "--repeats", "1"]
LIMIT = ["--limit", "1000"]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Neither what the machine itself does nor figures, which take long."""
    monkeypatch.setattr(ceilings, "on", lambda device: [])
    monkeypatch.setattr(figures, "write", lambda *arguments: [])


@pytest.fixture
def code(tmp_path, monkeypatch):
    """Writes a file of code in a folder of its own, which is the current one."""
    folder = tmp_path / "code"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def write(text, name="mine.py"):
        (folder / name).write_text(text)
        return folder / name

    return write


@pytest.fixture
def problem(code, tmp_path):
    """Measures a case by code for the first round, in this process; returns its rows, which may be stored."""

    def measure(text, name="ops/conv2d", *operations, limit=1e9):
        (case,) = select(name)
        path, rows = tmp_path / "expected.npy", []
        by = measurement.Worker({"matmul": "convnotes.matmul"}, "float32", "float64", 1e9, 1)
        worker = ForeignWorker({"mine": str(code(text))}, "float32", "float32", limit, 1)
        for operation in operations or [case.layer]:
            np.save(path, by.prepare("matmul", case, operation)())
            rows += worker.measure(case, operation, measurement.Definition("matmul"), path, 2)
        for row in rows:
            reading.row({column: "" if row.get(column) is None else str(row[column]) for column in schema.COLUMNS})
        return rows

    return measure


RIGHT = "from convnotes import matmul\nimport numpy as np\n"
WHOLE = RIGHT + "def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):\n"
RESULT = "    Y = matmul.conv2d(input, weight, bias, stride, padding, dilation, groups)\n"
PICKLED = "class Odd(np.ndarray):\n    def __reduce__(self): raise SystemExit('not to be sent')\n"

MEASURED = {
    "right": WHOLE + RESULT + "    return Y\n",
    "any options": RIGHT + "def conv2d(**options):\n    return matmul.conv2d(**options)\n",
    "read-only": WHOLE + RESULT + "    Y.flags.writeable = False\n    return Y\n",
    "not contiguous": WHOLE + RESULT + "    return np.repeat(Y, 2, 3)[:, :, ::1, ::2][::-1][::-1]\n",
    "another order": WHOLE + RESULT + "    return np.asfortranarray(Y)\n",
    "wider": WHOLE + RESULT + "    return Y.astype(np.float64)\n",
    "what unpickles badly": RIGHT + PICKLED + WHOLE.removeprefix(RIGHT) + RESULT + "    return Y.view(Odd)\n",
}


@pytest.mark.parametrize("text", MEASURED.values(), ids=MEASURED)
def test_what_is_right_is_timed(text, problem):
    rows = problem(text)
    assert [(row["status"], row["repeat"]) for row in rows] == [("measured", 0), ("measured", 1)]


OTHERS = {
    "a list": (WHOLE + RESULT + "    return Y.tolist()\n", "wrong", "returns list instead of an array"),
    "None": (WHOLE + "    pass\n", "wrong", "returns NoneType instead of an array"),
    "integers": (WHOLE + RESULT + "    return Y.astype(int)\n", "wrong", "returns int64 instead of float32"),
    "complex": (WHOLE + RESULT + "    return Y + 0j\n", "wrong", "returns complex64 instead of float32"),
    "objects": (WHOLE + RESULT + "    return Y.astype(object)\n", "wrong", "returns object instead of float32"),
    "a shape": (WHOLE + RESULT + "    return Y[:, :1]\n", "wrong", "returns the shape ("),
    "masked": (WHOLE + RESULT + "    return np.ma.masked_array(Y)\n", "failed", "TypeError: actual must"),
    "numbers": (WHOLE + RESULT + "    return Y + 1\n", "wrong", None),
    "not a number": (WHOLE + RESULT + "    Y[0] = np.nan\n    return Y\n", "wrong", None),
    "the input": (WHOLE + RESULT + "    input *= 2\n    return Y\n", "wrong", "changes its argument input"),
    "a weight": (WHOLE + RESULT + "    weight[0] = 0\n    return Y\n", "wrong", "changes its argument weight"),
    "once": (WHOLE + RESULT + "    weight[:] = 0\n    return Y\n", "wrong", "changes its argument weight"),
    "its end": (WHOLE + "    raise SystemExit(3)\n", "failed", "SystemExit: 3"),
    "an error": (WHOLE + "    raise ValueError('no')\n", "failed", "ValueError: no"),
    "nothing": ("", "not offered", "no function conv2d"),
    "no function": ("conv2d = 3", "not offered", "no function conv2d"),
    "not yet": (WHOLE + "    raise NotImplementedError\n", "not offered", "NotImplementedError"),
    "and why": (WHOLE + "    raise NotImplementedError('no bias')\n", "not offered", "no bias"),
    "no bias": (RIGHT + "def conv2d(input, weight):\n    pass\n", "not offered", "no parameter bias"),
    "an import": ("import nothing_of_that_name", "failed", "LoadError: "),
}


@pytest.mark.parametrize(("text", "status", "note"), OTHERS.values(), ids=OTHERS)
def test_everything_else_is_a_row_that_says_what_it_is(text, status, note, problem):
    (row,) = problem(text)
    assert row["status"] == status
    assert row.get("note") is None if note is None else row["note"].startswith(note)
    assert "seconds" not in row or row["seconds"] is None


CHANGING_LATER = """
import gc
from convnotes import matmul
from convnotes.matmul import conv2d_grad_weight
def conv2d(input, weight, **options):
    Y = matmul.conv2d(input, weight, **options)
    # There is no collection while clocks run.
    input[:] = input if gc.isenabled() else 0
    return Y
"""


def test_what_was_changed_while_the_clock_ran_is_as_it_was_for_whoever_comes_next(problem):
    # The gradient's speed is known from before, so that no call of another case lies between.
    rows = problem(CHANGING_LATER, "ops/conv2d", "conv2d_grad_weight", "conv2d", "conv2d_grad_weight")
    assert [row["status"] for row in rows] == ["measured"] * 6


# What every call has, and no more than one option.
FEW = RIGHT + "def conv2d(input, weight, bias{more}):\n    return matmul.conv2d(input, weight, bias{given})\n"
NONE, PADDING = FEW.format(more="", given=""), FEW.format(more=", padding", given=", padding=padding")


@pytest.mark.parametrize(
    ("case", "text", "status", "note"),
    [
        ("lenet5/conv2", NONE, "measured", None),
        ("ops/conv2d grouped", NONE, "not offered", "no parameter padding"),
        ("ops/conv2d grouped", PADDING, "not offered", "no parameter groups"),
    ],
)
def test_a_parameter_that_lacks_is_needed_only_where_it_is_not_at_its_default(case, text, status, note, problem):
    row = problem(text, case)[0]
    assert (row["status"], row.get("note")) == (status, note)


def test_a_parameter_that_is_there_is_given_always(problem):
    text = RIGHT + "def conv2d(input, weight, bias, stride, groups):\n"
    text += "    assert (stride, groups) == (1, 1)\n    return matmul.conv2d(input, weight, bias)\n"
    assert problem(text, "lenet5/conv2")[0]["status"] == "measured"


def test_a_stride_of_a_pool_is_needed_where_it_is_not_the_kernel(problem):
    text = RIGHT + "def max_pool2d(input, kernel_size, padding=0):\n"
    text += "    return matmul.max_pool2d(input, kernel_size, None, padding)\n"
    assert problem(text, "vgg16/pool5")[0]["status"] == "measured"
    row = problem(text, "alexnet/pool5")[0]
    assert (row["status"], row["note"]) == ("not offered", "no parameter stride")


SLOW = """
import numpy as np, time
def conv2d(input, weight, bias, padding=0, stride=1):
    if {when}:
        {refuse}
    time.sleep(0.05)
    return np.zeros(1)
"""


@pytest.mark.parametrize("refuse", ["raise NotImplementedError", "raise ValueError('odd')", "raise SystemExit"])
def test_the_speed_of_a_slow_one_is_known_though_small_cases_are_not_offered(refuse, problem):
    """Or else a call that takes hours would be made."""
    text = SLOW.format(when="input.shape[1] != 1 or input.shape[0] > 1", refuse=refuse)
    (row,) = problem(text, "vgg16/conv1_2", limit=1e-3)
    assert row["status"] == "not run"
    assert row["estimate_seconds"] > 0.05


def run(out, *more, implementations):
    return main([*ARGUMENTS, "--implementations", implementations, "--out", str(out), *map(str, more)])


def rows_of(out):
    frame = pd.read_csv(out / records.MEASUREMENTS)
    found = frame[frame["suite"] != "machine"][["implementation", "operation", "status", "note"]].to_numpy()
    return {(name, operation): (status, "" if pd.isna(note) else note) for name, operation, status, note in found}


NOISY = (
    RIGHT
    + """
import os, sys, threading, time
print("on stdout"), print("on stderr", file=sys.stderr), os.system("echo below; echo below >&2")
sys.stdout = sys.stderr = None
threading.Thread(target=time.sleep, args=[1e6]).start()
def bias_add(input, bias):
    os.write(1, b"in a call"), os.write(2, b"in a call")
    return matmul.bias_add(input, bias)
"""
)
DEADLY = """
import os
from convnotes.matmul import bias_grad
def bias_add(input, bias): os.abort()
"""
ENDLESS = """
import pathlib, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
begun = pathlib.Path("begun")
def bias_add(input, bias):
    while True: begun.touch()
def bias_grad(grad_output):
    before = begun.stat().st_mtime_ns
    time.sleep(0.5)
    if before != begun.stat().st_mtime_ns: begun.with_name("still there").touch()
    while True: pass
"""


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_nothing_that_it_does_ends_a_run_or_is_seen(code, tmp_path, capfd):
    """It prints, it leaves a thread that never ends, it dies; ours are measured as ever, and so is what it can do."""
    code(NOISY, "noisy.py"), code(DEADLY, "deadly.py")
    out = tmp_path / "out"
    assert run(out, *LIMIT, implementations="matmul,noisy,end=./deadly.py") == 1
    assert rows_of(out) == {
        ("matmul", "bias_add"): ("measured", ""),
        ("matmul", "bias_grad"): ("measured", ""),
        ("noisy", "bias_add"): ("measured", ""),
        ("noisy", "bias_grad"): ("not offered", "no function bias_grad"),
        ("end", "bias_add"): ("failed", processes.DIED),
        ("end", "bias_grad"): ("measured", ""),
    }
    printed = capfd.readouterr()
    assert printed.err == ""
    assert "4 measured, 0 not run, 1 not offered, 0 wrong, 1 failed." in printed.out
    assert not {"stdout", "stderr", "below", "in a call"} & set(printed.out.split())
    page = (out / "README.md").read_text()
    assert "not offered (no function bias_grad)" in (out / "founding.md").read_text()
    assert page.count("> **Warning.** end: ") == 1
    assert "noisy: not offered" not in page
    origins = json.loads((out / "environment.json").read_text())["origins"]
    assert {label: one["source"] for label, one in origins.items()} == {"noisy": "noisy", "end": "deadly.py"}
    assert f"end: deadly.py {origins['end']['sha256'][:10]}" in page
    assert str(tmp_path) not in (out / "environment.json").read_text()
    # What was stored needs no source.
    before = contents(out)
    for path in tmp_path.glob("code/*.py"):
        path.unlink()
    assert main(["plot", str(out)]) == 0
    assert contents(out) == before


def test_what_never_returns_is_killed(code, tmp_path, monkeypatch):
    """Only this one is asked for so long, so that others may be as slow as they are."""
    path = code(ENDLESS)
    for name, seconds in {"FLOOR": 2.0, "LIMITS": 0.0, "REPEAT": 0.0}.items():
        monkeypatch.setattr(workers, name, seconds)
    assert run(tmp_path / "out", *LIMIT, implementations="matmul,./mine.py") == 1
    assert rows_of(tmp_path / "out") == {
        ("matmul", "bias_add"): ("measured", ""),
        ("matmul", "bias_grad"): ("measured", ""),
        ("mine", "bias_add"): ("failed", "no answer within 2 s"),
        ("mine", "bias_grad"): ("failed", "no answer within 2 s"),
    }
    assert not path.with_name("still there").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_ends_in_the_middle_of_what_never_returns(number, code, tmp_path):
    path = code(ENDLESS)
    command = [sys.executable, "-m", "convnotes.benchmark", *ARGUMENTS, "--implementations", "./mine.py"]
    running = subprocess.Popen([*command, "--out", tmp_path / "out"], stderr=subprocess.PIPE, start_new_session=True)
    patience.until(path.with_name("begun").exists)
    os.kill(running.pid, number)
    _, errors = running.communicate(timeout=patience.SECONDS)
    assert (running.returncode, errors.count(b"\n")) == (128 + number, 1)
    patience.until(lambda: patience.alone(running.pid))


def test_what_is_not_offered_is_no_failure(code, tmp_path):
    code("def conv2d(input, weight):\n    pass\n")
    assert run(tmp_path / "out", implementations="./mine.py") == 0
    assert {status for status, _ in rows_of(tmp_path / "out").values()} == {"not offered"}


UNLOADABLE = {
    "syntax": ("def f(:\n", "SyntaxError: "),
    "an end": ("import sys\nprint('the end')\nsys.exit(3)\n", "SystemExit: 3"),
    "an abort": ("import os\nos.abort()\n", processes.DIED),
    "for ever": ("while True:\n    pass\n", "no answer within 3 s"),
    "an error": ("raise ValueError('a\\nb')\n", "ValueError: a b)"),
}


@pytest.mark.parametrize(("text", "reason"), UNLOADABLE.values(), ids=UNLOADABLE)
def test_what_cannot_be_loaded_is_refused_before_anything_is_done(text, reason, code, tmp_path, monkeypatch, capfd):
    if text.startswith("while"):
        monkeypatch.setattr(workers, "LOADING", 3.0)
    code(text)
    assert run(tmp_path / "out", implementations="matmul,./mine.py") == 2
    printed = capfd.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert "--implementations must be such as can be loaded, but './mine.py' cannot be loaded (" in printed.err
    assert reason in printed.err
    assert not (tmp_path / "out").exists()


STOPPING = """
import sys
from convnotes.benchmark.__main__ import main
from convnotes.benchmark.measuring import ceilings
from convnotes.benchmark.storing.journal import Journal
ceilings.on = lambda device: []
append, done = Journal.append, []
def stopping(self, job, rows):
    append(self, job, rows)
    done.append(job)
    if len(done) == 3:
        raise KeyboardInterrupt
Journal.append = stopping
if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
"""


def test_a_run_goes_on_only_with_what_it_began_with(code, tmp_path, capsys):
    path = code(MEASURED["right"] + "from convnotes.matmul import bias_add, bias_grad\n")
    out, begun = tmp_path / "out", code(STOPPING, "stopping.py")
    arguments = [*ARGUMENTS, *LIMIT, "--implementations", "x=./mine.py", "--out", str(out)]
    done = subprocess.run([sys.executable, begun, *arguments], capture_output=True, text=True, timeout=patience.SECONDS)
    assert (done.returncode, done.stdout) == (130, "")
    before = contents(out)
    was = path.read_text()
    path.write_text(was + "# changed\n")
    assert main([*arguments, "--resume"]) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("convnotes benchmark: --resume must go on with the same x as the unfinished run, {'")
    assert printed.err.count("\n") == 1
    assert contents(out) == before
    path.write_text(was)
    assert main([*arguments, "--resume"]) == 0
    assert {status for status, _ in rows_of(out).values()} == {"measured"}


def test_each_has_a_process_of_its_own_and_ours_take_turns_with_one_thread(code):
    code("")
    given = [*ARGUMENTS, "--implementations", "./mine.py,torch,other=fast,fast"]
    for threads, together in (("1", [("fast", "torch")]), ("2", [("fast",), ("torch",)])):
        chosen = options(parser().parse_args([*given, "--threads", threads]))
        assert jobs.groups(chosen) == [*together, ("mine",), ("other",)]


def test_labels_are_names_of_files_and_stand_in_the_options(code):
    code("", "my conv.py")
    given = ["benchmark", "--implementations", "./my conv.py,torch,Mine+1=matmul,fast"]
    chosen = options(parser().parse_args(given))
    assert chosen.implementations == ("fast", "torch", "my_conv", "Mine+1")
    assert chosen.of_results()["implementations"] == chosen.implementations
    assert "foreign" not in chosen.of_results()
    assert chosen.out.parent.as_posix() == "results/partial"
    assert not set(chosen.out.name) & set('/\\:*?"<>| ')
    assert os.sep not in json.dumps(chosen.of_results()["implementations"])
