"""Notebook 00 leads into the rest, and says of it what is true."""

import re
from pathlib import Path

import nbformat
import pytest

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


# What stands in code of a notebook, and the notebook that explains it.
EXPLAINED = {
    "02": r"[\"(, ](padding|dilation|groups)(\"|=)",
    "03": r"_grad_|adjoint\(",
    "06": r"im2col|col2im",
    "07": r"_pool2d",
    "08": r"local_response_norm",
    "09": r"\bfast\.",
}
BOOK = {path.name[:2]: nbformat.read(path, as_version=4).cells for path in sorted(ROOT.glob("notebooks/*.ipynb"))}
LATER = pytest.mark.parametrize("number", sorted(BOOK)[1:])


def needed(number: str) -> set[str]:
    """What the map says that a notebook needs."""
    (row,) = [line for line in PROSE.splitlines() if line.startswith(f"| [{number} ")]
    return set(re.findall(r"\d\d", row.rsplit("|", 2)[1]))


@LATER
def test_the_map_says_what_a_notebook_says_that_it_needs(number):
    (said,) = re.findall(r"^You need .*", "\n".join(cell.source for cell in BOOK[number][:2]), re.M)
    found = set(re.findall(r"\b(?:notebooks? |and )?(\d\d)\b", said))
    assert found - {number} == needed(number) - {"00"}


@LATER
def test_it_uses_nothing_but_what_it_needs(number):
    """Of what the notebooks it needs have explained, or need themselves."""
    known, code = needed(number) | {number}, "\n".join(cell.source for cell in BOOK[number] if cell.cell_type == "code")
    while (more := known | {one for other in known - {"00"} for one in needed(other)}) > known:
        known = more
    # A figure's padding is another thing.
    code = re.sub(r"^ax\..*", "", code, flags=re.M)
    assert {other for other, use in EXPLAINED.items() if re.search(use, code)} <= known


def test_every_implementation_is_introduced_and_asked():
    for module in IMPLEMENTATIONS.values():
        assert f"`{module}`" in PROSE
    printed = "".join(output.get("text", "") for cell in CELLS if cell.cell_type == "code" for output in cell.outputs)
    for name in IMPLEMENTATIONS:
        assert f"{name}  (3,)  matches the sums by hand  error < 1e-12\n" in printed


def glossary() -> list[list[str]]:
    """The rows of the glossary: a word, what it means, and the notebook that explains it."""
    text = PROSE.split("## Glossary\n")[1].split("\n## ")[0]
    return [[part.strip() for part in row.strip("|").split("|")] for row in re.findall(r"^\|.*\|$", text, re.M)][2:]


def test_the_glossary_is_short_and_in_order():
    words = [row[0] for row in glossary()]
    assert 20 <= len(words) <= 40
    assert words == sorted(set(words), key=str.lower)


def test_a_word_of_the_glossary_leads_to_a_notebook_that_has_it():
    for word, meaning, where in glossary():
        number, name = re.fullmatch(r"\[(\d\d)\]\((.+)\)", where).groups()
        assert name.startswith(number)
        cells = nbformat.read(ROOT / "notebooks" / name, as_version=4).cells
        text = "\n".join(cell.source for cell in cells if "Glossary" not in cell.source).lower()
        assert re.search(rf"\b{re.escape(word.removesuffix('ization').lower())}", text), word
        assert 10 <= len(meaning) <= 160


LEFT_OUT = ROOT / "docs" / "leaves_out.md"


def test_it_leads_to_what_the_book_leaves_out():
    assert f"](../docs/{LEFT_OUT.name})" in PROSE


def test_what_is_left_out_has_a_place_to_read_on():
    """A line each: what it is, and a link."""
    lines = [line for line in LEFT_OUT.read_text().splitlines() if line.startswith("- ")]
    assert len(lines) >= 10
    for line in lines:
        assert re.fullmatch(r"- \*\*[^*]+\.\*\* .+ \[[^\]]+\]\(https://[^\s)]+\)[^\[]*\.", line), line
