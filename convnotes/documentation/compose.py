"""How a description becomes what help() shows: in the form of NumPy's own docstrings, which editors and Sphinx read."""

import inspect
import textwrap
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from convnotes.documentation.parts import DTYPE, RAISES, Description

# help() indents by four.
WIDTH = 76


def docstring(
    described: Description,
    function: Callable[..., Any],
    who: str,
    parameters: Mapping[str, tuple[str, str]],
    notes: Iterable[str],
) -> str:
    """The docstring of an implementation's function, with what it says itself after the equation.

    who: the module that an example imports; parameters: those that are this implementation's own
    """
    own = inspect.cleandoc(function.__doc__ or "")
    known = f"{described.does} {described.equation} {described.explained}"
    remark = "" if _words(own).rstrip(".") in _words(known) else "\n\n".join(map(_filled, own.split("\n\n")))
    equation = textwrap.indent(described.equation.strip(), "    ")
    lead = [_filled(described.does.removesuffix(".") + "::"), equation, _filled(described.explained), remark]
    taken = inspect.signature(function).parameters
    texts = {**described.parameters, **parameters}
    sections = {
        "Parameters": "\n".join(_parameter(one, *texts[name]) for name, one in taken.items()),
        "Returns": _entry(described.returns[0], f"{described.returns[1]} {DTYPE}"),
        "Raises": "\n".join(_entry(*one) for one in RAISES.items()),
        "Notes": "\n\n".join(map(_filled, [*notes, _origin(described)])),
        "Examples": f">>> from convnotes import {who}\n>>> {who}.{described.example[0]}\n{described.example[1]}",
    }
    below = [f"{name}\n{'-' * len(name)}\n{text}" for name, text in sections.items()]
    return "\n\n".join([*filter(None, lead), *below])


def _origin(described: Description) -> str:
    source = f" Source: {described.source}." if described.source else ""
    return f"Derived in notebooks/{described.derived}.ipynb.{source}"


def _parameter(parameter: inspect.Parameter, kind: str, text: str) -> str:
    default = "" if parameter.default is parameter.empty else f", default {parameter.default!r}"
    return _entry(f"{parameter.name} : {kind}{default}", text)


def _entry(head: str, text: str) -> str:
    return f"{head}\n{textwrap.indent(_filled(text, WIDTH - 4), '    ')}"


def _filled(text: str, width: int = WIDTH) -> str:
    return textwrap.fill(_words(text), width, break_on_hyphens=False)


def _words(text: str) -> str:
    return " ".join(text.split())
