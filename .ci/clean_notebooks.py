"""Brings notebooks into the one form in which they are stored, so that running one anew changes outputs alone.

    jupyter execute --inplace notebooks/05_bias.ipynb
    python .ci/clean_notebooks.py notebooks/*.ipynb

A run writes its times, its Python's version and what the browser had folded into a notebook. All that goes, and lines
that one cell printed in several pieces are joined. Files that change are written, and then the exit code is 1, as a
hook of pre-commit wants it. Nothing but Python is needed.
"""

import json
import sys
from pathlib import Path

NOTEBOOK = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# What a cell's metadata may say: what the tests and the web site read.
KEPT = ("alt", "mystnb", "tags")


def cleaned(notebook: dict) -> dict:
    """The notebook in its stored form; the argument stays as it is."""
    return notebook | {"metadata": NOTEBOOK, "cells": [_cell(cell) for cell in notebook["cells"]]}


def _cell(cell: dict) -> dict:
    cell = cell | {"metadata": {key: cell["metadata"][key] for key in KEPT if cell["metadata"].get(key)}}
    cell["source"] = _lines(cell["source"])
    if "outputs" in cell:
        cell["outputs"] = [_output(outputs) for outputs in _joined(cell["outputs"])]
    return cell


def _joined(outputs: list[dict]) -> list[list[dict]]:
    """The outputs, each in a list of its own, but for pieces of one stream that follow each other."""
    found = []
    for output in outputs:
        if found and output["output_type"] == "stream" and found[-1][0].get("name") == output["name"]:
            found[-1].append(output)
        else:
            found.append([output])
    return found


def _output(pieces: list[dict]) -> dict:
    first = pieces[0]
    if first["output_type"] == "stream":
        return first | {"text": _lines("".join("".join(piece["text"]) for piece in pieces))}
    if "metadata" in first:
        # The size at which a picture is shown, by its kind; what else stands there are a front end's own notes.
        return first | {"metadata": {kind: size for kind, size in first["metadata"].items() if isinstance(size, dict)}}
    return first


def _lines(text: str | list[str]) -> list[str]:
    return "".join(text).splitlines(keepends=True)


def text(notebook: dict) -> str:
    """As Jupyter's own library writes it, so that a file it saved differs in nothing else."""
    return json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def main(paths: list[str]) -> int:
    """Write every notebook that is not in its stored form; 1 where there was one, else 0."""
    changed = 0
    for path in map(Path, paths):
        before = path.read_text(encoding="utf-8")
        after = text(cleaned(json.loads(before)))
        if after != before:
            path.write_text(after, encoding="utf-8", newline="\n")
            print(f"cleaned {path}")
            changed = 1
    return changed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
