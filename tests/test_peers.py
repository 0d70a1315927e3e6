"""Other libraries: how they are named and refused, that each is right and keeps to its threads, and calls prepared."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from convnotes import OPERATIONS, PEERS, check, naive, peers
from convnotes.benchmark.__main__ import main
from convnotes.benchmark.measuring.foreign import ForeignWorker
from convnotes.benchmark.measuring.measurement import BOUNDS, Definition
from convnotes.benchmark.measuring.processes import VARIABLES
from convnotes.benchmark.reporting import provenance
from convnotes.benchmark.storing import machine
from convnotes.cases import CASES, select
from convnotes.implementations import LoadError, find, offers

ROOT = Path(__file__).parents[1]
SMALL = [case for case in CASES if case.suite in ("founding", "ops")]


@pytest.fixture(params=PEERS)
def peer(request):
    """The name of a library that is installed."""
    if find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed: pip install 'convnotes[peers]'")
    return request.param


def test_a_name_and_its_module_are_the_same(peer):
    found = find(peer)
    assert found == find(f"convnotes.peers.{peer}") == find(f"{peer}=convnotes.peers.{peer}")
    assert found == find(str(ROOT / "convnotes" / "peers" / f"{peer}.py")), "from there it would import itself"
    assert not found.is_ours
    origin = found.origin()
    assert (origin["source"], origin["version"].split()[0]) == (f"convnotes.peers.{peer}", peer)
    environment = {"options": {"implementations": [peer]}, "origins": {peer: origin}}
    assert provenance.foreign(environment) == [f"{peer}: convnotes.peers.{peer} {origin['version']}"]


@pytest.mark.parametrize("name", [name for name in PEERS if name != "scipy"])  # which whatever runs here needs
@pytest.mark.parametrize("command", [["check"], ["benchmark", "--cases", "founding/bias", "--implementations"]])
def test_a_library_that_is_missing_is_refused_in_a_sentence_that_names_the_extra(
    command, name, tmp_path, monkeypatch, capsys
):
    """A module that stands in its place, as the current folder comes first."""
    missing = f"raise ModuleNotFoundError('No module named {name}', name={name!r})\n"
    (tmp_path / f"{name}.py").write_text(missing)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])  # or later tests would find it too
    assert main([*command, name]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert f"{name} needs the module " in line
    assert "which is not installed: pip install 'convnotes[peers]'" in line


def test_an_error_of_another_kind_names_no_extra(tmp_path, monkeypatch):
    (tmp_path / "old_peer.py").write_text("import numpy.nothing_of_that_name_\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(LoadError, match=r"cannot be loaded \(ModuleNotFoundError"):
        find("old_peer").load()


@pytest.mark.parametrize(("value", "number"), [("1", 1), ("4", 4), ("3,2", 3), ("", 1), ("0", 1), ("many", 1)])
def test_the_number_of_threads_is_the_runs(value, number, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", value)
    assert peers.threads() == number


def test_without_a_run_there_is_one_thread(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert peers.threads() == 1


def alone(code: str, *arguments: str, threads: int = 1) -> str:
    """What code prints in a process of its own, since libraries as these do not like one another."""
    environment = os.environ | dict.fromkeys(VARIABLES, str(threads))
    command = [sys.executable, "-W", "ignore", "-c", code, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


OPERATIONS_OF_CASES = """
import json, sys
sys.path.insert(0, sys.argv[2])
from test_peers import errors
print(json.dumps(errors(sys.argv[1])))
"""


def errors(name: str) -> dict[str, float | str]:
    """The error of each operation of the small cases, or why it is not offered."""
    worker, found = ForeignWorker({name: name}, "float32", "float32", 1e9, 1), {}
    for case in SMALL:
        for operation in case.operations:
            expected = getattr(naive, operation)(**case.arguments(operation, worker.operands(case)))
            try:
                call = worker.prepare(name, case, operation)
            except NotImplementedError as reason:
                found[f"{case.name} {operation}"] = str(reason)
                continue
            results = [worker.to_numpy(name, call()) for _ in range(2)]
            for result in results:
                assert type(result) is np.ndarray
                assert result.dtype == np.float32
            found[f"{case.name} {operation}"] = max(check.error(result, expected) for result in results)
    return found


# How many operations each offers, to see that nothing is lost.
OFFERS = {"jax": 12, "onnxruntime": 9, "openvino": 9, "mygrad": 5, "autograd": 3, "scipy": 3}
# What is wrong in a library: the window of an even size, and a k that is no whole number.
WRONG = {"openvino": {"founding/normalization local_response_norm"}}


def test_what_a_library_offers_is_what_the_definition_says(peer):
    found = json.loads(alone(OPERATIONS_OF_CASES, peer, str(Path(__file__).parent)))
    numbers = {problem: error for problem, error in found.items() if not isinstance(error, str)}
    wrong = {problem for problem, error in numbers.items() if not error < BOUNDS["float32"]}
    assert wrong == WRONG.get(peer, set()), numbers
    assert all(reason for reason in found.values() if isinstance(reason, str))
    assert len({problem.split()[-1] for problem in numbers}) == OFFERS[peer], found


# What a library does with a large layer, and how much of the time of its process its busiest thread has.
THREADS = """
import os, sys, time
from pathlib import Path
from convnotes.benchmark.measuring.foreign import ForeignWorker
from convnotes.cases import Case

