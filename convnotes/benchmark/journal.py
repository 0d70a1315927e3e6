"""An unfinished run on disk: every finished job survives whatever stops the run, and a later run goes on from it.

A job's rows are appended at once and end with an empty line. What does not end so was torn, and is dropped
with everything else that is not a whole job. Readers of CSV skip empty lines.
"""

import csv
import io
import os
from collections.abc import Iterable
from pathlib import Path

from convnotes.benchmark import Refused, records
from convnotes.benchmark.files import write
from convnotes.benchmark.jobs import Job

Rows = list[dict]


class Journal:
    """The jobs of one run that are finished, in a folder of their own.

    rows: the rows of the finished jobs, by the keys of the jobs; all values as text, as in the file
    """

    def __init__(self, folder: Path, jobs: Iterable[Job], repeats: int):
        self.rows: dict[tuple, Rows] = {}
        self._path, self._jobs, self._repeats = folder / records.MEASUREMENTS, tuple(jobs), repeats

    def start(self) -> None:
        """Begin without any job."""
        write(self._path, _text([records.COLUMNS]))

    def load(self) -> None:
        """Take over the whole jobs that are in the file, and drop all else from it."""
        self.rows = _whole(_blocks(self._path), self._jobs, self._repeats)
        write(self._path, _text([records.COLUMNS]) + "".join(map(_block, self.rows.values())))

    def append(self, job: Job, rows: Rows) -> None:
        """Add the rows of a job; they are on disk when this returns."""
        text = _block([[row.get(column) for column in records.COLUMNS] for row in rows])
        with self._path.open("a", newline="", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        self.rows[job.key] = _parse(text)

    def known(self, job: Job) -> dict[tuple[str, str], Rows]:
        """What the first round measured of a job's problem: its rows, by implementation and step."""
        return _measured(self.rows.get(Job(0, job.case, job.operation, job.implementations).key, []))

    def finish(self, folder: Path) -> None:
        """Write all measurements, without the empty lines, to another folder."""
        rows = [row.values() for job in self._jobs for row in self.rows.get(job.key, [])]
        write(folder / records.MEASUREMENTS, _text([records.COLUMNS, *rows]))


def _text(rows) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _block(rows) -> str:
    return _text(row.values() if isinstance(row, dict) else row for row in rows) + "\n"


def _parse(text) -> Rows:
    return list(csv.DictReader(io.StringIO(text), fieldnames=list(records.COLUMNS)))


def _blocks(path) -> list[Rows]:
    """The rows between empty lines; what follows the last empty line is torn and left out."""
    try:
        header, _, text = path.read_text(encoding="utf-8", errors="replace").partition("\n")
    except FileNotFoundError:
        return []
    if header != _text([records.COLUMNS]).rstrip("\n"):
        raise Refused(f"--resume must find measurements of this version in {str(path.parent)!r}, or it be deleted")
    return [_parse(block) for block in text.split("\n\n")[:-1]]


def _whole(blocks, jobs, repeats) -> dict[tuple, Rows]:
    """The blocks that hold all rows of a job, by the job's key."""
    found = {}
    for block in blocks:
        found.setdefault(_key(block), block)
    whole: dict[tuple, Rows] = {}
    for job in jobs:
        first = whole.get(Job(0, job.case, job.operation, job.implementations).key)
        for name in job.implementations:
            block = found.get((str(job.round), *job.problem, name))
            if block and _is_whole(block, job, repeats, first):
                whole[job.key] = block
    return whole


def _key(block) -> tuple:
    turn = next((row["round"] for row in block if row["round"]), "0")
    return turn, *(block[0][column] for column in ("suite", "case", "batch", "operation", "implementation"))


def _is_whole(block, job, repeats, first) -> bool:
    """Whether nothing is missing; a later round has the same rows as the first had timings, or says what failed."""
    if any(None in row or None in row.values() for row in block):
        return False
    measured = _measured(block)
    if job.round:
        counts = {key: len(rows) for key, rows in _measured(first or []).items()}
        failed = {(row["implementation"], row["step"]): 1 for row in block if row["status"] == "failed"}
        found = {key: len(rows) for key, rows in measured.items()} | failed
        return sum(found.values()) == len(block) and found == counts | failed
    numbered = all([row["repeat"] for row in rows] == [str(i) for i in range(len(rows))] for rows in measured.values())
    complete = all(len(rows) in (1, repeats) for rows in measured.values())
    return numbered and complete and {row["implementation"] for row in block} == set(job.implementations)


def _measured(rows) -> dict[tuple[str, str], Rows]:
    found = {}
    for row in rows:
        if row["status"] == "measured":
            found.setdefault((row["implementation"], row["step"]), []).append(row)
    return found
