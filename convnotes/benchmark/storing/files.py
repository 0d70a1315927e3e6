"""How files are written: each replaces an earlier one in one step, and what is unfinished has a folder of its own."""

import io
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from gzip import GzipFile
from pathlib import Path

from convnotes.benchmark import Refused
from convnotes.benchmark.storing import records
from convnotes.benchmark.terminal import signals

# It lies beside the folder that is removed in the end: Windows removes no file that is open.
LOCK = ".convnotes.lock"


def never(folder: Path) -> bool:
    """An unfinished report is worth nothing."""
    return False


def refuse_other_origins(out: Path) -> None:
    """Refuse a folder where a run's results would replace a page of another origin."""
    pages = [name for name in records.REPORT if name.endswith(".md") and (out / name).exists()]
    if pages and not records.measurements(out).exists():
        raise Refused(f"--out must be a folder without a {pages[0]} of another origin, got {str(out)!r}")
    if blocked := [name for name in records.ALL if (out / name).is_dir()]:
        raise Refused(f"--out must be a folder where {blocked[0]} is not a folder, got {str(out)!r}")


@contextmanager
def writing(
    out: Path,
    keep: Callable[[Path], bool] = never,
    name: str = ".unfinished-report",
    refuse: Callable[[Path], None] = refuse_other_origins,
) -> Iterator[Path]:
    """A folder inside `out` for what is not finished, gone when the block is left, unless it is to be kept.

    Refuses an `out` that cannot be written to, that another process is writing to, or that `refuse` refuses.
    """
    from filelock import FileLock, Timeout

    folder, lock, held = out / name, out / LOCK, False
    with writable(out, lambda: keep(folder)):
        if out.exists() and not out.is_dir():
            raise Refused(f"--out must be a folder, got the file {str(out)!r}")
        new = [place for place in (out, *out.parents) if not place.exists()]
        try:
            out.mkdir(parents=True, exist_ok=True)
            with FileLock(lock, blocking=False):
                held = True
                refuse(out)
                try:
                    folder.mkdir(exist_ok=True)
                    yield folder
                finally:
                    if not keep(folder):
                        shutil.rmtree(folder, ignore_errors=True)
        except Timeout:
            raise Refused(f"--out must be a folder that no other run is writing to, got {str(out)!r}") from None
        finally:
            with suppress(OSError):
                if held:
                    lock.unlink(missing_ok=True)
                for place in new:
                    place.rmdir()  # fails where something is in it


@contextmanager
def writable(out: Path, kept: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Refuse in one sentence what the system says of a folder in the block; `kept` says whether a run can go on."""
    try:
        yield
    except OSError as problem:
        reason = problem.strerror or str(problem)
        also = ""
        with suppress(OSError):
            also = "; what is measured is kept for --resume" if kept() else ""
        raise Refused(f"--out must be a folder that can be written to, got {str(out)!r} ({reason}){also}") from None


def write(path: Path, content: str | bytes) -> None:
    """Replace a file in one step; it is on disk when this returns. An earlier one is unchanged if that fails."""
    new = path.with_name(path.name + ".new")
    try:
        with new.open("wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
    except BaseException:
        with suppress(OSError):
            new.unlink()
        raise


def packed(text: str) -> bytes:
    """A text as the content of a .gz file that says neither when it was written nor what it is called."""
    content = io.BytesIO()
    with GzipFile("", "wb", 9, content, mtime=0) as file:
        file.write(text.encode())
    return content.getvalue()


def publish(folder: Path, out: Path, names: Iterable[str] = records.ALL) -> None:
    """Move the named files from `folder` to `out`, each in one step; those `folder` lacks are removed from `out`.

    A signal waits until all are moved.
    """
    with signals.waiting():
        for name in names:
            if (folder / name).exists():
                os.replace(folder / name, out / name)
            else:
                (out / name).unlink(missing_ok=True)
