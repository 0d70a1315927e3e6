"""The package alone: what it does where nothing is installed but NumPy and threadpoolctl, and where nothing can start.

The wheel is unpacked into a new environment, beside the two. For the tests that are run there, pytest and Hypothesis
lie in a folder of their own.
"""

import os
import re
import shutil
import subprocess
import sys
import venv
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import patience

ROOT = Path(__file__).parents[1]
# These need no other library. Of those that ask every implementation, the ones named after torch are left out.
TESTS = ["test_choice.py", "test_matmul.py", "test_threads.py", "test_windows.py"]
MODULES = ["naive", "matmul", "fast", "cases", "windows.py", "layout.py", "check.py", "wording.py"]


def with_needs(*names: str) -> set[str]:
    """Distributions and what they need in turn."""
    needed = [one for name in names for one in map(Requirement, distribution(name).requires or [])]
    needed = {one.name for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})}
    return {*names} | (with_needs(*needed) if needed else set())


def lay(names: set[str], folder: Path) -> Path:
    """Distributions that are installed here, in a folder of another environment."""
    for found in map(distribution, names):
        home = Path(found.locate_file(""))
        for top in {file.parts[0] for file in found.files} - {"..", "__pycache__"}:
            if os.name == "posix":
                (folder / top).symlink_to(home / top)
            else:
                (shutil.copytree if (home / top).is_dir() else shutil.copy)(home / top, folder / top)
    return folder


def run(python: Path | str, *arguments: str, **settings) -> subprocess.CompletedProcess:
    settings = {"env": os.environ | {"PYTHONPATH": ""}, "cwd": None} | settings
    return subprocess.run([python, *arguments], capture_output=True, text=True, timeout=patience.SECONDS, **settings)


@pytest.fixture(scope="module")
def light(shipped, tmp_path_factory):
    """The Python of an environment that holds the wheel and what it needs, and nothing else."""
    folder = tmp_path_factory.mktemp("light")
    venv.create(folder, symlinks=os.name == "posix")
    python = folder / ("bin/python" if os.name == "posix" else "Scripts/python.exe")
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").stdout.strip())
    shipped[1].extractall(lay({"numpy", "threadpoolctl"}, site))
    return python


def test_operations_are_there_and_nothing_that_they_do_not_need(light):
    code = """
import sys
from importlib.util import find_spec
from convnotes import check, fast, layout, matmul, naive, windows
X, K = [[[[1.0, 2, 3, 4]]]], [[[[1.0, 2]]]]
for name, module in {"matmul": matmul, "fast": fast}.items():
    check.compare(name, module.conv2d(X, K, padding=1), naive.conv2d(X, K, padding=1), against="naive")
print(*(name for name in ("torch", "pandas", "matplotlib", "hypothesis", "IPython", "tqdm") if find_spec(name)))
"""
    done = run(light, "-c", code)
    lines = [f"{name}  (1, 1, 3, 5)  matches naive  error < 1e-12\n" for name in ("matmul", "fast")]
    assert (done.stdout, done.stderr) == ("".join(lines) + "\n", "")


def test_the_tests_that_need_no_more_pass_there(light, tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    lay(with_needs("pytest", "hypothesis"), tools)
    shutil.copytree(ROOT / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    package = run(light, "-c", "import convnotes, pathlib; print(pathlib.Path(convnotes.__file__).parent)")
    modules = [str(Path(package.stdout.strip()) / name) for name in MODULES]
    assert str(tmp_path.anchor) in modules[0]
    environment = os.environ | {"PYTHONPATH": str(tools), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    common = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", str(tmp_path / "pytest.ini")]
    for chosen in (["--doctest-modules", *modules], ["-k", "not torch", *(f"tests/{name}" for name in TESTS)]):
        done = run(light, *common, *chosen, cwd=tmp_path, env=environment)
        assert done.returncode == 0, done.stdout + done.stderr
        assert int(re.search(r"(\d+) passed", done.stdout).group(1)) > 10


@pytest.mark.parametrize("arguments", [["--version"], ["template"], ["--help"], ["check", "--help"]])
def test_commands_that_need_no_more_are_there(light, arguments):
    done = run(light, "-m", "convnotes.benchmark", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


@pytest.mark.parametrize(
    ("command", "extra"),
    [
        (["benchmark", "--cases", "founding/bias", "--out", "run"], "benchmark"),
        (["plot", "."], "benchmark"),
        (["compare", ".", "."], "benchmark"),
        (["check", "fast"], "check"),
        (["layers", "net.py:make", "--input", "1,3,8,8"], "torch"),
    ],
)
def test_a_command_that_needs_more_says_which_extra_has_it(light, command, extra, tmp_path):
    done = run(light, "-m", "convnotes.benchmark", *command, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    sentence = rf"convnotes {command[0]} needs \w+: pip install 'convnotes\[{extra}\]'\n"
    assert re.fullmatch(sentence, done.stderr)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("module", "sentence"),
    [
        ("convnotes.reference", "convnotes.reference needs torch: pip install 'convnotes[torch]'"),
        ("convnotes.show", "convnotes.show needs IPython: pip install 'convnotes[book]'"),
        ("convnotes.style", "convnotes.style needs matplotlib: pip install 'convnotes[book]'"),
        ("convnotes.draw", "convnotes.style needs matplotlib: pip install 'convnotes[book]'"),
        ("convnotes.proof.judge", "convnotes.proof needs hypothesis: pip install 'convnotes[check]'"),
    ],
)
def test_a_module_that_needs_more_says_which_extra_has_it(light, module, sentence):
    code = f"try: import {module}\nexcept ImportError as problem: print(problem)"
    assert run(light, "-c", code).stdout == f"{sentence}\n"


# What Python lacks in a browser.
NOTHING_STARTS = """
import _thread, os, random, sys, threading
def refuse(*arguments, **settings):
    raise RuntimeError("can't start new thread")
for module in (_thread, threading):
    for name in ("start_new_thread", "start_joinable_thread", "_start_new_thread", "_start_joinable_thread"):
        if hasattr(module, name):
            setattr(module, name, refuse)
for name in ("fork", "register_at_fork"):
    if hasattr(os, name):
        delattr(os, name)
sys.modules |= dict.fromkeys(["_multiprocessing", "_posixshmem"])
"""


def test_operations_work_where_neither_threads_nor_processes_can_start(light):
    code = """
import numpy as np
from convnotes import fast, layout, matmul, naive
from convnotes.fast.algorithms import shares
from convnotes.fast.machine import threads
X, K = np.random.default_rng(0).standard_normal((2, 5, 3, 7, 7))
K = K[:, :, :3, :3]
shares.LONG, threads.number = 0, lambda: 4  # as if there were
for module in (matmul, fast):
    for name, given in (("conv2d", (X, K)), ("max_pool2d", (X, 2)), ("local_response_norm", (X, 3))):
        expected = getattr(naive, name)(*given)
        assert np.allclose(getattr(module, name)(*given), expected, rtol=0, atol=1e-12), name
assert not threads._pool.cache_info().currsize, "what was shared is kept"
"""
    done = run(light, "-c", NOTHING_STARTS + code)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_command_that_needs_processes_says_so_where_there_are_none():
    code = "from convnotes.benchmark.__main__ import main; sys.exit(main(['check', 'fast']))"
    done = run(sys.executable, "-c", NOTHING_STARTS + code, cwd=ROOT)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "convnotes check needs _multiprocessing, which this Python is built without\n"
