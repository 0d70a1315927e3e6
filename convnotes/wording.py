"""The words of refusals: how a value is quoted, and what was perhaps meant."""

import difflib
from collections.abc import Iterable
from reprlib import Repr

_REPR = Repr()
_REPR.maxstring = _REPR.maxother = _REPR.maxlong = 60
_REPR.maxlevel = 3


def quote(value) -> str:
    """A value as Python writes it, on one line; of a long one, or one within many others, a part."""
    try:
        text = _REPR.repr(value)
    except ValueError:  # an integer of so many digits that Python writes none of them
        return "an integer of thousands of digits"
    return "".join(one if one.isprintable() else "?" for one in text)


def nearest_of(text: str, known: Iterable[str]) -> str:
    """A question after the known name that a text looks most like, where there is one.

    >>> nearest_of("--quik", ["--quick", "--cases"])
    '; did you mean --quick?'
    """
    alike = {one.lower(): one for one in known}
    found = difflib.get_close_matches(text[:100].lower(), alike, 1)
    return f"; did you mean {alike[found[0]]}?" if found else ""
