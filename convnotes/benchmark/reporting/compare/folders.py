"""The folders that are compared: what each holds, and a name that tells it from the others."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from convnotes.benchmark import Refused
from convnotes.benchmark.reporting import provenance
from convnotes.benchmark.reporting.summary import summarize
from convnotes.benchmark.storing import records
from convnotes.benchmark.storing.schema import MEASURED
from convnotes.benchmark.terminal.output import progress

_FACTS = (
    *("cpu", "gpu", "cores", "system", "threads", "isa", "device", "dtype"),
    *("python", "numpy", "torch", "blas", "commit", "version", "layers"),
)


class Folder(NamedTuple):
    """A folder of results: its short name, its place, the rows of its summary that were measured, its environment."""

    name: str
    place: Path
    rows: pd.DataFrame
    environment: dict[str, Any]

    @property
    def line(self) -> str:
        """Its line of provenance."""
        return provenance.line(self.environment)


def read(places: Sequence[Path]) -> list[Folder]:
    """What the folders hold; refuses fewer than two, one that is there twice, and one that holds no run."""
    if len(places) < 2:
        raise Refused(f"FOLDER must be given for two runs at least, got one, {str(places[0])!r}")
    seen: dict[Any, Any] = {}
    for place in places:
        if (known := seen.setdefault(os.path.realpath(place), place)) is not place:
            as_well = "" if str(known) == str(place) else f" and as {str(known)!r}"
            raise Refused(f"FOLDER must be another one each time, got {str(place)!r} twice{as_well}")
    found = progress(list(zip(names(places), places)), "folder", lambda one: f"reading {one[0]}")
    return [_read(name, place) for name, place in found]


def _read(name: str, place: Path) -> Folder:
    frame, environment = records.read(place, "FOLDER")
    environment = environment | {"isa": provenance.asked(environment)}
    if found := environment.get("layers"):
        environment = environment | {"layers": f"SHA-256 {found['sha256'][:10]}"}
    summary = summarize(frame)
    return Folder(name, place, summary[summary["status"] == MEASURED], environment)


def names(places: Sequence[Path]) -> list[str]:
    """The folders' own names; where others have the same, as much of the path as tells them apart."""
    paths = [Path(os.path.abspath(place)).parts for place in places]
    found: list[Any] = []
    for one in paths:
        others = [other for other in paths if other != one]
        count = next(n for n in range(1, len(one) + 1) if all(other[-n:] != one[-n:] for other in others))
        name = "".join(letter if letter.isprintable() else "?" for letter in Path(*one[-count:]).as_posix())
        found.append(name if name not in found else f"{name} ({len(found) + 1})")
    return found


def differences(folders: Sequence[Folder]) -> pd.DataFrame:
    """What is not the same in all of them: a row for each fact, `different`, and a column for each folder's name."""
    table = []
    for fact in _FACTS:
        values = [_text(folder.environment.get(fact)) for folder in folders]
        if len(set(values)) > 1:
            table.append([fact, *values])
    return pd.DataFrame(table, columns=["different", *(folder.name for folder in folders)])


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(str(part) for part in value.values())
    return "none" if value is None else str(value)
