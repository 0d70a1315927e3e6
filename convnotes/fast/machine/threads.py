"""Threads: images, or blocks of them, are shared out among as many threads as NumPy's BLAS may use.

NumPy lets go of the interpreter's lock inside its loops, so that threads run side by side. Within them BLAS
is held to one thread, since threads that wait for each other's products cost more than they give. What is
not shared is left to the threads of BLAS itself.
"""

import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController

from convnotes.annotations import Function


def number() -> int:
    """The number of threads: those that NumPy's BLAS uses now."""
    return max((library.num_threads for library in _blas().lib_controllers), default=1)


def share(function: Function, parts: Sequence[Any]) -> list[Any]:
    """`function` of every part, in threads where there are several; the caller's thread is one of them."""
    threads = min(number(), len(parts)) if len(parts) > 1 else 1
    if threads < 2:
        return [function(part) for part in parts]
    results, left = [None] * len(parts), iter(range(len(parts)))

    def work() -> None:
        for i in left:
            results[i] = function(parts[i])

    others: list[Future[None]] = []
    with alone():
        try:
            for _ in range(threads - 1):
                others.append(_pool(threads - 1).submit(work))
        except RuntimeError:  # none start, as at the interpreter's end
            _pool.cache_clear()  # what waits for them there holds this call's arrays
        try:
            work()
        finally:
            wait(others)
    for other in others:
        other.result()
    return results


# How many are within `alone`, and what BLAS had before the first of them.
_count, _limit, _lock = 0, None, threading.Lock()


@contextmanager
def alone() -> Iterator[None]:
    """Within it BLAS has one thread, in the whole process, from the first thread's entry to the last one's exit."""
    global _count, _limit
    with _lock:
        if _count == 0 and number() > 1:
            _limit = _blas().limit(limits=1)
        _count += 1
    try:
        yield
    finally:
        _leave()


def _leave() -> None:
    global _count, _limit
    with _lock:
        _count -= 1
        if _count == 0 and _limit is not None:
            _limit.restore_original_limits()
            _limit = None


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """The threads, which wait for their next parts; to start them anew would take longer than a small layer."""
    return ThreadPoolExecutor(threads, thread_name_prefix="convnotes")


def _begin_anew() -> None:
    """A process that is forked has none of the threads of its parent, and so none of them within `alone`."""
    global _count, _lock
    _pool.cache_clear()
    _lock, _count = threading.Lock(), 1
    _leave()


# Where there are no forks, as on Windows, there is nothing to do after one.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)


@cache
def _blas() -> ThreadpoolController:
    """A handle on NumPy's BLAS; to find it takes milliseconds."""
    return ThreadpoolController().select(user_api="blas")
