"""What the README shows is run as it stands there."""

import doctest
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image

from convnotes import IMPLEMENTATIONS, OPERATIONS
from convnotes.benchmark.commands import parser
from convnotes.benchmark.reporting import runs, summary
from convnotes.benchmark.reporting.units import digits

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
WINDOW = ROOT / "docs" / "window.gif"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.S | re.M)


def test_the_examples_run():
    names = {}
    for block in blocks("python"):
        exec(compile(block, "README.md", "exec"), names)
    for block in blocks("pycon"):
        example = doctest.DocTestParser().get_doctest(block, names, "README.md", "README.md", 0)
        assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example).failed == 0
    assert {"X", "K", "Y"} <= set(names)


def test_every_operation_and_implementation_is_named():
    for operation in OPERATIONS:
        assert f"`{operation}`" in README
    for module in IMPLEMENTATIONS.values():
        assert f"`{module}`" in README


def test_the_example_has_as_many_lines_as_it_is_said_to_have():
    lines = len((ROOT / "examples" / "numba_conv.py").read_text().splitlines())
    assert f"is one of {lines} lines" in README


def test_every_command_that_is_shown_is_one():
    shown = re.findall(r"(?:^|do |bin/)convnotes ([^;>|\n&]+)", "\n".join(blocks("sh")), re.M)
    assert {line.split()[0] for line in shown} == {"benchmark", "compare", "template", "check", "layers"}
    for line in shown:
        _, unknown = parser().parse_known_args(line.split())
        assert not unknown, line


def test_links_lead_somewhere():
    targets = re.findall(r"\]\(([^)#]+)\)|src=\"([^\"]+)\"", README)
    assert len(targets) > 20
    for target in map("".join, targets):
        # A reader's own results may hold fewer figures.
        assert (ROOT / target).exists() or (target.startswith("results/") and committed("results") is False), target


def test_the_two_commands_stand_on_a_line_each():
    """.ci/run takes the second from here."""
    lines = [line for line in README.splitlines() if line.startswith("python3 -m venv .venv && ")]
    assert [line.rsplit(" ", 1)[1] for line in lines] == ["--quick", "pytest"]
    assert "convnotes benchmark --quick" in lines[0]
    assert "README.md" in (ROOT / ".ci/run").read_text()


def test_what_is_installed_is_what_the_outputs_were_made_with():
    for line in README.splitlines():
        if "pip install" in line and " -e " in line:
            assert "-c constraints.txt" in line, line
    assert f"`torch=={pin('torch')}`" in README


def pin(name: str) -> str:
    (found,) = re.findall(rf"^{name}==(\S+)$", (ROOT / "constraints.txt").read_text(), re.M)
    return found


def test_the_pythons_it_names_are_those_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    minors = [int(minor) for minor in re.findall(r":: 3\.(\d+)'", str(project["classifiers"]))]
    assert project["requires-python"] == f">=3.{minors[0]}"
    assert f"Python 3.{minors[0]} to 3.{minors[-1]} " in README
    assert f"with Python 3.{minors[-1] + 1}, pip" in " ".join(README.split())


def test_the_moving_picture_is_what_its_command_draws(tmp_path):
    shutil.copy(ROOT / "docs" / "window.py", tmp_path)
    subprocess.run([sys.executable, tmp_path / "window.py"], check=True)
    # Another Matplotlib sets its letters elsewhere by a point or two.
    bound = 0.5 if matplotlib.__version__ == pin("matplotlib") else 2.5
    with Image.open(WINDOW) as stored, Image.open(tmp_path / "window.gif") as drawn:
        assert (stored.size, stored.n_frames, stored.info["duration"]) == (drawn.size, drawn.n_frames, 900)
        for frame in range(stored.n_frames):
            stored.seek(frame)
            drawn.seek(frame)
            difference = np.subtract(stored.convert("L"), drawn.convert("L"), dtype=float)
            assert abs(difference).mean() < bound, f"frame {frame}"
    assert max(WINDOW.stat().st_size, (tmp_path / "window.gif").stat().st_size) < 300_000


def test_it_says_of_the_results_what_they_say():
    if committed("results") is False:
        pytest.skip("results/ holds runs of the reader's own; the README speaks of the committed ones")
    for each in told(runs.full(ROOT / "results")):
        assert each in README


def committed(folder: str) -> bool | None:
    """Whether a folder is as in the last commit; None where there is no git."""
    git = ["git", "--git-dir", ROOT / ".git", "--work-tree", ROOT, "diff", "--quiet", "HEAD", "--", folder]
    try:
        return {0: True, 1: False}.get(subprocess.run(git, capture_output=True, cwd=ROOT).returncode)
    except OSError:
        return None


def told(machines: dict[str, runs.Run]) -> list[str]:
    """What the README says below its figure, of the convolutions of the networks on each machine."""
    lines, cases = [], set()
    for name, run in sorted(machines.items()):
        rows = summary.calls(run.summary.fillna({"step": ""}))
        rows = rows[rows["operation"].str.startswith("conv2d") & (rows["suite"] == "networks")]
        cases |= set(rows["case"])
        means = rows.groupby(["implementation", rows["operation"].map(summary.kind)])["ratio_to_torch"]
        means = means.agg(summary.geometric_mean).map(digits)
        fast, matmul = (
            " / ".join(means[which, kind] for kind in ("forward", "input gradient", "parameter gradient"))
            for which in ("fast", "matmul")
        )
        lines.append(f"| [{name}](results/{name}/README.md), {run.environment['date'][:10]} | {fast} | {matmul} |")
    networks = {case.split("/")[0] for case in cases}
    return [f"{len(cases)} convolutions of {len(networks)} networks", *lines]
