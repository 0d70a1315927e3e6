"""What a cell may hold: each kind reads a value of CSV or JSON, writes it as text, and says its form in words.

`read(name, value)` takes text, or what JSON has in its place, and returns the value; ValueError or TypeError, whose
sentence begins with `name`, for what it cannot be.
"""

import re
from dataclasses import dataclass
from typing import Any

from convnotes import parameters
from convnotes.wording import nearest_of, quote

LONGEST = 100  # characters of a name
MOST = 10**9

# Python's own int() and float() take more: underscores, and digits of every script.
# A table of numbers with empty cells is often saved as 3.0 for 3.
_WHOLE = re.compile(r"(-?[0-9]+)(\.0*)?")
_REAL = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{0,30})?([eE][+-]?[0-9]{1,3})?")


def _whole(name: str, value: Any) -> int:
    """A whole number, out of text too."""
    if isinstance(value, str):
        found = _WHOLE.fullmatch(value)
        if not found:
            raise ValueError(f"{name} must be a whole number, got {quote(value)}")
        if len(value) > 1000:  # int() takes no more than 4300 digits
            raise ValueError(f"{name} must be at most {MOST} in size, got {quote(value)}")
        value = int(found[1])
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be a whole number, got {quote(value)}")
    if abs(value) > MOST:
        raise ValueError(f"{name} must be at most {MOST} in size, got {quote(value)}")
    return value


def _two(name: str, value: Any, form: str) -> tuple[Any, ...]:
    """What a list of two holds."""
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise TypeError(f"{name} must be {form}, got {quote(value)}")
    return tuple(value)


@dataclass(frozen=True)
class Line:
    """A line of text that can stand in a table."""

    form: str = f"text of at most {LONGEST} characters without |"

    def read(self, name: str, value: Any) -> str:
        if not isinstance(value, str) or not value or self.nearest(value) != value:
            raise ValueError(f"{name} must be {self.form}, got {quote(value)}")
        return value

    def write(self, value: str) -> str:
        return value

    def nearest(self, text: str, longest: int = LONGEST) -> str:
        """The line that is most like some text."""
        return "".join(one if one.isprintable() and one != "|" else "?" for one in text.strip()[:longest]).strip()


@dataclass(frozen=True)
class Choice:
    """One of a few names."""

    known: tuple[str, ...]

    @property
    def form(self) -> str:
        return f"one of {', '.join(self.known)}"

    def read(self, name: str, value: Any) -> str:
        if not isinstance(value, str) or value not in self.known:
            nearest = nearest_of(value, self.known) if isinstance(value, str) else ""
            raise ValueError(f"{name} must be {self.form}, got {quote(value)}{nearest}")
        return value

    def write(self, value: str) -> str:
        return value


@dataclass(frozen=True)
class Whole:
    """A whole number, of at least `least` if one is given."""

    least: int | None = None

    @property
    def form(self) -> str:
        return "a whole number" + ("" if self.least is None else f" of at least {self.least}")

    def read(self, name: str, value: Any) -> int:
        return parameters.integer(name, _whole(name, value), self.least)

    def write(self, value: int) -> str:
        return str(value)


@dataclass(frozen=True)
class Real:
    """A finite number."""

    form: str = "a number"

    def read(self, name: str, value: Any) -> float:
        if isinstance(value, str):
            if not _REAL.fullmatch(value):
                raise ValueError(f"{name} must be a number, got {quote(value)}")
            value = float(value)
        elif isinstance(value, int) and not isinstance(value, bool):
            value = float(_whole(name, value))
        elif not isinstance(value, float):
            raise TypeError(f"{name} must be a number, got {quote(value)}")
        return parameters.number(name, value)

    def write(self, value: float) -> str:
        return repr(float(value))


@dataclass(frozen=True)
class Flag:
    """True or false."""

    form: str = "true or false"

    def read(self, name: str, value: Any) -> bool:
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if not isinstance(value, bool):
            raise TypeError(f"{name} must be true or false, got {quote(value)}")
        return value

    def write(self, value: bool) -> str:
        return str(value).lower()


@dataclass(frozen=True)
class Pair:
    """A whole number for both axes, or one for each, vertical and horizontal."""

    least: int

    @property
    def form(self) -> str:
        return f"a pair of at least {self.least}"

    def read(self, name: str, value: Any) -> int | tuple[int, int]:
        if isinstance(value, str) and "x" in value.lower():
            value = value.lower().split("x")
        if isinstance(value, list | tuple):
            value = tuple(_whole(name, one) for one in _two(name, value, "3 or 3x5"))
        else:
            value = _whole(name, value)
        parameters.pair(name, value, self.least)
        return value

    def write(self, value: Any) -> str:
        return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)


@dataclass(frozen=True)
class Padding:
    """A pair, a pair for each axis' two ends, or the name of one that follows from the kernel."""

    form: str = "a pair of at least 0; of conv2d also same, valid, or top:bottom x left:right as in 1:2x0:1"

    def read(self, name: str, value: Any) -> Any:
        if isinstance(value, str) and value.lower() in ("same", "valid"):
            return value.lower()
        if isinstance(value, str) and ":" in value:
            value = [axis.split(":") for axis in value.lower().split("x")]
        if isinstance(value, list | tuple) and any(isinstance(axis, list | tuple) for axis in value):
            form = "top:bottom x left:right as in 1:2x0:1"
            ends = [_two(name, axis, form) for axis in _two(name, value, form)]
            value = tuple(tuple(_whole(name, end) for end in axis) for axis in ends)
            parameters.padding(value, (1, 1), (1, 1), (1, 1))
            return value
        return Pair(0).read(name, value)

    def write(self, value: Any) -> str:
        if isinstance(value, tuple) and isinstance(value[0], tuple):
            return "x".join(f"{before}:{after}" for before, after in value)
        return value if isinstance(value, str) else Pair(0).write(value)
