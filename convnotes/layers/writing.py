"""A layers file is written in one step, and only where it will be read back as it was."""

import csv
import io
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from convnotes.layers import LayersError
from convnotes.layers.columns import ALWAYS, BY_NAME, COLUMNS
from convnotes.layers.layer import Layer, columns
from convnotes.layers.reading import parse
from convnotes.wording import quote


def write(layers: Iterable[Layer], path: str | Path | None = None) -> str:
    """The CSV text of some layers, also written to `path` if one is given: `read` gives back the same layers.

    An earlier file is replaced in one step, or unchanged. LayersError where the file cannot be written, or has
    another suffix than .csv, or where a layers file has no place for what a layer is.
    """
    layers = list(layers)
    text = _text(layers)
    if path is not None:
        _replace(Path(path), text)
    return text


def _text(layers: list[Layer]) -> str:
    rows = [columns(layer) for layer in layers]
    used = [column for column in COLUMNS if column.name in ALWAYS or any(column.name in row for row in rows)]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(column.name for column in used)
    for row in rows:
        writer.writerow(BY_NAME[one.name].kind.write(row[one.name]) if one.name in row else "" for one in used)
    text = file.getvalue()
    for layer, found in zip(layers, parse(text, ".csv", "what is to be written"), strict=True):
        if found != layer:
            raise LayersError(f"a layers file has no place for all of {quote(layer.case.name)}: {layer.case}")
    return text


def _replace(path: Path, text: str) -> None:
    name = str(path) if str(path).isprintable() else quote(str(path))
    if path.suffix.lower() != ".csv":
        raise LayersError(f"{name} must end in .csv to become a layers file")
    new = None
    try:
        # A link stays one, and what it leads to is replaced.
        path = Path(os.path.realpath(path))
        new = path.with_name(f".layers-{os.getpid()}.new")
        with new.open("w", newline="", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise LayersError(f"{name} must be a file that can be written to ({reason})") from None
    finally:
        if new is not None:
            with suppress(OSError, ValueError):
                new.unlink(missing_ok=True)
