"""The words of refusals: how a value is quoted, what was perhaps meant, and what is not installed."""

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from reprlib import Repr

_REPR = Repr()
_REPR.maxstring = _REPR.maxother = _REPR.maxlong = 60
_REPR.maxlevel = 3


def quote(value: object) -> str:
    """A value as Python writes it, on one line; of a long one, or one within many others, a part."""
    try:
        text = _REPR.repr(value)
    except ValueError:  # an integer of so many digits that Python writes none of them
        return "an integer of thousands of digits"
    return "".join(one if one.isprintable() else "?" for one in text)


def said(problem: BaseException, most: int = 500) -> str:
    """What an exception says, on one line of letters that can be printed; it may be anybody's, and say anything."""
    try:
        words = "".join(one if one.isprintable() else "?" for one in " ".join(str(problem)[: 10 * most].split()))
    except BaseException:  # its text is made by code that nobody knows
        return "a text that cannot be had"
    return words if len(words) <= most else f"{words[: most - 3]}..."


def nearest_of(text: str, known: Iterable[str]) -> str:
    """A question after the known name that a text looks most like, where there is one.

    >>> nearest_of("--quik", ["--quick", "--cases"])
    '; did you mean --quick?'
    """
    alike = {one.lower(): one for one in known}
    found = difflib.get_close_matches(text[:100].lower(), alike, 1)
    return f"; did you mean {alike[found[0]]}?" if found else ""


class MissingExtraError(ModuleNotFoundError):
    """A package of an extra is not installed; the message is one sentence."""


@contextmanager
def needed(who: str, extra: str) -> Iterator[None]:
    """Imports of other projects, which an extra of this one has: one that is missing is a MissingExtraError."""
    try:
        yield
    except ModuleNotFoundError as problem:
        if not problem.name or problem.name.partition(".")[0] == "convnotes":
            raise
        raise MissingExtraError(lacking(who, problem.name, extra), name=problem.name) from None


def lacking(who: str, module: str, extra: str) -> str:
    """What `who` needs, and how it is had.

    >>> lacking("convnotes benchmark", "pandas", "benchmark")
    "convnotes benchmark needs pandas: pip install 'convnotes[benchmark]'"
    """
    package = module.partition(".")[0]
    if package.startswith("_"):  # such as _multiprocessing, where there are no processes, as in a browser
        return f"{who} needs {package}, which this Python is built without"
    return f"{who} needs {package}: pip install 'convnotes[{extra}]'"
