"""What the commands print: all of it goes through here, so that no terminal and no reader can undo what was done.

A letter that a terminal cannot show is replaced, and a reader that has left is no error.
"""

import codecs
import errno
import itertools
import os
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TypeVar

from convnotes.benchmark import Refused
from convnotes.benchmark.terminal import signals

T = TypeVar("T")

# What Python is to do where a terminal lacks a letter: the sign of millionths is written as they write it who lack it.
REPLACED = "convnotes"
_ALIKE = {"µ": "u"}

# How long a bar's description may be at most, so that the time left still stands beside it at 80 columns.
DESCRIPTION = 30
_BAR = "{desc}{percentage:3.0f}%, {remaining} left |{bar}| {n_fmt}/{total_fmt}"


def _replaced(problem: UnicodeError) -> tuple[str, int]:
    """What stands for letters that an encoding lacks."""
    assert isinstance(problem, UnicodeEncodeError)
    return "".join(_ALIKE.get(letter, "?") for letter in problem.object[problem.start : problem.end]), problem.end


codecs.register_error(REPLACED, _replaced)


def prepare() -> None:
    """Make the standard streams ready for any text; one that was closed is opened on nothing, lest a file take it."""
    with suppress(OSError):
        while (free := os.open(os.devnull, os.O_RDWR)) <= 2:
            os.set_inheritable(free, True)
        os.close(free)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=REPLACED)


def say(text: str) -> None:
    """Print text on stdout; refuses what cannot be written for another reason than that its reader has left."""
    if sys.stdout is None or not text:
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as problem:
        _drop_what_is_left()
        # Windows calls a pipe without a reader an invalid argument.
        left = isinstance(problem, BrokenPipeError) or (os.name == "nt" and problem.errno == errno.EINVAL)
        if not left:
            reason = problem.strerror or str(problem)
            raise Refused(f"stdout must be something that can be written to ({reason})") from None


def complain(sentence: str) -> None:
    """Print a sentence on stderr, where that can be written to."""
    if sys.stderr is None:
        return
    with suppress(OSError):
        sys.stderr.write(f"{sentence}\n")
        sys.stderr.flush()


def _drop_what_is_left() -> None:
    """Let it go nowhere: Python writes it when it ends, and would fail again."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def progress(items: Iterable[T], unit: str, describe: Callable[[T], str]) -> Iterator[T]:
    """The items one by one; on a terminal a bar on stderr says which one it is and how long all will take."""
    from tqdm import tqdm

    quiet = None if sys.stderr else True
    with signals.waiting():  # a bar that is half made complains of it when it is thrown away
        bar = tqdm(items, disable=quiet, leave=False, unit=unit, bar_format=_BAR, dynamic_ncols=True)
    with bar:
        for item in bar:
            bar.set_description(shorten(describe(item), DESCRIPTION))
            yield item


def columns(text: str) -> int:
    """How many columns of a terminal a text takes: letters of East Asia take two, and marks on a letter none.

    >>> columns("conv1"), columns("\u7573\u307f"), columns("e\u0301")
    (5, 4, 1)
    """
    return sum(map(_columns, text))


def _columns(letter: str) -> int:
    if letter.isascii():
        return 1
    if unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def ljust(text: str, width: int) -> str:
    """A text with blanks after it, up to so many columns."""
    return text + " " * (width - columns(text))


def rjust(text: str, width: int) -> str:
    """A text with blanks before it, up to so many columns."""
    return " " * (width - columns(text)) + text


def shorten(text: str, width: int) -> str:
    """A text of at most so many columns; the end of a longer one is left out.

    >>> shorten("alexnet/conv1", 8)
    'alexn...'
    """
    if columns(text) <= width:
        return text
    return _start(text, max(0, width - 3)) + "..."[: min(3, width)]


def without_middle(text: str, width: int) -> str:
    """A text of at most so many columns; a longer one lacks its middle, since many names differ at their end.

    >>> without_middle("amd-epyc-avx512_threads-2", 16)
    'amd-...threads-2'
    """
    if columns(text) <= width:
        return text
    first = (width - 3) // 3
    return f"{_start(text, first)}...{_start(text[::-1], width - 3 - first)[::-1]}"


def _start(text: str, width: int) -> str:
    """As much of a text's beginning as so many columns hold."""
    places = itertools.accumulate(map(_columns, text))
    return text[: sum(place <= width for place in places)]
