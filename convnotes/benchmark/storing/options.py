"""The options of a run, as they are stored with what it measured."""

from dataclasses import asdict, dataclass
from pathlib import Path

from convnotes.implementations import Implementation


@dataclass(frozen=True)
class Options:
    """What to measure, and how; see `convnotes benchmark --help`."""

    suite: tuple[str, ...]
    cases: str | None
    operations: tuple[str, ...]
    implementations: tuple[str, ...]
    device: str
    threads: int
    dtype: str
    rounds: int
    repeats: int
    batch: int | None
    limit: float
    quick: bool
    resume: bool
    out: Path
    # Those of `implementations` that are none of ours, with their sources, which are places of this machine alone.
    foreign: tuple[Implementation, ...] = ()

    def of_results(self) -> dict:
        """Those that results hang on: not where they go, nor whether a run goes on, nor whence something came."""
        return {name: value for name, value in asdict(self).items() if name not in ("out", "resume", "foreign")}
