"""Every public function says what it takes and returns, and mypy finds that it is so."""

import inspect
import re
import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest

from convnotes import IMPLEMENTATIONS, OPERATIONS, implementation

ROOT = Path(__file__).parents[1]


def pin(name: str) -> str:
    (found,) = re.findall(rf"^{name}==(\S+)$", (ROOT / "constraints.txt").read_text(), re.M)
    return found


@pytest.mark.skipif(
    find_spec("mypy") is None or version("mypy") != pin("mypy") or version("numpy") != pin("numpy"),
    reason="what NumPy's types are, and what mypy finds, differs from version to version",
)
def test_mypy_finds_no_fault(tmp_path):
    command = [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.match(r"Success: no issues found in \d+ source files", done.stdout)


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_operations_are_annotated_by_names_that_help_shows(name):
    for operation in OPERATIONS:
        signature = inspect.signature(getattr(implementation(name), operation))
        assert signature.return_annotation == "Array", operation
        for one in signature.parameters.values():
            assert isinstance(one.annotation, str), (operation, one)


def test_the_package_says_that_it_is_typed():
    assert (ROOT / "convnotes" / "py.typed").exists()
