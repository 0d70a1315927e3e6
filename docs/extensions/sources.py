"""Pages are the repository's files; what only the web site has is added while they are read.

Links to folders of code lead to the reference, links to headings are written as the site names them, each notebook ends
with links to the functions that it uses, and every page below another stands in its table of contents.
"""

import json
import re
import shutil
from pathlib import Path, PurePosixPath

from convnotes.benchmark.commands import parsers

# The modules that the reference describes, each on a page of its own in docs/api.
MODULES = ("naive", "matmul", "fast", "reference", "windows", "layout", "check", "draw", "cases")
USED = re.compile(rf"(?<![\w.])((?:{'|'.join(MODULES)})\.[a-z]\w*)\(")
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s#]*)(#[^)\s]*)?\)")

# Which pages stand below a page, by captions; a pattern may name several.
BELOW = {
    "README": {
        "The book": ["notebooks/*", "docs/leaves_out"],
        "Measurements": ["results/README"],
        "Reference": ["docs/api"],
        "The project": ["CHANGELOG", "CONTRIBUTING", "docs/licence"],
    },
    "results/README": {"Machines": ["*/README"], "Libraries": ["peers/*"]},
    "docs/api": {"Modules": [f"api/{name}" for name in MODULES], "Programs": ["api/commands"]},
}


def read(app, docname: str, source: list[str]) -> None:
    """Change what Sphinx has read of a page, in place."""
    root = Path(app.srcdir)
    if docname.startswith("notebooks/"):
        source[0] = _notebook(source[0], root, docname)
        return
    if docname == "docs/api/commands":
        source[0] += _commands()
    source[0] = _linked(source[0], root, docname) + _contents(docname)


def _notebook(text: str, root: Path, docname: str) -> str:
    notebook = json.loads(text)
    cells = notebook["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    functions = sorted(set(USED.findall(code)))
    for cell in cells:
        if cell["cell_type"] == "markdown":
            cell["source"] = _linked("".join(cell["source"]), root, docname)
    if functions:
        links = ", ".join(f"{{py:obj}}`{name} <convnotes.{name}>`" for name in functions)
        cells[-1]["source"] = f"In the reference: {links}.\n\n{cells[-1]['source']}"
    return json.dumps(notebook)


def _linked(text: str, root: Path, docname: str) -> str:
    """The text with links as the site has them; blocks of code are left alone."""
    pieces = re.split(r"(^```.*?^```$)", text, flags=re.S | re.M)
    return "".join(piece if k % 2 else LINK.sub(_relinked(root, docname), piece) for k, piece in enumerate(pieces))


def _relinked(root: Path, docname: str):
    here = PurePosixPath(docname).parent

    def link(found: re.Match) -> str:
        text, target, place = found[1], found[2], found[3] or ""
        if "://" in target:
            return found[0]
        # Jupyter keeps a heading's capitals in its name, the site does not.
        place = re.sub(r"[^\w\-#]", "", place.lower())
        page = _page(root, (root / here / target).resolve()) if target else None
        if page == "":
            return text
        up = "../" * len([part for part in here.parts if part != "."])
        return f"[{text}]({up + page if page else target}{place})"

    return link


def _page(root: Path, path: Path) -> str | None:
    """The page that stands for a file or folder of the repository; "" for a folder without one, None for a file."""
    if path == root / "LICENSE":
        return "docs/licence.md"
    if path.is_dir() and path.parent == root / "convnotes":
        return f"docs/api/{path.name}.md" if path.name in MODULES else "docs/api.md"
    return "" if path.is_dir() else None


def _contents(docname: str) -> str:
    below = dict(BELOW.get(docname, {}))
    if re.fullmatch(r"results/[^/]+/README", docname):
        below = {"This run": ["*"]}
    return "".join(
        f"\n\n```{{toctree}}\n:hidden:\n:glob:\n:caption: {caption}\n\n" + "\n".join(pages) + "\n```\n"
        for caption, pages in below.items()
    )


def _commands() -> str:
    """What each command says with --help."""
    helps = {f"convnotes {name}".strip(): parser.format_help() for name, parser in parsers().items()}
    return "".join(f"\n## `{name}`\n\n```text\n{text.strip()}\n```\n" for name, text in helps.items())


def front_page(app, problem) -> None:
    """The README's page is the site's first: it stands under the name that a server looks for, too."""
    if problem is None and app.builder.name == "html":
        shutil.copyfile(Path(app.outdir) / "README.html", Path(app.outdir) / "index.html")


def setup(app) -> dict:
    app.connect("source-read", read)
    app.connect("build-finished", front_page)
    return {"parallel_read_safe": True}
