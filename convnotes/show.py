"""The source of a function, shown in a notebook: what is displayed is what runs."""

import ast
import inspect
import textwrap
from collections.abc import Callable

from IPython.display import Markdown


def show(*functions: Callable, docstring: bool = False) -> Markdown:
    """The source of the functions as Markdown, read from their own modules; by default without their docstrings."""
    return Markdown("```python\n" + "\n\n".join(source(function, docstring) for function in functions) + "\n```")


def source(function: Callable, docstring: bool = False) -> str:
    """The source of one function, headed by the module it stands in."""
    text = textwrap.dedent(inspect.getsource(function)).rstrip()
    definition = ast.parse(text).body[0]
    if not docstring and ast.get_docstring(definition) is not None:
        lines, described = text.splitlines(), definition.body[0]
        text = "\n".join(lines[: described.lineno - 1] + lines[described.end_lineno :])
    return f"# {function.__module__}\n{text}"
