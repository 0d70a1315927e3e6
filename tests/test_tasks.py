"""The tasks in which a reader writes what a notebook derives can be done, checked and timed by what stands there."""

import re
from pathlib import Path

import nbformat
import pytest

from convnotes import OPERATIONS
from convnotes.benchmark.commands import parser
from convnotes.proof.template import template

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
HEADING = re.compile(r"^### Task (\d+)\. .+$", re.M)
HINT = re.compile(r"^<details><summary>Hint (\d): [^\n<]+</summary>\n\n(.+?)\n\n</details>$", re.S | re.M)
COMMANDS = re.compile(r"^```sh\n(.*?)^```", re.S | re.M)

# The notebooks that derive operations; 00 leads in, and the later ones only use them.
DERIVING = [path for path in NOTEBOOKS if 1 <= int(path.name[:2]) <= 8]
AT_LEAST = 12


def prose(path: Path) -> list[str]:
    return [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"]


def section(path: Path) -> str:
    """What stands under "Write it yourself"; empty where a notebook has no such section."""
    text = "\n\n".join(prose(path))
    found = re.search(r"^## Write it yourself\n(.*?)^## ", text, re.S | re.M)
    return found[1] if found else ""


def tasks(path: Path) -> list[str]:
    """The tasks of a notebook, each from its heading on."""
    text = section(path)
    starts = [found.start() for found in HEADING.finditer(text)]
    return [text[start:stop] for start, stop in zip(starts, [*starts[1:], len(text)])]


def commands(text: str) -> list[str]:
    return [line for block in COMMANDS.findall(text) for line in block.splitlines()]


TASKS = [(path, task) for path in NOTEBOOKS for task in tasks(path)]
every_task = pytest.mark.parametrize(
    ("path", "task"), TASKS, ids=[f"{p.name[:2]} {t.splitlines()[0][4:]}" for p, t in TASKS]
)


@pytest.fixture
def understood(tmp_path, monkeypatch):
    """What the command line makes of a line, in a folder that holds the files which the template made."""
    monkeypatch.chdir(tmp_path)

    def parse(line: str):
        program, *words = line.split()
        assert program == ".venv/bin/convnotes"
        for file in re.findall(r"\w+\.py", line):
            Path(file).write_text(template())
        return parser().parse_args(words)

    return parse


def test_there_are_enough_and_each_notebook_counts_its_own():
    assert len(TASKS) >= AT_LEAST
    for path in NOTEBOOKS:
        numbers = [int(number) for number in HEADING.findall(section(path))]
        assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("path", DERIVING, ids=[path.stem for path in DERIVING])
def test_a_notebook_that_derives_has_its_reader_write_before_it_closes(path):
    text = "\n\n".join(prose(path))
    assert commands(section(path))
    assert text.index("## Write it yourself\n") < text.index("## What goes wrong\n") < text.index("## Solutions\n")


def test_every_operation_is_written_somewhere(understood):
    lines = [line for path in NOTEBOOKS for line in commands(section(path)) if " check " in line]
    assert {operation for line in lines for operation in understood(line).operations} == set(OPERATIONS)


@every_task
def test_two_commands_ask_about_what_the_task_names(path, task, understood):
    """One checks, one times the same operations of the same file beside ours."""
    check, benchmark = map(understood, commands(task))
    assert (check.command, benchmark.command) == ("check", "benchmark")
    statement = task.split("```sh")[0]
    assert {*check.operations} < {*OPERATIONS}
    assert all(f"`{operation}`" in statement for operation in check.operations), "the function to write is named"
    assert "values" in check.only
    assert benchmark.operations == check.operations
    assert benchmark.quick
    (file,) = check.implementations
    ours, theirs, own = benchmark.implementations
    assert (ours.label, theirs.label, own.source) == ("fast", "torch", f"./{file}")
    assert f"`.venv/bin/convnotes template --out {file}`" in section(path)


@every_task
def test_two_hints_are_collapsed_and_give_no_function_away(path, task):
    """What stands in them is Markdown only between blank lines."""
    hints = HINT.findall(task)
    assert [number for number, _ in hints] == ["1", "2"]
    assert task.count("<details") == task.count("</details>") == 2
    for _, hint in hints:
        assert not re.search(r"\breturn |^def |```", hint, re.M)


@every_task
def test_sections_and_equations_that_are_named_are_there(path, task):
    text = "\n".join(prose(path))
    sections = {int(number) for number in re.findall(r"^## (\d+)\. ", text, re.M)}
    assert {int(number) for number in re.findall(r"\bsection (\d+)", task)} <= sections
    equations = {int(number) for number in re.findall(r"\\tag\{(\d+)\}", text)}
    named = re.findall(r"\b[Ee]quation \(?(\d+)", task)
    assert {int(number) for number in named} <= equations
