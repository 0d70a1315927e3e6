"""Docstrings are plain text, as `help` shows them; here they become what Sphinx reads, with links to the notebooks.

Those in the form of NumPy's, with sections that are underlined, are left to Sphinx's own extension.
"""

import json
import re
from pathlib import Path

from convnotes.proof.derivations import NOTEBOOKS, SECTIONS

ROOT = Path(__file__).resolve().parents[2]
SECTION = re.compile(r"^(Parameters|Returns|Raises|Notes|Examples)\n-{4,}$", re.M)
DESCRIBED = re.compile(r"(\*{0,2}\w+(?:, \*{0,2}\w+)*): (.*)", re.S)


def process(app, what: str, name: str, of, options, lines: list[str]) -> None:
    """Change the lines of a docstring in place."""
    text = "\n".join(lines)
    if SECTION.search(text):
        text = re.sub(r"notebooks/(\d\d_\w+)\.ipynb", lambda found: _notebook(found[1]), text)
    else:
        text = rest(text)
    operation = name.rpartition(".")[2]
    if what == "function" and operation in SECTIONS and "Derived in" not in text:
        text += f"\n{derived(operation)}\n"
    lines[:] = text.splitlines()


def shorten(app, what: str, name: str, of, options, signature: str | None, returned: str | None) -> tuple | None:
    """A signature in which the names of types stand as such, where Sphinx shows what it made of them in a union."""
    found = re.sub(r"TypeAliasForwardRef\('(\w+)'\)", r"\1", signature or "")
    return (found, returned) if found != (signature or "") else None


def derived(operation: str) -> str:
    """A line that leads to the notebooks which derive an operation."""
    numbers = sorted({number for number, _ in SECTIONS[operation].values()})
    _, section = SECTIONS[operation][""]
    links = ", ".join(f":doc:`{title(number)} </{Path(NOTEBOOKS[number]).with_suffix('')}>`" for number in numbers)
    return f"Derived in {links}; above all in the section *{escaped(section)}*."


def title(number: str) -> str:
    """The title of a notebook, as its first line says it."""
    notebook = json.loads((ROOT / NOTEBOOKS[number]).read_text(encoding="utf-8"))
    return notebook["cells"][0]["source"][0].strip().removeprefix("# ")


def rest(text: str) -> str:
    """Paragraph by paragraph: parameters and lists become lists, examples stay, what is indented is code."""
    found, quoted = [], False
    for block in re.split(r"\n[ \t]*\n", text.strip("\n")):
        lines = block.splitlines()
        if quoted or lines[0].lstrip().startswith(">>>"):
            found.append(block)
        elif all(line.startswith("  ") for line in lines):
            found.append("::\n\n" + "\n".join(f"    {line}" for line in lines))
        elif DESCRIBED.match(lines[0]) and all(DESCRIBED.match(line) or line.startswith(" ") for line in lines):
            found.append(_parameters(lines))
        else:
            found.append(escaped(block))
        quoted = block.endswith("::")
    return "\n\n".join(found) + "\n"


def _parameters(lines: list[str]) -> str:
    joined = []
    for line in lines:
        if line.startswith(" "):
            joined[-1] += " " + line.strip()
        else:
            joined.append(line)
    described = [DESCRIBED.match(line) for line in joined]
    return "\n".join(f"- **{escaped(found[1])}**: {escaped(found[2])}" for found in described)


def escaped(text: str) -> str:
    """Text whose stars and underscores mean themselves, with code in backticks and links where it names a module."""
    pieces = re.split(r"(`[^`]+`)", text)
    return "".join(_code(piece[1:-1]) if k % 2 else _plain(piece) for k, piece in enumerate(pieces))


def _code(text: str) -> str:
    return f":py:obj:`{text}`" if re.fullmatch(r"convnotes(\.\w+)+", text) else f"``{text}``"


def _plain(text: str) -> str:
    text = re.sub(r"([\\*_|])", r"\\\1", text)
    return re.sub(r"(?:notebooks/)?(\d\d(?:\\_\w+)+)\.ipynb", lambda found: _notebook(found[1]), text)


def _notebook(name: str) -> str:
    name = name.replace("\\", "")
    known = {Path(path).stem: title(number) for number, path in NOTEBOOKS.items()}
    return f":doc:`{known.get(name, name)} </notebooks/{name}>`"


def setup(app) -> dict:
    app.connect("autodoc-process-docstring", process)
    app.connect("autodoc-process-signature", shorten)
    return {"parallel_read_safe": True}