def times():
    found = {}
    for task in Path("/proc/self/task").iterdir():
        fields = (task / "stat").read_text().rpartition(")")[2].split()
        found[task.name] = int(fields[11]) + int(fields[12])
    return found

name = sys.argv[1]
worker = ForeignWorker({name: name}, "float32", "float32", 1e9, 1)
cases = [
    Case("large", "conv2d", (4, 64, 58, 58), (64, 64, 3, 3)),
    Case("large", "max_pool2d", (8, 64, 112, 112), None, {"kernel_size": 2}),
]
for case in cases:
    try:
        call = worker.prepare(name, case, case.layer)
    except NotImplementedError:
        continue
    call()
    before, end = times(), time.perf_counter() + 1.5
    while time.perf_counter() < end:
        call()
    used = sorted(now - before.get(task, 0) for task, now in times().items())
    print(case.layer, sum(used) / max(1, used[-1]))
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="the system does not tell the time of each thread")
@pytest.mark.skipif(machine.cores() < 2, reason="on one core there is nothing to be seen")
def test_one_thread_is_one(peer):
    """All the time that a process works is that of one thread. It is a ratio, whatever else the machine does.

    JAX hands a call from one thread to another, which takes some per cent; a second one at work takes half or more.
    """
    if peer == "scipy":
        pytest.skip("it follows NumPy's BLAS, and is 100 times as slow on this layer")
    lines = alone(THREADS, peer).splitlines()
    assert lines
    for line in lines:
        assert float(line.split()[-1]) < 1.2, line


READY = """
from convnotes.benchmark.measuring.foreign import ForeignWorker
from convnotes.cases import Case

worker = ForeignWorker({"jax": "jax"}, "float32", "float32", 1e9, 1)
case = Case("large", "conv2d", (8, 64, 58, 58), (64, 64, 3, 3))
for operation in case.operations:
    call = worker.prepare("jax", case, operation)
    print(all(call().is_ready() for _ in range(3)))
"""


@pytest.mark.skipif(find_spec("jax") is None, reason="jax is not installed: pip install 'convnotes[peers]'")
def test_a_call_of_jax_returns_when_its_result_is_there():
    assert alone(READY).split() == ["True"] * 3


def test_a_run_of_the_benchmark_has_them_beside_ours(peer, tmp_path, capsys):
    out = tmp_path / "out"
    few = ["--cases", "founding/stride 1", "--operations", "conv2d", "--rounds", "1", "--repeats", "1"]
    assert main(["benchmark", *few, "--implementations", f"fast,{peer}", "--out", str(out)]) == 0
    assert f"{peer}: convnotes.peers.{peer} {peer} " in (out / "README.md").read_text()


