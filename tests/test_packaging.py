"""What is installed and what is shipped: packages and their versions, the version, the licence, what files."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, requires, version
from pathlib import Path

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import convnotes
from convnotes.benchmark.reporting import provenance
from convnotes.benchmark.storing import machine
from measurements import ENVIRONMENT
from test_house import PACKAGE, ROOT, imports

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = {name: list(map(Requirement, lines)) for name, lines in PROJECT["optional-dependencies"].items()}
LIGHT = list(map(Requirement, PROJECT["dependencies"]))


def required(*extras: str) -> list[Requirement]:
    """What extras ask for, once each, those that they name of this project among it."""
    found = {}
    for one in (one for extra in extras for one in EXTRAS[extra]):
        found |= {str(one): one} if one.name != "convnotes" else {str(other): other for other in required(*one.extras)}
    return list(found.values())


LINES = {"run": LIGHT + required("benchmark", "book", "check", "torch"), "extra": required("onnx", "numba")}
LINES["test"] = [one for one in required("test") if one not in LINES["run"]]
PEERS = PACKAGE / "peers"
CONSTRAINTS = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
PINS = {canonicalize_name(name): pin for name, pin in (line.split("==") for line in CONSTRAINTS)}

# Under other names on conda-forge.
CONDA_NAMES = {"matplotlib": "matplotlib-base", "torch": "pytorch", "jupyter-client": "jupyter_client"}
# Started, and not imported.
TOOLS = {"run": {"jupyterlab"}, "test": {"mypy", "nbval", "pytest-xdist", "ruff", "setuptools"}}

# The extra that has what a folder, or a part of one, imports beside what is always there.
ROOMS = {
    "check": ("convnotes/proof", "convnotes/benchmark/commands"),
    "benchmark": ("convnotes/benchmark", "convnotes/proof"),
    "book": ("notebooks", "docs/window.py", "convnotes/draw"),
}


def names(requirements) -> set[str]:
    return {canonicalize_name(requirement.name) for requirement in requirements}


def test_environment_and_pyproject_name_the_same_packages_and_bounds():
    pypi = [f"{CONDA_NAMES.get(one.name, one.name)}{one.specifier}" for one in LINES["run"] + LINES["test"]]
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    assert conda[-1] == {"pip": ["-e ."]}
    assert conda[:2] == ["python" + PROJECT["requires-python"], "pip"]
    assert sorted(map(str, map(Requirement, conda[2:-1]))) == sorted(pypi)


def test_every_requirement_has_a_lowest_version_and_an_upper_bound():
    for one in LINES["run"] + LINES["test"]:
        assert sorted(bound.operator for bound in one.specifier) == ["<", ">="], one


def test_the_first_notebook_asks_for_the_lowest_versions():
    bounds = {one.name: next(b.version for b in one.specifier if b.operator == ">=") for one in LINES["run"]}
    python = PROJECT["requires-python"].removeprefix(">=")
    line = f"Python at least {python}, NumPy at least {bounds['numpy']}, torch at least {bounds['torch']}"
    first = nbformat.read(ROOT / "notebooks" / "00_start_here.ipynb", as_version=4)
    assert any(line in cell.source for cell in first.cells if cell.cell_type == "code")


def test_constraints_pin_every_requirement_within_its_bounds_and_nothing_twice():
    assert len(PINS) == len(CONSTRAINTS)
    for one in LINES["run"] + LINES["test"]:
        assert one.specifier.contains(PINS[canonicalize_name(one.name)]), one
    # A pin must fit every build of a release, and a constraint cannot be the project itself.
    assert all(re.fullmatch(r"[\w.]+", pin) for pin in PINS.values())
    assert "convnotes" not in PINS


def test_constraints_pin_what_their_packages_need_in_turn():
    """Asked of the packages that stand here in the version of their pin; torch's needs depend on its build."""
    for name in sorted(
        PINS.keys() & {canonicalize_name(d) for found in packages_distributions().values() for d in found}
    ):
        if version(name) == PINS[name] and name != "torch":
            needed = [one for one in map(Requirement, requires(name) or []) if not one.marker or one.marker.evaluate()]
            assert names(needed) - {"pip"} <= PINS.keys(), name


def sources(folder: str) -> list[str]:
    """The code of a folder: its modules but for those that need other libraries, or the cells of its notebooks."""
    notebooks = [nbformat.read(path, as_version=4) for path in (ROOT / folder).glob("*.ipynb")]
    cells = [cell.source for notebook in notebooks for cell in notebook.cells if cell.cell_type == "code"]
    if folder.endswith(".py"):
        return [(ROOT / folder).read_text(encoding="utf-8")]
    modules = [path for path in (ROOT / folder).rglob("*.py") if path.parent != PEERS]
    return [path.read_text(encoding="utf-8") for path in modules] + cells


def imported(*folders: str) -> set[str]:
    """The distributions that folders import, but for the standard library and the project itself."""
    modules = {name.split(".")[0] for folder in folders for source in sources(folder) for name in imports(source)}
    modules -= {"convnotes", *sys.stdlib_module_names, *(path.stem for path in ROOT.glob("[te]*s/*.py"))}
    modules -= {"docutils"}  # which Sphinx brings; tests/test_repository.py looks after the extra `site`
    installed = packages_distributions()
    return {canonicalize_name(name) for module in modules for name in installed[module]}


