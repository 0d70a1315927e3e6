"""Whoever breaks a rule is sent to a notebook and a section that are there."""

import re
from pathlib import Path

import nbformat
import pytest

from convnotes import OPERATIONS
from convnotes.proof import derivations, judge

ROOT = Path(__file__).parents[1]
SENT = re.compile(r"(notebooks/\S+\.ipynb), section '(.+)'")


def headings(path: str) -> list[str]:
    """The headings of a notebook's sections, without their marks."""
    cells = nbformat.read(ROOT / path, as_version=4).cells
    return [
        line.removeprefix("## ")
        for cell in cells
        if cell.cell_type == "markdown"
        for line in cell.source.splitlines()
        if line.startswith("## ")
    ]


@pytest.mark.parametrize("number", derivations.NOTEBOOKS)
def test_every_notebook_that_is_named_is_there(number):
    path = Path(derivations.NOTEBOOKS[number])
    assert (ROOT / path).is_file()
    assert path.name.startswith(f"{number}_")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_section_that_is_named_is_there(operation):
    sections = derivations.SECTIONS[operation]
    assert "" in sections
    for number, heading in sections.values():
        assert heading in headings(derivations.NOTEBOOKS[number])


def test_only_operations_are_derived():
    assert list(derivations.SECTIONS) == list(OPERATIONS)


def test_every_rule_sends_its_reader_somewhere():
    """The text that is printed, as it is printed: a section of a notebook, or the help of a function."""
    for rule in judge.everything():
        sent = SENT.fullmatch(rule.derived)
        if sent:
            assert sent[2] in headings(sent[1]), rule
        else:
            assert rule.derived == derivations.help_of(rule.operation), rule


def test_every_rule_that_has_a_section_of_its_own_exists():
    """A rule that is renamed would be sent to the section for all others, without a word."""
    says = {(rule.operation, rule.says) for rule in judge.everything()}
    for operation, sections in derivations.SECTIONS.items():
        for one in sections:
            assert not one or (operation, one) in says, (operation, one)
