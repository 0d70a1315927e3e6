"""A layers file is read whole: every faulty line of it is told at once."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn

from convnotes.layers import LayersError
from convnotes.layers.columns import ALWAYS, BY_NAME, COLUMNS, REQUIRED
from convnotes.layers.layer import Layer, layer
from convnotes.wording import nearest_of, quote

MOST_BYTES = 10_000_000
MOST_LAYERS = 10_000
SUFFIXES = (".csv", ".json")

# What the vocabulary calls what stands in a column under another name.
_ALIASES = {"weight": "kernel", "kernel_size": "kernel", "input": "H"}


def read(path: str | Path) -> list[Layer]:
    """The layers of a file, CSV or JSON by its suffix; names are unique, and every case's suite is "layers".

    LayersError with a sentence for every faulty line, or for the file where it cannot be read at all.
    """
    path = Path(path)
    name, suffix = _shown(path), path.suffix.lower()
    if suffix not in SUFFIXES:
        raise LayersError(f"{name} must end in .csv or .json to be a layers file")
    return parse(_text(path, name), suffix, name)


def parse(text: str, suffix: str, name: str) -> list[Layer]:
    """The layers in a text; `name` is what a refusal calls it."""
    found = _rows_of_csv(text, name) if suffix == ".csv" else _rows_of_json(text, name)
    rows = list(islice(found, MOST_LAYERS + 1))
    if not rows:
        raise LayersError(f"{name} has no layers")
    if len(rows) > MOST_LAYERS:
        raise LayersError(f"{name} must hold at most {MOST_LAYERS} layers")
    layers: list[Any] = []
    faults: list[str] = []
    places: dict[str, str] = {}
    for place, cells in rows:
        found, wrong = cells if isinstance(cells, tuple) else _layer(cells)
        if found and (first := places.setdefault(found.case.name, place)) != place:
            wrong = [f", name: must be the name of one layer, got {quote(found.case.name)} as in {first}"]
        layers.append(found)
        faults += [f"{name}, {place}{one}" for one in wrong]
    if faults:
        raise LayersError(*faults)
    return layers


def _shown(path: Path) -> str:
    """A path as it can stand in a sentence."""
    text = str(path)
    return text if text.isprintable() and len(text) <= 100 else quote(text)


def _text(path: Path, name: str) -> str:
    try:
        if path.exists() and not path.is_file():
            raise LayersError(f"{name} must be a file")
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as problem:
        if isinstance(problem, LayersError):
            raise
        raise LayersError(f"{name} cannot be read ({getattr(problem, 'strerror', None) or problem})") from None
    if len(content) > MOST_BYTES:
        raise LayersError(f"{name} must not be larger than {MOST_BYTES // 10**6} MB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise LayersError(f"{name} must be text in UTF-8 (byte {problem.start} is not)") from None
    if "\0" in text:
        raise LayersError(f"{name} must be text, got a NUL in line {text[: text.index(chr(0))].count(chr(10)) + 1}")
    return text


def _rows_of_csv(text: str, name: str) -> Iterator[tuple[str, Mapping[str, Any] | tuple[Any, ...]]]:
    """Where each row stands, and its cells by column; or, where they are too many or too few, what is wrong."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header, start = None, 1
    try:
        for cells in reader:
            place, start = f"line {start}", reader.line_num + 1
            cells = [cell.strip() for cell in cells]
            if not any(cells):
                continue
            if header is None:
                header = cells
                _check_header(header, name)
            elif len(cells) != len(header):
                yield place, (None, [f" must have {len(header)} cells as the first line has, got {len(cells)}"])
            else:
                yield place, dict(zip(header, cells))
    except csv.Error as problem:
        raise LayersError(f"{name}, line {start}: is not CSV ({problem})") from None
    if header is None:
        raise LayersError(f"{name} is empty")


def _check_header(header: list[str], name: str) -> None:
    faults = _unknown(header)
    faults += [f", {one}: stands there twice" for one in BY_NAME if header.count(one) > 1]
    faults += [f", {one}: must not be missing" for one in ALWAYS if one not in header]
    if len(header) == 1 and any(mark in header[0] for mark in ";\t"):
        faults = [" must have commas between its cells"]
    if faults:
        raise LayersError(*(f"{name}, first line{fault}" for fault in faults))


def _unknown(names: Iterable[str]) -> list[str]:
    """What is wrong with the names of columns. Only some are told, each of which takes a while."""
    unknown = islice((name for name in names if name not in BY_NAME), 3)
    return [f": {quote(name)} is no column{nearest_of(name, BY_NAME)}" for name in unknown]


def _rows_of_json(text: str, name: str) -> Iterator[tuple[str, Mapping[str, Any] | tuple[Any, ...]]]:
    try:
        found = json.loads(text, parse_constant=_refuse, object_pairs_hook=_once)
    except RecursionError:
        raise LayersError(f"{name} is nested too deeply") from None
    except ValueError as problem:
        raise LayersError(f"{name} is not JSON ({str(problem)[:100]})") from None
    if not isinstance(found, list):
        raise LayersError(f"{name} must hold a list of layers, got {quote(found)}")
    for number, cells in enumerate(found, 1):
        if not isinstance(cells, dict):
            yield f"layer {number}", (None, [f" must be an object, got {quote(cells)}"])
        else:
            wrong = _unknown(cells)
            yield f"layer {number}", (None, wrong) if wrong else cells


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{quote(name)} stands twice in an object")
        found[name] = value
    return found


def _layer(cells: Mapping[str, Any]) -> tuple[Layer | None, list[str]]:
    """The layer of a row, and all that is wrong with it."""
    values, faults = {}, []
    for column in COLUMNS:
        value = cells.get(column.name)
        try:
            if value is not None and value != "":
                values[column.name] = column.kind.read(column.name, value)
        except (ValueError, TypeError) as problem:
            faults.append(_told(column.name, problem))
            values[column.name] = None
    if (operation := values.get("operation")) is not None:
        for column in COLUMNS:
            theirs = operation in column.operations
            if theirs and column.default is REQUIRED and column.name not in values:
                faults.append(f", {column.name}: must not be empty for {operation}")
            elif not theirs and values.get(column.name) is not None:
                faults.append(f", {column.name}: must be empty for {operation}, got {quote(cells[column.name])}")
    elif "operation" not in values:
        faults.append(", operation: must not be empty")
    if faults:
        return None, faults
    try:
        return layer(values), []
    except (ValueError, TypeError) as problem:
        return None, [_told("operation", problem)]


def _told(column: str, problem: Exception) -> str:
    """A fault in the words of who found it, after the column that its sentence begins with."""
    word, _, rest = str(problem).partition(" ")
    word = _ALIASES.get(word, word)
    return f", {word}: {rest}" if word in BY_NAME else f", {column}: {problem}"
