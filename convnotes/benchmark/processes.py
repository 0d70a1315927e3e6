"""Worker processes: each computes with a set number of threads and shares none with another."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from convnotes.benchmark import Refused

# Every library reads its variable once, when it is loaded; so they are set before a process starts.
VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


@contextmanager
def process(threads: int) -> Iterator[Executor]:
    """An executor of one fresh process whose libraries use `threads` threads; ended when the block is left."""
    others = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(max_workers=1, mp_context=context, initializer=_depend_on_parent)
    try:
        with _environment(dict.fromkeys(VARIABLES, str(threads))), _interrupts_waiting():
            executor.submit(os.getpid).result()
        yield executor
    except BrokenProcessPool:
        raise Refused("a worker process ended before its time, perhaps for lack of memory", code=1) from None
    except BaseException:
        for child in set(multiprocessing.active_children()) - others:
            child.terminate()
        raise
    finally:
        executor.shutdown(cancel_futures=True)


def _depend_on_parent():
    """The process that started the others ends them: by its death, but not by the Ctrl-C that reaches all of them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=[multiprocessing.parent_process()], daemon=True).start()


def _end_with(parent):
    """Sleep until the parent is gone, even if it was killed; a worker would wait for its next task for ever."""
    parent.join()
    os._exit(1)


@contextmanager
def _interrupts_waiting():
    """Ctrl-C waits until the block is left; a process that starts in it never hears it, from its first step on.

    A process inherits that a signal is blocked, but it is blocked in this thread alone. Any other thread can take it
    and have this one raise KeyboardInterrupt, so what is done about it waits as well.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    waiting = []
    handler = signal.signal(signal.SIGINT, lambda *_: waiting.append(True))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if waiting:
            signal.raise_signal(signal.SIGINT)


@contextmanager
def _environment(values):
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
