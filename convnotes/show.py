"""The source of a function, shown in a notebook: what is displayed is what runs."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

from convnotes.wording import needed

with needed("convnotes.show", "book"):
    from IPython.display import Markdown

# The columns of a page.
WIDTH = 79


def show(*functions: Callable[..., Any], docstring: bool = False) -> Markdown:
    """The source of the functions as Markdown, read from their own modules, without annotations.

    docstring: whether to show what stands at a function's head; help() of it says more
    """
    return Markdown("```python\n" + "\n\n".join(source(function, docstring) for function in functions) + "\n```")


def source(function: Callable[..., Any], docstring: bool = False) -> str:
    """The source of one function, headed by the module it stands in; its signature in as few lines as hold it."""
    text = textwrap.dedent(inspect.getsource(function)).rstrip()
    definition, lines = ast.parse(text).body[0], text.splitlines()
    if isinstance(definition, ast.FunctionDef):
        first, end = definition.body[0], _end(definition, lines)
        if not docstring and ast.get_docstring(definition) is not None:
            del lines[first.lineno - 1 : first.end_lineno]
        lines[definition.lineno - 1 : end] = _signature(definition, text)
    return f"# {function.__module__}\n" + "\n".join(lines)


def _end(definition: ast.FunctionDef, lines: list[str]) -> int:
    """The number of the line with which a signature ends."""
    parts = [*ast.walk(definition.args), definition.returns]
    end = max(definition.lineno, *(getattr(part, "end_lineno", 0) for part in parts))
    while not lines[end - 1].partition("  #")[0].endswith(":"):
        end += 1
    return end


def _signature(definition: ast.FunctionDef, text: str) -> list[str]:
    """The lines of a signature without annotations."""
    head = f"def {definition.name}("
    whole = ", ".join(_parameters(definition.args, text)) + "):"
    # A parameter stays in one piece, whatever blanks its default has.
    filled = textwrap.fill(whole.replace(" ", "\0").replace(",\0", ", "), WIDTH - len(head), break_long_words=False)
    first, *more = filled.replace("\0", " ").splitlines()
    return [head + first, *(" " * len(head) + line for line in more)]


def _parameters(arguments: ast.arguments, text: str) -> Iterator[str]:
    """Parameters with their defaults, as they stand in the source."""
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = [*[None] * (len(positional) - len(arguments.defaults)), *arguments.defaults]
    for number, (one, default) in enumerate(zip(positional, defaults), 1):
        yield _parameter(one, default, text)
        if number == len(arguments.posonlyargs):
            yield "/"
    if arguments.vararg or arguments.kwonlyargs:
        yield f"*{arguments.vararg.arg if arguments.vararg else ''}"
    for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults):
        yield _parameter(one, default, text)
    if arguments.kwarg:
        yield f"**{arguments.kwarg.arg}"


def _parameter(one: ast.arg, default: ast.expr | None, text: str) -> str:
    return one.arg if default is None else f"{one.arg}={ast.get_source_segment(text, default)}"