def test_what_is_imported_is_required_and_the_other_way_round():
    run = imported("convnotes", "notebooks", "docs") - names(LINES["extra"])
    assert run == names(LINES["run"]) - TOOLS["run"]
    assert imported("tests", "examples") - run == names(LINES["test"]) - TOOLS["test"]


def test_the_extra_of_peers_is_what_their_modules_import():
    """Each is imported by the name of its distribution, so that what is not installed can be asked for too."""
    found = {name.split(".")[0] for path in PEERS.glob("*.py") for name in imports(path.read_text())}
    asked = list(map(Requirement, PROJECT["optional-dependencies"]["peers"]))
    assert found - {"convnotes", *sys.stdlib_module_names} - names(LIGHT) == names(asked)
    for one in asked:
        assert sorted(bound.operator for bound in one.specifier) == ["<", ">="], one


def test_what_is_always_there_is_what_operations_import():
    folders = [f"convnotes/{name}" for name in ("naive", "matmul", "fast", "cases")]
    loose = [f"convnotes/{name}.py" for name in ("windows", "layout", "check", "arguments", "parameters")]
    assert imported(*folders, *loose) == names(LIGHT)


@pytest.mark.parametrize("extra", ROOMS)
def test_an_extra_is_what_its_rooms_import(extra):
    # A progress bar is what `convnotes check` takes from a room of the benchmark.
    bar = {"tqdm"} if extra == "check" else set()
    also = {"matplotlib-inline", "jupyterlab"} if extra == "book" else set()
    assert imported(*ROOMS[extra]) | bar | also == names(EXTRAS[extra]) | names(LIGHT)


def test_the_extra_of_everything_names_every_other_one():
    (everything,) = EXTRAS["all"]
    assert everything.name == "convnotes"
    assert everything.extras == EXTRAS.keys() - {"all"}


def test_a_package_has_the_same_bounds_wherever_it_is_asked_for():
    asked = {str(one) for one in LIGHT + required(*EXTRAS)}
    assert len(asked) == len({canonicalize_name(Requirement(one).name) for one in asked})


def test_the_environment_of_a_run_has_the_version_which_stands_where_there_is_no_git():
    assert machine.describe("float32", "cpu", 1)["version"] == convnotes.__version__
    unknown = {**ENVIRONMENT, "commit": None}
    assert "; convnotes 1.2.3; " in provenance.line({**unknown, "version": "1.2.3"})
    assert "; commit unknown; " in provenance.line(unknown), "older results hold no version"


def test_an_installed_package_is_in_nobodys_way(tmp_path):
    """What is tested is what lies here: in this process, in those that it starts, and by a bare `pytest`."""
    shutil.copytree(PACKAGE, tmp_path / "convnotes", ignore=shutil.ignore_patterns("__pycache__"))
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    # With -P, python -m pytest is pytest: the current folder is not where modules are looked for.
    collected = [
        "tests/test_house.py::test_importing_our_operations_loads_no_torch",
        "convnotes/benchmark/reporting/units.py",
    ]
    command = [sys.executable, "-P", "-m", "pytest", "-n0", "-p", "no:cacheprovider", *collected]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    code = "import convnotes; print(convnotes.__file__)"
    found = subprocess.run([sys.executable, "-P", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert Path(found.stdout.strip()).parent == PACKAGE


def files(folder: Path, *below: str) -> set[str]:
    """What git would not ignore below a folder."""
    found = [path for name in below for path in [folder / name, *(folder / name).rglob("*")] if path.is_file()]
    ignored = {"__pycache__", ".ruff_cache", ".ipynb_checkpoints", "quick"}
    return {
        path.relative_to(folder).as_posix() for path in found if not ignored & set(path.parts) and path.suffix != ".svg"
    }


def test_the_source_distribution_holds_what_tests_and_notebooks_need(shipped):
    source, _ = shipped
    named = ["convnotes", "docs", "notebooks", "results", "tests", ".ci", ".devcontainer", ".github"]
    named += ["LICENSE", "README.md", "constraints.txt", "environment.yml", "pyproject.toml"]
    named += ["CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", ".pre-commit-config.yaml"]
    assert files(source, *named) == files(ROOT, *named)


def test_the_wheel_holds_the_package_alone(shipped):
    _, wheel = shipped
    inside = {name for name in wheel.namelist() if not name.startswith(f"convnotes-{convnotes.__version__}.dist-info/")}
    assert inside == {name for name in files(ROOT, "convnotes") if not name.endswith(".toml")}


def test_the_wheel_says_its_version_its_authors_and_its_licence(shipped):
    _, wheel = shipped
    folder = f"convnotes-{convnotes.__version__}.dist-info"
    said = wheel.read(f"{folder}/METADATA").decode().splitlines()
    assert f"Version: {convnotes.__version__}" in said
    assert {"Author: The convnotes authors", "License-Expression: BSD-3-Clause", "License-File: LICENSE"} <= set(said)
    always = {line.removeprefix("Requires-Dist: ") for line in said if "Requires-Dist" in line and "extra" not in line}
    assert set(map(Requirement, always)) == set(LIGHT)
    assert wheel.read(f"{folder}/licenses/LICENSE").decode() == (ROOT / "LICENSE").read_text()
    assert "Copyright (c) 2026, The convnotes authors" in (ROOT / "LICENSE").read_text()
