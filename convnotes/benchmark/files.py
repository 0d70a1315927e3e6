"""How files are written: each replaces an earlier one in one step, and what is unfinished has a folder of its own."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from convnotes.benchmark import Refused, records

LOCK = ".lock"


@contextmanager
def writing(
    out: Path, keep: Callable[[Path], bool] = lambda folder: False, name: str = ".unfinished-report"
) -> Iterator[Path]:
    """A folder inside `out` for what is not finished, gone when the block is left, unless it is to be kept.

    Refuses an `out` that cannot be written to, that another process is writing to, or where results would
    replace files of another origin.
    """
    from filelock import FileLock, Timeout

    folder, new = out / name, not out.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / LOCK, blocking=False):
            try:
                _refuse_other_origins(out)
                yield folder
            finally:
                if not keep(folder):
                    shutil.rmtree(folder, ignore_errors=True)
    except Timeout:
        raise Refused(f"--out must be a folder that no other run is writing to, got {str(out)!r}") from None
    except OSError as problem:
        reason = problem.strerror or str(problem)
        kept = "; what is measured is kept for --resume" if keep(folder) else ""
        raise Refused(f"--out must be a folder that can be written to, got {str(out)!r} ({reason}){kept}") from None
    finally:
        if new and out.is_dir() and not any(out.iterdir()):
            out.rmdir()


def _refuse_other_origins(out: Path) -> None:
    if (out / records.README).exists() and not (out / records.MEASUREMENTS).exists():
        raise Refused(f"--out must be a folder without a {records.README} of another origin, got {str(out)!r}")
    if blocked := [name for name in records.ALL if (out / name).is_dir()]:
        raise Refused(f"--out must be a folder where {blocked[0]} is not a folder, got {str(out)!r}")


def write(path: Path, text: str) -> None:
    """Replace a file in one step; it is on disk when this returns."""
    new = path.with_name(path.name + ".new")
    with new.open("w", newline="", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)


def publish(folder: Path, out: Path, names=records.ALL) -> None:
    """Move the named files from `folder` to `out`, each in one step; those `folder` lacks are removed from `out`."""
    for name in names:
        if (folder / name).exists():
            os.replace(folder / name, out / name)
        else:
            (out / name).unlink(missing_ok=True)
