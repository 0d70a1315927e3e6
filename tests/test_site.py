"""The web site: built without a warning, whole without a network, and every picture said in words."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote

import pytest

from convnotes import OPERATIONS

ROOT = Path(__file__).parents[1]
NEEDED = ("sphinx", "myst_nb", "sphinx_book_theme", "sphinx_copybutton", "sphinx-mathjax-offline")
MISSING = [name for name in NEEDED if find_spec(name) is None]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"the extra `site` is not installed: no {', '.join(MISSING)}")

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Page(HTMLParser):
    """The elements of a page, each as its name, attributes and text; scripts and styles have none."""

    def __init__(self, path: Path):
        super().__init__()
        self.path, self.elements, self.open = path, [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        element = {"tag": tag, "text": ""} | {name: value or "" for name, value in attrs}
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        while self.open and self.open.pop()["tag"] != tag:
            pass

    def handle_data(self, data):
        for element in self.open:
            element["text"] += data

    def all(self, *tags: str, **attributes: str) -> list[dict]:
        """The elements of these names whose attributes hold these words."""
        wanted = {name.rstrip("_"): word for name, word in attributes.items()}
        return [
            element
            for element in self.elements
            if element["tag"] in tags and all(word in element.get(name, "").split() for name, word in wanted.items())
        ]


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The site, built as the README says."""
    out = tmp_path_factory.mktemp("site") / "html"
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-c", "docs", ".", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def pages(site) -> dict[str, Page]:
    return {path.relative_to(site).as_posix(): Page(path) for path in sorted(site.rglob("*.html"))}


def test_the_readmes_line_builds_it():
    (line,) = [line for line in (ROOT / "README.md").read_text().splitlines() if "sphinx-build" in line]
    assert "-W" in line.split()
    assert line.endswith("sphinx-build -W -c docs . build/site")
    assert "'.[site]'" in line


def test_every_notebook_result_and_module_has_a_page(pages):
    expected = {f"notebooks/{path.stem}.html" for path in NOTEBOOKS}
    written = [path.relative_to(ROOT) for path in (ROOT / "results").rglob("*.md")]
    expected |= {path.with_suffix(".html").as_posix() for path in written if path.parts[1] not in ("quick", "partial")}
    expected |= {f"docs/api/{name}.html" for name in ("naive", "matmul", "fast", "reference", "windows", "commands")}
    expected |= {"index.html", "search.html", "docs/licence.html", "CHANGELOG.html", "CONTRIBUTING.html"}
    assert expected <= set(pages)


def test_the_first_page_is_the_readme_with_the_contents(pages):
    page = pages["index.html"]
    (title,) = page.all("h1")
    assert title["text"].startswith("convnotes")
    links = {element.get("href", "") for element in page.all("a")}
    assert {f"notebooks/{path.stem}.html" for path in NOTEBOOKS} <= links
    assert {"results/README.html", "docs/api.html", "docs/licence.html"} <= links


def test_a_notebook_has_its_parts(pages):
    """Title, sections, code that can be copied, outputs, equations, pictures, the file itself, and its neighbours."""
    page = pages["notebooks/03_backpropagation.html"]
    cells = json.loads((ROOT / "notebooks/03_backpropagation.ipynb").read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert len(page.all("h1")) == 1
    assert len(page.all("div", class_="cell_input")) == len(code)
    drawn = [output for cell in code for output in cell["outputs"] if "image/png" in output.get("data", {})]
    assert len([image for image in page.all("img") if "_images/" in image["src"]]) == len(drawn)
    markdown = "".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    assert len(page.all("div", class_="math")) == markdown.count("$$") // 2
    assert [link for link in page.all("a") if link.get("href", "").endswith("03_backpropagation.ipynb")], "download"
    assert [link["href"] for link in page.all("a", class_="left-prev")] == ["02_padding_and_dilation.html"]
    assert [link["href"] for link in page.all("a", class_="right-next")] == ["04_transposed_convolution.html"]
    assert page.all("a", href="#exercise-1")
    assert page.all("a", href="#solution-1")


def test_the_reference_and_the_notebooks_lead_to_each_other(pages):
    naive = pages["docs/api/naive.html"]
    for operation in OPERATIONS:
        (signature,) = naive.all("dt", id=f"convnotes.naive.{operation}")
        assert "(" in signature["text"]
    notebooks = [link for link in naive.all("a") if "/notebooks/" in link.get("href", "")]
    assert {Path(link["href"]).name for link in notebooks} >= {"01_convolution.html", "03_backpropagation.html"}
    links = [link.get("href", "") for link in pages["notebooks/03_backpropagation.html"].all("a")]
    assert "../docs/api/naive.html#convnotes.naive.conv2d_grad_input" in links


def test_every_command_says_what_its_help_says(pages):
    text = " ".join(element["text"] for element in pages["docs/api/commands.html"].all("pre"))
    for name in ("benchmark", "plot", "compare", "check", "template", "layers"):
        assert f"convnotes {name}" in text


def test_every_picture_is_said_in_words_and_has_its_size(pages):
    count = 0
    for name, page in pages.items():
        for image in page.all("img"):
            assert len(image.get("alt", "")) > (8 if "_static" in image["src"] else 25), (name, image)
            if "_static" not in image["src"]:
                assert min(int(image["width"]), int(image["height"])) > 0, (name, image)
                count += 1
    assert count > 100


def test_pictures_of_notebooks_have_the_words_of_their_cells(pages):
    for path in NOTEBOOKS:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        written = [cell["metadata"].get("mystnb", {}).get("image", {}).get("alt") for cell in cells]
        shown = [
            image["alt"] for image in pages[f"notebooks/{path.stem}.html"].all("img") if "_images/" in image["src"]
        ]
        assert shown == [alt for alt in written if alt]


def test_nothing_is_loaded_from_elsewhere(site, pages):
    """Neither by a page, nor by a style sheet that it loads. What links lead to is not loaded."""
    for name, page in pages.items():
        for element in page.elements:
            loads = element.get("src", "") if element["tag"] != "a" else ""
            if element["tag"] == "link" and element.get("rel") not in ("canonical", "author"):
                loads = element.get("href", "")
            assert not re.match(r"(https?:)?//", loads), (name, element)
            if loads and not loads.startswith("data:"):
                assert (page.path.parent / unquote(loads).split("?")[0].split("#")[0]).exists(), (name, loads)
    for sheet in site.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        assert not re.search(r"url\(\s*['\"]?(https?:)?//|@import\s+['\"]?(url\()?['\"]?https?:", text), sheet


def test_equations_are_set_by_what_the_site_brings_along(site, pages):
    page = pages["notebooks/03_backpropagation.html"]
    (script,) = [element["src"] for element in page.all("script") if "mathjax" in element.get("src", "").lower()]
    path = (page.path.parent / script.split("?")[0]).resolve()
    assert path.is_relative_to(site)
    assert list(path.parent.rglob("*.woff*")), "its fonts lie beside it"
    assert all(r"\begin{split}" not in element["text"] for element in page.all("div", class_="math"))


def test_links_within_the_site_lead_somewhere(site, pages):
    names = {name: {e["id"] for e in page.elements if "id" in e} for name, page in pages.items()}
    for name, page in pages.items():
        for link in page.all("a"):
            target, _, place = unquote(link.get("href", "")).partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            path = (page.path.parent / target).resolve() if target else page.path
            assert path.exists(), (name, link["href"])
            inside = path.relative_to(site).as_posix()
            if place and inside in names:
                assert place in names[inside], (name, link["href"])