# A library with numbers of its own, which counts how often it makes them.
LIBRARY = """
from convnotes import matmul
made = []

class Own:
    def __init__(self, array): self.array = array; made.append(self)

def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    raise RuntimeError("this is not the way in")

def to_numpy(result):
    return result.array

def prepare(operation, arguments):
    X = Own(arguments.pop("input"))
    count = len(made)
    def call():
        assert len(made) == count, "converted inside the clock"
        result = object.__new__(Own)
        result.array = getattr(matmul, operation)(X.array, **arguments)
        return result
    return call
"""


def measured(tmp_path, code: str, operation: str = "conv2d") -> list[dict]:
    """The rows of a small case by a module of this code."""
    path, expected = tmp_path / "mine.py", tmp_path / "expected.npy"
    path.write_text(code)
    (case,) = select("ops/conv2d")
    worker = ForeignWorker({"mine": str(path)}, "float32", "float32", 1e9, 1)
    np.save(expected, getattr(naive, operation)(**case.arguments(operation, worker.operands(case))))
    return worker.measure(case, operation, Definition("naive"), expected, 2)


def test_a_prepared_call_is_what_is_timed_and_its_result_what_is_compared(tmp_path):
    rows = measured(tmp_path, LIBRARY)
    assert [row["status"] for row in rows] == ["measured", "measured"], rows
    assert all(row["error"] < 1e-5 and row["seconds"] > 0 for row in rows)
    assert all(row["peak_bytes"] is None for row in rows), "its memory is out of sight"


@pytest.mark.parametrize(
    ("old", "new", "status", "note"),
    [
        ("return result.array", "return result.array + 1", "wrong", None),
        ("return result.array", "return result", "wrong", "returns Own instead of an array"),
        ("return result.array", "return result.array.tolist()", "wrong", "returns list instead of an array"),
        ("X = Own(", "raise NotImplementedError('no groups'); (", "not offered", "no groups"),
        ("X = Own(", "arguments['weight'][...] = 0; X = Own(", "wrong", "changes its argument weight"),
        ("    return call\n", "", "failed", "TypeError: 'NoneType' object is not callable"),
        ("X = Own(", "raise SystemExit(3); (", "failed", "SystemExit: 3"),
        ("def to_numpy", "def another", "failed", "RuntimeError: this is not the way in"),
        ("def conv2d", "def another", "not offered", "no function conv2d"),
        (", groups=1", "", "measured", None),
        (", bias=None", "", "not offered", "no parameter bias"),
    ],
)
def test_everything_else_of_a_prepared_call_is_a_row_that_says_what_it_is(tmp_path, old, new, status, note):
    assert old in LIBRARY
    row = measured(tmp_path, LIBRARY.replace(old, new))[0]
    assert row["status"] == status, row
    assert note is None or row["note"] == note


def test_a_plain_function_is_measured_as_before(tmp_path):
    (row, _) = measured(tmp_path, "from convnotes.matmul import conv2d\n")
    assert row["status"] == "measured"
    assert row["peak_bytes"] > 0


def test_the_template_says_how_to_prepare_a_call(capsys):
    assert main(["template"]) == 0
    printed = capsys.readouterr().out
    assert "prepare(operation, arguments)" in printed
    assert "to_numpy(result)" in printed


def test_a_peer_makes_its_functions_of_what_it_prepares():
    @peers.offered(np.negative)
    def bias_grad(grad_output):
        return lambda: grad_output.sum((0, 2, 3))

    X = np.ones((2, 3, 1, 1))
    assert bias_grad(grad_output=X).tolist() == [-2, -2, -2]
    assert bias_grad.__wrapped__(X)().tolist() == [2, 2, 2]
    assert offers(SimpleNamespace(bias_grad=bias_grad), "bias_grad", OPERATIONS["bias_grad"])
