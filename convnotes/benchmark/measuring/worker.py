"""What a worker process is asked: each function here runs in the process of its own that `start` has set up."""

from convnotes.benchmark.measuring.foreign import ForeignWorker
from convnotes.benchmark.measuring.measurement import Definition, Worker
from convnotes.benchmark.storing import machine
from convnotes.child_process import silence
from convnotes.implementations import LoadError

_worker = None


def start(foreign: bool, *settings) -> dict:
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


def define(*problem) -> Definition:
    """`Worker.define` in this process."""
    return _worker.define(*problem)


def measure(*problem) -> list[dict]:
    """`Worker.measure` in this process."""
    return _worker.measure(*problem)


def repeat(*problem) -> list[dict]:
    """`Worker.repeat` in this process."""
    return _worker.repeat(*problem)


def fail(*problem) -> list[dict]:
    """`Worker.fail` in this process."""
    return _worker.fail(*problem)
