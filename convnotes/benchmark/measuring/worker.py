"""What a worker process is asked: each function here runs in the process of its own that `start` has set up."""

from typing import Any

from convnotes.benchmark.measuring.foreign import ForeignWorker
from convnotes.benchmark.measuring.measurement import Definition, Worker
from convnotes.benchmark.storing import machine
from convnotes.child_process import silence
from convnotes.implementations import LoadError

_worker: Any = None


def start(foreign: bool, *settings: Any) -> dict[str, Any]:
    """Set this process up as a `Worker`; returns its libraries, their threads and the GPU."""
    global _worker
    if foreign:
        silence()
    _worker = (ForeignWorker if foreign else Worker)(*settings)
    return machine.libraries("torch" in _worker.modules)


def load() -> str | None:
    """Load what somebody else wrote; returns a sentence where that cannot be."""
    try:
        _worker.module  # noqa: B018 - which loads it
    except LoadError as problem:
        return str(problem)
    return None


def define(*problem: Any) -> Definition:
    """`Worker.define` in this process."""
    return _worker.define(*problem)


def measure(*problem: Any) -> list[dict[str, Any]]:
    """`Worker.measure` in this process."""
    return _worker.measure(*problem)


def repeat(*problem: Any) -> list[dict[str, Any]]:
    """`Worker.repeat` in this process."""
    return _worker.repeat(*problem)


def fail(*problem: Any) -> list[dict[str, Any]]:
    """`Worker.fail` in this process."""
    return _worker.fail(*problem)
