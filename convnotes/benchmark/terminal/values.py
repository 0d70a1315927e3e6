"""What an option's value may be: each function here makes one out of text, or says in a sentence what is wrong."""

import argparse
import math
from collections.abc import Callable, Iterable
from pathlib import Path

from convnotes import IMPLEMENTATIONS
from convnotes.implementations import Implementation, LoadError, find
from convnotes.wording import nearest_of, quote


def whole(least: int, most: int = 10**18) -> Callable[[str], int]:
    """A whole number in a range."""

    def convert(text: str) -> int:
        number = int(text) if text.isdecimal() and len(text) < 1000 else None  # int() takes no more than 4300 digits
        if number is None or number < least:
            raise argparse.ArgumentTypeError(f"must be a whole number of at least {least}, got {quote(text)}")
        if number > most:
            raise argparse.ArgumentTypeError(f"must be a whole number of at most {most}, got {quote(text)}")
        return number

    return convert


def seconds(text: str) -> float:
    """A number of seconds."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"must be a number of seconds above 0, got {quote(text)}")
    return value


def names(known: Iterable[str]) -> Callable[[str], tuple[str, ...]]:
    """Some of the known names, in their order."""

    def convert(text: str) -> tuple[str, ...]:
        chosen = text.split(",")
        for name in chosen:
            if name not in known:
                nearest = nearest_of(name, known)
                raise argparse.ArgumentTypeError(f"must be names of {', '.join(known)}, got {quote(name)}{nearest}")
        return tuple(name for name in known if name in chosen)

    return convert


def implementations(text: str) -> tuple[Implementation, ...]:
    """Implementations, ours in their order and then anybody's; every label is that of one."""
    try:
        chosen = {}
        for one in map(find, text.split(",")):
            if one.label in chosen:
                hint = "" if one.label in IMPLEMENTATIONS else f"; name one of them, as in other={one.source}"
                raise argparse.ArgumentTypeError(f"must have labels that differ, got {quote(one.label)} twice{hint}")
            chosen[one.label] = one
    except LoadError as problem:
        raise argparse.ArgumentTypeError(f"must be implementations, but {problem}") from None
    return (*(chosen.pop(name) for name in IMPLEMENTATIONS if name in chosen), *chosen.values())


def one_of(*known: str) -> Callable[[str], str]:
    """One of the known names."""

    def convert(text: str) -> str:
        if text not in known:
            nearest = nearest_of(text, known)
            raise argparse.ArgumentTypeError(f"must be {' or '.join(known)}, got {quote(text)}{nearest}")
        return text

    return convert


def patterns(text: str) -> str:
    """Patterns of names, with commas between."""
    if not all(text.split(",")) or not text.isprintable():
        raise argparse.ArgumentTypeError(f"must be patterns with a comma between, 'lenet5/*,ops/*', got {quote(text)}")
    return text


def place(text: str) -> Path:
    """A file or a folder."""
    if not text or "\0" in text:
        raise argparse.ArgumentTypeError(f"must name a place, such as . for the current folder, got {quote(text)}")
    return Path(text)
