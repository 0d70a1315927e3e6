"""The listings and the letters of the notebooks on `fast`: no name that the text has not explained, one notation."""

import ast
import builtins
import re
from pathlib import Path

import pytest

from test_notebooks import NOTEBOOKS, code, prose, read

# The notebooks that show functions of `fast`, which are longer and less plain than definitions.
LISTED = [path for path in NOTEBOOKS if path.name[:2] in ("09", "12")]
LINES_IN_A_LISTING = 25


def listings(path: Path) -> list[tuple[str, str]]:
    """The functions that are shown, each with all the text before it."""
    found, text = [], ""
    for cell in read(path).cells:
        text += cell.source if cell.cell_type == "markdown" else ""
        for output in cell.get("outputs", []):
            shown = output.get("data", {}).get("text/markdown", "")
            if shown.startswith("```python\n"):
                found.append((shown.removeprefix("```python\n").removesuffix("\n```"), text))
    return found


def used(listing: str) -> set[str]:
    """The names that a function takes from elsewhere, and those of its parameters and of what it asks these for."""
    nodes = [*ast.walk(ast.parse(listing))]
    types = {name for node in nodes for name in ast.walk(getattr(node, "annotation", None) or ast.Pass())}
    types |= {name for node in nodes for name in ast.walk(getattr(node, "returns", None) or ast.Pass())}
    nodes = [node for node in nodes if node not in types]
    names = [node for node in nodes if isinstance(node, ast.Name)]
    made = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    made |= {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    parameters = {node.arg for node in nodes if isinstance(node, ast.arg)} - {"self"}
    asked = {n.attr for n in nodes if isinstance(n, ast.Attribute) and getattr(n.value, "id", "") in ("p", "self")}
    return ({node.id for node in names} - made - {*dir(builtins), "np", "self"}) | parameters | asked


@pytest.mark.parametrize("path", LISTED, ids=[path.stem for path in LISTED])
def test_a_listing_is_short_and_the_text_has_explained_its_names(path):
    for listing, text in listings(path):
        assert len(listing.splitlines()) <= LINES_IN_A_LISTING, listing
        said = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`\n]+)`", text))))
        assert used(listing) <= said, f"the text before {listing}\ndoes not name {used(listing) - said}"


def test_functions_of_fast_are_shown():
    assert [len(listings(path)) > 5 for path in LISTED] == [False, True]


@pytest.mark.parametrize("path", LISTED, ids=[path.stem for path in LISTED])
def test_what_is_written_about_winograd_takes_no_letter_that_means_something_else(path):
    """Lavin and Gray call a kernel's length r and a matrix G: here these are the remainder and the groups."""
    spans = re.findall(r"\$+([^$]+)\$+", "\n".join(prose(path)))
    equations = [re.sub(r"\\text\{[^}]*\}|\\[A-Za-z]+", " ", span).strip() for span in spans]
    for equation in equations:
        assert not re.search(r"(?<![A-Za-z])r(?![A-Za-z])", equation), equation
        assert equation == "G" or not re.search(r"(?<![A-Za-z])(?<!/ )(?<!\{)G(?![A-Za-z])", equation), equation
    for cell in code(path):
        stored = [n for n in ast.walk(ast.parse(cell.source)) if isinstance(getattr(n, "ctx", None), ast.Store)]
        assert not {getattr(name, "id", "") for name in stored} & {"r", "G", "D", "P", "S"}, cell.source
