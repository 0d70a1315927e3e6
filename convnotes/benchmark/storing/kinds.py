"""What a stored value may be: a line of text, a number in a range. Each kind says what it takes, in words too."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import inf
from reprlib import Repr
from typing import Any

# Control characters, line separators, and halves of characters that no file can hold.
_UNWRITABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# Python's own float() takes much more: underscores, spaces, digits of every script.
_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]*)?([eE][+-]?[0-9]{1,3})?")
LONGEST = 300  # characters


@dataclass(frozen=True)
class Text:
    """A line of text, perhaps one of a few.

    without: a character that it may not hold
    """

    choices: tuple[str, ...] = ()
    without: str = ""

    def parse(self, text: str) -> str:
        return text

    def holds(self, value: Any) -> bool:
        if not isinstance(value, str):
            return False
        if self.choices:
            return value in self.choices
        return len(value) <= LONGEST and not _UNWRITABLE.search(value) and not set(value) & set(self.without)

    def nearest(self, value: str) -> str:
        """A text like another that may hold anything."""
        return _UNWRITABLE.sub("?", value)[:LONGEST]

    def __str__(self) -> str:
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        return f"a line of at most {LONGEST} characters" + (f" without {self.without}" if self.without else "")


@dataclass(frozen=True)
class Date:
    """A date with its time, in the form that ISO 8601 gives it."""

    def holds(self, value: Any) -> bool:
        try:
            datetime.fromisoformat(value)
        except (TypeError, ValueError):
            return False
        return True

    def __str__(self) -> str:
        return "a date"


@dataclass(frozen=True)
class Number:
    """A number in a range."""

    least: float
    most: float
    whole: bool = False

    def parse(self, text: str) -> float:
        """The number that a cell holds; ValueError where it holds none."""
        if text == "inf" and self.most == inf:
            return inf
        if not _NUMBER.fullmatch(text):
            raise ValueError(text)
        value = float(text)
        if self.whole and value.is_integer():
            return int(text) if text.isdecimal() else int(value)
        return value

    def holds(self, value: Any) -> bool:
        if type(value) not in (int, float) or (self.whole and type(value) is not int):
            return False
        return self.least <= value <= self.most

    def __str__(self) -> str:
        return f"a {'whole ' if self.whole else ''}number from {self.least:g} to {self.most:g}"


# A key that need not be there.
ABSENT = object()
# Stands for every key of a dict.
ANY = object()


def fault(value: Any, kind: Any, place: str) -> str | None:
    """What is wrong with a value read from JSON, in words; None if it is of its kind.

    kind: a kind; a dict of kinds by their keys, where others are ignored; a list of the one kind of all entries, of
    which there must be one at least; a tuple of alternatives, with None, and ABSENT for a key that need not be there
    """
    match kind:
        case Mapping():
            if not isinstance(value, Mapping):
                return f"{place or 'all'} is {short(value)} instead of named values"
            for name, inner in (dict.fromkeys(value, kind[ANY]) if ANY in kind else kind).items():
                inside = f"{place}.{name}" if place else name
                if name not in value:
                    if isinstance(inner, tuple) and ABSENT in inner:
                        continue
                    return f"{inside} is missing"
                if found := fault(value[name], inner, inside):
                    return found
            return None
        case [inner] if isinstance(kind, list):
            if not isinstance(value, list) or not value:
                return f"{place} is {short(value)} instead of a list"
            return next(filter(None, (fault(one, inner, f"{place}[{i}]") for i, one in enumerate(value))), None)
        case tuple():
            if value is None and None in kind:
                return None
            faults = [fault(value, one, place) for one in kind if one not in (None, ABSENT)]
            return None if None in faults else faults[0]
        case _:
            return None if kind.holds(value) else f"{place} is {short(value)} instead of {kind}"


def short(value: object) -> str:
    """A value as Python writes it, on one line and not too long."""
    return _REPR.repr(value)


_REPR = Repr()
_REPR.maxlevel, _REPR.maxdict, _REPR.maxlist, _REPR.maxstring, _REPR.maxlong = 1, 2, 2, 40, 30
