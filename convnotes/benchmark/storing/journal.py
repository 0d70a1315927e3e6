"""An unfinished run on disk: every finished job survives whatever stops the run, and a later run goes on from it.

A job's rows are appended at once, with a checksum of them and an empty line. What follows the last empty line was
torn. Rows that are not what the checksum says, or not what the job writes, are measured again.
"""

import csv
import io
import os
import zlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from convnotes.benchmark import Refused
from convnotes.benchmark.storing import costs, reading, records
from convnotes.benchmark.storing.files import packed, write
from convnotes.benchmark.storing.job import Job
from convnotes.benchmark.storing.schema import CALL, COLUMNS, MEASURED

Rows = list[dict[str, Any]]


class Journal:
    """The jobs of one run that are finished, in a folder of their own.

    rows: the rows of the finished jobs, by the keys of the jobs; all values as text, as in the file
    damage: a sentence about what `load` found and did not take over, or nothing
    """

    def __init__(self, folder: Path, jobs: Iterable[Job]) -> None:
        self.rows: dict[tuple[Any, ...], Rows] = {}
        self.damage = ""
        self._path, self._jobs = folder / records.PLAIN, tuple(jobs)

    def load(self) -> None:
        """Take over the whole jobs that are in the file, and leave it as it is."""
        blocks = _blocks(self._path)
        whole = dict(filter(None, map(_sealed, blocks)))
        for job in self._jobs:
            # A later round repeats what the first one found.
            first = self._first(job)
            for name in job.implementations:
                rows = whole.get((str(job.round), *job.problem, name), [])
                if _is_of(job, rows) and (first in self.rows or not job.round):
                    self.rows[job.key] = rows
        found = len(set(blocks))
        if lost := found - len(self.rows):
            were, are = ("was", "is") if lost == 1 else ("were", "are")
            self.damage = (
                f"{lost} of {found} finished jobs in the unfinished run {were} damaged and {are} measured again"
            )

    def start(self) -> None:
        """Write the file anew, with the jobs that were taken over."""
        write(self._path, _text([COLUMNS]) + "".join(_block(rows) for rows in self.rows.values()))

    def append(self, job: Job, rows: Rows) -> None:
        """Add the rows of a job; they are on disk when this returns."""
        text = _block(rows)
        with self._path.open("a", newline="", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        self.rows[job.key] = _parse(text.rstrip("\n").rpartition("\n")[0])

    def known(self, job: Job) -> dict[tuple[str, str], Rows]:
        """What the first round measured of a job's problem: its rows, by implementation and step."""
        found: dict[tuple[str, str], Rows] = {}
        for row in self.rows.get(self._first(job), []):
            if row["status"] == MEASURED:
                found.setdefault((row["implementation"], row["step"]), []).append(row)
        return found

    def finish(self, folder: Path) -> None:
        """Write all measurements, without checksums and empty lines, to another folder."""
        write(folder / records.MEASUREMENTS, packed(_text([COLUMNS, *self._sorted()])))

    def _sorted(self) -> Iterable[Iterable[str]]:
        """All rows, those of a call beside each other: they are as good as the same, and so take a third less space."""
        calls: dict[Any, Any] = {}
        for job in self._jobs:
            for row in self.rows.get(job.key, []):
                calls.setdefault(tuple(row[name] for name in CALL), []).append(row.values())
        return (row for rows in calls.values() for row in rows)

    @staticmethod
    def _first(job: Job) -> tuple[Any, ...]:
        return replace(job, round=0).key


def _text(rows: Iterable[Iterable[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _block(rows: Rows) -> str:
    text = _text([row.get(column) for column in COLUMNS] for row in rows)
    return f"{text}{_seal(text)}\n\n"


def _seal(text: str) -> str:
    return f"# {zlib.crc32(text.encode()):08x}"


def _parse(text: str) -> Rows:
    return list(csv.DictReader(io.StringIO(text), fieldnames=list(COLUMNS)))


def _blocks(path: Path) -> list[str]:
    """The text between empty lines; what follows the last empty line is torn and left out."""
    try:
        header, _, text = path.read_text(encoding="utf-8", errors="replace").partition("\n")
    except FileNotFoundError:
        return []
    if header != _text([COLUMNS]).rstrip("\n"):
        raise Refused(f"--resume must find measurements of this version in {str(path.parent)!r}, or it be deleted")
    return text.split("\n\n")[:-1]


def _sealed(block: str) -> tuple[tuple[Any, ...], Rows] | None:
    """The rows of a block and what they are rows of; None where they are not what was written."""
    text, _, seal = block.rpartition("\n")
    if seal != _seal(text + "\n"):
        return None
    try:
        reading.table(_text([COLUMNS]) + text)
    except reading.DamageError:
        return None
    rows = _parse(text)
    turn = next((row["round"] for row in rows if row["round"]), "0")
    return (turn, *(rows[0][column] for column in ("suite", "case", "batch", "operation", "implementation"))), rows


def _is_of(job: Job, rows: Rows) -> bool:
    """Whether rows say of their problem what the job's rows say, and in the first round are of all implementations."""
    facts = {name: str(value) for name, value in costs.facts(job.case, job.operation).items()}
    if any(facts != {name: row[name] for name in facts} for row in rows):
        return False
    found = {row["implementation"] for row in rows}
    return bool(rows) and found <= set(job.implementations) and (bool(job.round) or found == set(job.implementations))
