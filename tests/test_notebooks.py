"""Every notebook keeps the grammar of the book. nbval runs the cells; these tests read what is stored."""

import re
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
README = Path(__file__).parents[1] / "README.md"
IDS = [path.stem for path in NOTEBOOKS]

LINES_IN_A_CELL = 20
CHARACTERS_IN_A_LINE = 80
LINES_IN_A_LISTING = 25
BYTES_IN_A_FILE = 500_000

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)


def read(path: Path):
    return nbformat.read(path, as_version=4)


def code(path: Path) -> list:
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def prose(path: Path) -> list[str]:
    return [cell.source for cell in read(path).cells if cell.cell_type == "markdown"]


def sections(path: Path) -> list[list]:
    """The cells of every numbered section."""
    found = []
    for cell in read(path).cells:
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            found.append([])
        if found:
            found[-1].append(cell)
    return [section for section in found if re.match(r"## \d+\. ", section[0].source)]


def shows_a_picture(cell) -> bool:
    """It ends with a figure, or with an animation, which is a PNG that moves."""
    last = cell.source.splitlines()[-1]
    return last == "plt.show()" or last.startswith("draw.animate(")


def anchor(heading: str) -> str:
    """The name that a code host gives to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def test_there_are_notebooks():
    assert NOTEBOOKS


@every_notebook
def test_valid_and_small(path):
    nbformat.validate(read(path))
    assert path.stat().st_size <= BYTES_IN_A_FILE


@every_notebook
def test_executed_in_order_from_1(path):
    """nbval never compares a cell that was not executed."""
    assert [cell.execution_count for cell in code(path)] == list(range(1, len(code(path)) + 1))


@every_notebook
def test_no_error_no_warning_no_stderr(path):
    for cell in code(path):
        for output in cell.outputs:
            assert output.output_type != "error", cell.source
            assert output.get("name") != "stderr", cell.source
            assert "Warning" not in output.get("text", ""), cell.source


@every_notebook
def test_no_path_of_a_machine(path):
    assert not re.search(r"(?<![\w.])(/(work|root|tmp|home|Users)/|[A-Z]:\\\\)", path.read_text())


@every_notebook
def test_cells_fit_on_the_page(path):
    for cell in code(path):
        lines = cell.source.splitlines()
        assert 0 < len(lines) <= LINES_IN_A_CELL, cell.source
        assert max(map(len, lines)) <= CHARACTERS_IN_A_LINE, cell.source


@every_notebook
def test_no_magic_and_no_change_of_the_import_path(path):
    """A misspelt magic passes nbval in silence, so there is none."""
    for cell in code(path):
        assert not re.search(r"^\s*[%!]", cell.source, re.M), cell.source
        assert "sys.path" not in cell.source


@every_notebook
def test_only_times_are_left_uncompared(path):
    """The one tag that keeps nbval from comparing stands on cells that measure time, and on no others."""
    for cell in code(path):
        measures = "timeit." in cell.source or "perf_counter" in cell.source
        assert ("nbval-ignore-output" in cell.metadata.get("tags", [])) == measures, cell.source
        assert not {"nbval-skip", "raises-exception"} & set(cell.metadata.get("tags", []))


@every_notebook
def test_figures_are_png_shown_at_the_end_of_their_cell(path):
    for cell in code(path):
        pictures = [output for output in cell.outputs if "image/png" in output.get("data", {})]
        assert bool(pictures) == shows_a_picture(cell), cell.source
        assert not any("image/svg+xml" in output.get("data", {}) for output in cell.outputs)


@every_notebook
def test_no_widget_is_stored(path):
    """Where nothing runs, a widget is an empty place. `jupyter nbconvert --execute` stores the picture without it."""
    assert "widgets" not in read(path).metadata
    for cell in code(path):
        for output in cell.outputs:
            assert "application/vnd.jupyter.widget-view+json" not in output.get("data", {}), cell.source


@every_notebook
def test_prose_stands_between_code_cells(path):
    kinds = [cell.cell_type for cell in read(path).cells]
    assert ("code", "code") not in list(pairwise(kinds))


@every_notebook
def test_every_section_has_its_parts(path):
    """A claim, a numbered equation, an example by hand, a check, a picture with its caption, a trap and an exercise."""
    for section in sections(path):
        text = "\n".join(cell.source for cell in section if cell.cell_type == "markdown")
        source = "\n".join(cell.source for cell in section if cell.cell_type == "code")
        title = section[0].source.splitlines()[0]
        for part in ("**Claim.**", r"\tag{", "By hand", "**Trap.**"):
            assert part in text, f"{title} lacks {part}"
        assert re.search(r"\*\*Figure \d+\.\*\* ", text), f"{title} lacks a caption"
        assert re.search(r"^### Exercise \d+$", text, re.M), f"{title} lacks an exercise"
        assert "check." in source, f"{title} lacks a check"
        assert "plt.show()" in source, f"{title} lacks a picture"


@every_notebook
def test_a_caption_follows_its_picture(path):
    cells = read(path).cells
    for cell, following in zip(cells, [*cells[1:], None]):
        if cell.cell_type == "code" and shows_a_picture(cell):
            assert following.source.startswith("**Figure "), cell.source


@every_notebook
def test_every_picture_has_its_alternative_text(path):
    """One sentence that says what the picture shows, in the cell's metadata, which no new run removes.

    MyST-NB reads it there for the web site. JupyterLab and nbconvert's usual template read none, wherever it stands:
    for them the caption says enough.
    """
    cells, texts = read(path).cells, []
    for cell, following in pairwise(cells):
        if cell.cell_type == "code" and any("image/png" in output.get("data", {}) for output in cell.outputs):
            text = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
            assert re.fullmatch(r"[A-Z0-9].{30,250}\.", text), f"{cell.source}\nsays {text!r}"
            assert not re.search(r"[$`*\\{}]|\. [A-Z]", text), f"more than a sentence of plain text: {text}"
            assert text.rstrip(".") not in following.source, f"the caption says so already: {text}"
            texts.append(text)
    assert len(texts) == len(set(texts))
    assert not re.search(r"!\[\s*\]\(", "\n".join(prose(path))), "an image in the text lacks its alternative text"


@every_notebook
@pytest.mark.parametrize("what", [r"\\tag\{(\d+)\}", r"\*\*Figure (\d+)\.", r"(?m)^### Exercise (\d+)$"])
def test_numbers_count_up_from_1(path, what):
    numbers = [int(number) for number in re.findall(what, "\n".join(prose(path)))]
    assert numbers == list(range(1, len(numbers) + 1))


def exercises(path) -> list[str]:
    return re.findall(r"^### Exercise (\d+)$", "\n".join(prose(path)), re.M)


@every_notebook
def test_solutions_stand_at_the_end_and_are_run_and_checked(path):
    """So no viewer shows one below its exercise. Each is a text and a cell that checks it."""
    cells = read(path).cells
    (start,) = [k for k, cell in enumerate(cells) if cell.source.startswith("## Solutions\n")]
    texts, codes, footer = cells[start:-1:2], cells[start + 1 : -1 : 2], cells[-1]
    assert footer.source.startswith("---\n")
    assert len(texts) == len(codes) == len(exercises(path)) >= 3
    for number, text, solution in zip(exercises(path), texts, codes):
        assert re.search(rf"^### Solution {number}$", text.source, re.M)
        assert text.source.endswith(f"[Back to exercise {number}](#Exercise-{number})")
        assert "solution" in solution.metadata.get("tags", [])
        assert re.search(r"check\.|assert ", solution.source), "a solution is checked"
        assert solution.outputs
    assert not any("solution" in cell.metadata.get("tags", []) for cell in cells[:start])


@every_notebook
def test_every_exercise_leads_to_its_solution(path):
    text = "\n".join(prose(path))
    for number in exercises(path):
        question = text.split(f"### Exercise {number}\n")[1]
        assert re.match(rf"\n[^#]+\n\n\[Solution\]\(#Solution-{number}\)", question), number


@every_notebook
def test_closes_with_traps_summary_and_footer(path):
    (closing,) = [text for text in prose(path) if text.startswith("## What goes wrong\n")]
    summary = re.search(r"## Summary\n+(.*)", closing, re.S).group(1)
    assert len(re.findall(r"\.(?:\s|$)", summary)) <= 5
    assert re.fullmatch(r"Previous: .* · \[Contents\]\(.*\) · Next: .*", prose(path)[-1].splitlines()[-1])


@every_notebook
def test_sources_are_linked_and_say_why_to_read_them(path):
    (text,) = [text for text in prose(path) if text.startswith("## Sources and further reading\n\n")]
    lines = text.splitlines()[2:]
    assert 3 <= len(lines) <= 8
    for line in lines:
        assert re.fullmatch(r"- \[[^\]]+\]\(https://[^\s)]+\): [^.].{15,}\.", line), line


@every_notebook
def test_links_lead_somewhere(path):
    headings = {anchor(line.lstrip("#")) for line in README.read_text().splitlines() if line.startswith("#")}
    for target in re.findall(r"\]\(([^)]+)\)", "\n".join(prose(path))):
        if target.startswith(("http://", "https://")):
            continue
        name, _, place = target.partition("#")
        if not name:
            # Jupyter and the sites made of notebooks write a heading's spaces as hyphens, and keep its capitals.
            assert re.search(rf"^#+ {re.escape(place.replace('-', ' '))}$", "\n".join(prose(path)), re.M), target
            continue
        assert (path.parent / name).exists(), target
        if name.endswith("README.md") and place:
            assert place in headings, target
        if name.endswith(".ipynb") and place:
            text = "\n".join(prose(path.parent / name))
            assert re.search(rf"^#+ {re.escape(place.replace('-', ' '))}$", text, re.M), target


@every_notebook
def test_a_notebook_that_is_there_is_linked(path):
    """The footer links its neighbours as soon as they exist."""
    k, footer = NOTEBOOKS.index(path), prose(path)[-1].splitlines()[-1]
    number = int(path.name[:2])
    for neighbour in NOTEBOOKS[max(0, k - 1) : k] + NOTEBOOKS[k + 1 : k + 2]:
        if abs(int(neighbour.name[:2]) - number) == 1:
            assert f"]({neighbour.name})" in footer
    assert f"](notebooks/{path.name})" in README.read_text(), "the README's contents lack it"


@pytest.mark.parametrize("path", [path for path in NOTEBOOKS if path.name < "09"], ids=lambda path: path.stem)
def test_a_listing_fits_on_the_page(path):
    """What `show` prints; 09 and what follows from it are about longer ones."""
    for cell in code(path):
        for output in cell.outputs:
            for listing in re.findall(
                r"^```python\n(.*?)^```", output.get("data", {}).get("text/markdown", ""), re.S | re.M
            ):
                assert len(listing.splitlines()) <= LINES_IN_A_LISTING, cell.source
                assert max(map(len, listing.splitlines())) <= CHARACTERS_IN_A_LINE, cell.source
