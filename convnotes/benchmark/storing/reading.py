"""The one place that reads what a run has stored: rows and environments by their schema, or what is wrong with them."""

import csv
import io
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NoReturn

from convnotes.benchmark.storing.kinds import fault, short
from convnotes.benchmark.storing.schema import CALL, COLUMNS, MACHINE, MEASURED, TIMING

# All timings of a call agree in these.
_FACTS = tuple(name for name in COLUMNS if name not in (*CALL, *TIMING))


class DamageError(ValueError):
    """What was stored does not hold; the message goes on from what it is in."""


# A compressed file may expand to so many bytes, and a larger one to so many times its size. Measurements expand to
# some twenty times theirs; a file that is made to fill the memory, to a thousand times.
SMALL, MOST = 2**24, 100


def unpacked(content: bytes) -> bytes:
    """What the content of a .gz file holds."""
    gzip = zlib.decompressobj(wbits=31)
    try:
        found = gzip.decompress(content, max(SMALL, MOST * len(content)))
    except zlib.error as problem:
        raise DamageError(f"is no gzip file, or a damaged one ({problem})") from None
    if gzip.unconsumed_tail:
        raise DamageError(f"expands to more than {MOST} times its size, as no measurements do")
    if not gzip.eof:
        raise DamageError("is a gzip file that ends too early")
    if gzip.unused_data:
        raise DamageError("is a gzip file with something behind its end")
    return found


def text(content: bytes) -> str:
    """A text of UTF-8, without the byte order mark that some editors leave."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise DamageError(f"is not UTF-8 ({problem})") from None


def table(text: str) -> list[dict[str, Any]]:
    """The rows of a file of measurements, their values as numbers and None for what is empty."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        lines = [(reader.line_num, cells) for cells in reader if cells]
    except csv.Error as problem:
        raise DamageError(f"in line {reader.line_num} is not CSV ({problem})") from None
    if not lines:
        raise DamageError("is empty")
    (_, header), *lines = lines
    _check_header(header)
    if not lines:
        raise DamageError("has no rows")
    rows = []
    for number, cells in lines:
        if len(cells) != len(header):
            raise DamageError(f"in line {number} has {len(cells)} cells instead of {len(header)}")
        try:
            rows.append(row(dict(zip(header, cells))))
        except DamageError as problem:
            raise DamageError(f"in line {number} {problem}") from None
    _check_calls(rows)
    return rows


def _check_header(header: Sequence[str]) -> None:
    for name in COLUMNS:
        if (count := header.count(name)) != 1:
            raise DamageError(f"has the column {name} {count} times" if count else f"lacks the column {name}")
    if unknown := [name for name in header if name not in COLUMNS]:
        raise DamageError(f"has a column {short(unknown[0])} that no run writes")


def row(cells: Mapping[str, str]) -> dict[str, Any]:
    """The values of a row of text."""
    values: dict[str, Any] = {}
    for name in COLUMNS:
        values[name], known = _value(name, cells[name])
        if not known:
            raise DamageError(f"has {short(cells[name])} as {name} instead of {COLUMNS[name]}")
    status = values["status"]
    if status is None:
        raise DamageError("has no status")
    needed = [name for name, column in COLUMNS.items() if status in column.needed]
    needed += _COSTS.get((values["suite"] == MACHINE and values["operation"]) or values["step"], ())
    for name in needed:
        if values[name] is None:
            raise DamageError(f"has no {name} where the status is {status}")
    for name, column in COLUMNS.items():
        if status not in column.allowed and values[name] is not None:
            raise DamageError(f"has {short(cells[name])} as {name} where the status is {status}")
    if status == MEASURED and not (values["error"] or 0) <= 1:
        raise DamageError(f"has {short(cells['error'])} as error where the status is {status}")
    return values


@lru_cache(maxsize=2**16)
def _value(name: str, text: str) -> tuple[object, bool]:
    """What a cell holds, and whether its column may hold that."""
    if not text:
        return None, True
    kind = COLUMNS[name].kind
    try:
        value = kind.parse(text)
    except ValueError:
        return None, False
    return value, kind.holds(value)


# What is summed up of a whole call, of a part of one and of what the machine does.
_COSTS = {
    None: ("multiply_adds", "bytes"),
    "product": ("multiply_adds",),
    "matrix product": ("multiply_adds",),
    "copy": ("bytes",),
}


def _check_calls(rows: Iterable[dict[str, Any]]) -> None:
    """Refuse rows that stand there twice, that lack an earlier repeat, or that contradict each other."""
    first: dict[Any, Any] = {}
    repeats: dict[Any, Any] = {}
    for one in rows:
        call = tuple(one[name] for name in CALL)
        known = first.setdefault(call, one)
        for column in _FACTS:
            if known[column] != one[column]:
                raise DamageError(
                    f"has both {short(known[column])} and {short(one[column])} as {column} of {_name(one)}"
                )
        repeats.setdefault(call, {}).setdefault(one["round"], []).append(one["repeat"])
    for call, rounds in repeats.items():
        for turn, found in rounds.items():
            untimed = found == [None] and (turn is not None or len(rounds) == 1)
            if not untimed and (None in found or sorted(found) != list(range(len(found)))):
                raise DamageError(f"lacks a timing, or has it twice, of {_name(first[call])}")


def _name(row: Mapping[str, Any]) -> str:
    return f"{row['implementation']}: {row['operation']} of {row['case']}"


def environment(text: str | bytes, kind: Mapping[str, Any]) -> dict[str, Any]:
    """The environment in a text of JSON, by its schema."""
    try:
        found = json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise DamageError("nested too deeply") from None
    except ValueError as problem:
        raise DamageError(f"not JSON ({problem})") from None
    if wrong := fault(found, kind, ""):
        raise DamageError(wrong)
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")
