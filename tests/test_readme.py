"""What the README shows is run as it stands there."""

import doctest
import re
from pathlib import Path

from convnotes import IMPLEMENTATIONS, OPERATIONS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


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


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_the_two_commands_stand_on_a_line_each():
    """.ci/run takes the second from here."""
    lines = [line for line in README.splitlines() if line.startswith("python3 -m venv .venv && ")]
    assert [line.rsplit(" ", 1)[1] for line in lines] == ["--quick", "pytest"]
    assert "convnotes benchmark --quick" in lines[0]
    assert "README.md" in (ROOT / ".ci/run").read_text()
