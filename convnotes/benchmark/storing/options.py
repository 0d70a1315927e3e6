"""The options of a run, as they are stored with what it measured."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from convnotes.implementations import Implementation


@dataclass(frozen=True)
class Network:
    """The user's own layers, of `convnotes.layers`: the name of their file, its SHA-256, and what it holds."""

    source: str
    sha256: str
    layers: tuple[Any, ...]

    def stored(self) -> dict[str, Any]:
        """What is stored of it beside the measurements: how often each layer occurs, by its name."""
        return {"sha256": self.sha256, "times": {one.case.name: one.times for one in self.layers}}


@dataclass(frozen=True)
class Options:
    """What to measure, and how; see `convnotes benchmark --help`."""

    suite: tuple[str, ...]
    cases: str | None
    operations: tuple[str, ...]
    implementations: tuple[str, ...]
    device: str
    threads: int
    isa: str
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
    # What is measured in place of a suite.
    network: Network | None = None

    def of_results(self) -> dict[str, Any]:
        """Those that results hang on: not where they go, nor whether a run goes on, nor whence something came."""
        left_out = ("out", "resume", "foreign", "network")
        found = {name: value for name, value in asdict(self).items() if name not in left_out}
        return found | ({"layers": self.network.source} if self.network else {})
