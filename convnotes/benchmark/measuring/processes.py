"""Worker processes: each computes with a set number of threads and shares none with another."""

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

from convnotes.benchmark import Refused, isa
from convnotes.benchmark.terminal import signals
from convnotes.child_process import end_with

# Every library reads its variable once, when it is loaded; so they are set before a process starts.
VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")

# What ends a worker may end all processes: then this one hears of it within so many seconds.
SAME = 0.2

DIED = "the process ended before its time, perhaps for lack of memory"


class NoAnswer(Exception):  # noqa: N818 - it is an answer about what the process was asked
    """A process has ended before its time, or was killed; the message is a note on that."""


@contextmanager
def process(threads: int, instructions: str = isa.NATIVE) -> Iterator[Executor]:
    """An executor of one fresh process whose libraries use so many threads and these instructions of `isa`.

    It is ended when the block is left.
    """
    others = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")
    with signals.waiting():  # multiprocessing starts a process of its own with the first executor
        executor = ProcessPoolExecutor(max_workers=1, mp_context=context, initializer=_depend_on_parent)
    try:
        variables = dict.fromkeys(VARIABLES, str(threads)) | isa.VARIABLES[instructions]
        with _environment(variables), signals.waiting():
            executor.submit(os.getpid).result()
        yield executor
    except BrokenProcessPool:
        time.sleep(SAME)
        raise Refused("a worker process ended before its time, perhaps for lack of memory", code=1) from None
    finally:
        # Nothing of it is needed any more, and what somebody else wrote may never come to an end of its own.
        for child in set(multiprocessing.active_children()) - others:
            child.kill()
        executor.shutdown(cancel_futures=True)


def ask(executor: Executor, within: float | None, function: Callable[..., Any], *arguments: Any) -> Any:
    """What a process answers; NoAnswer where it dies, or is killed since that takes more than so many seconds."""
    try:
        future = executor.submit(function, *arguments)
        return future.result(within)
    except BrokenProcessPool:
        raise NoAnswer(DIED) from None
    except TimeoutError:
        if future.done():  # this one is what the function has raised
            raise
        for child in list((getattr(executor, "_processes", None) or {}).values()):
            child.kill()
        raise NoAnswer(f"no answer within {within:g} s") from None


def _depend_on_parent() -> None:
    """The process that started the others ends them: by its death, but not by the Ctrl-C that reaches all of them."""
    signals.ignore_shared()
    threading.Thread(target=end_with, args=[multiprocessing.parent_process()], daemon=True).start()


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
