"""Notebook 00 leads into the rest, and says of it what is true."""

import re
from pathlib import Path

import nbformat

from convnotes import IMPLEMENTATIONS

ROOT = Path(__file__).parents[1]
CELLS = nbformat.read(ROOT / "notebooks" / "00_start_here.ipynb", as_version=4).cells
PROSE = "\n".join(cell.source for cell in CELLS if cell.cell_type == "markdown")


def test_its_commands_are_those_of_the_readme():
    commands = [line for block in re.findall(r"^```sh\n(.*?)^```", PROSE, re.S | re.M) for line in block.splitlines()]
    assert len(commands) == 2
    assert set(commands) <= set((ROOT / "README.md").read_text().splitlines())


def test_the_map_links_every_other_notebook():
    for path in sorted((ROOT / "notebooks").glob("*.ipynb"))[1:]:
        title = nbformat.read(path, as_version=4).cells[0].source.splitlines()[0].removeprefix("# ")
        assert f"| [{title}]({path.name}) |" in PROSE


def test_every_implementation_is_introduced_and_asked():
    for module in IMPLEMENTATIONS.values():
        assert f"`{module}`" in PROSE
    printed = "".join(output.get("text", "") for cell in CELLS if cell.cell_type == "code" for output in cell.outputs)
    for name in IMPLEMENTATIONS:
        assert f"{name}  (3,)  matches the sums by hand  error < 1e-12\n" in printed
