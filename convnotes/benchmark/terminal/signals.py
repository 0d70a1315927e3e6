"""What is asked of the command by a signal: Ctrl-C, a request to end, a terminal that was closed."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
ALL = tuple(getattr(signal, name) for name in _NAMES if hasattr(signal, name))
# These reach the workers too, where a terminal sends them to all processes; their parent ends them.
SHARED = tuple(getattr(signal, name) for name in ("SIGINT", "SIGHUP") if hasattr(signal, name))


class Stopped(KeyboardInterrupt):
    """The command was asked to end; `code` is its exit code and `reason` says by what."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.code = 128 + number
        self.reason = "interrupted" if number == signal.SIGINT else f"ended by {signal.Signals(number).name}"


def of(interrupt: KeyboardInterrupt) -> Stopped:
    """What the command was ended by; an interrupt of Python's own is a Ctrl-C."""
    return interrupt if isinstance(interrupt, Stopped) else Stopped(signal.SIGINT)


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    # The first one counts: a second must not break off what the first makes tidy.
    for one in ALL:
        signal.signal(one, signal.SIG_IGN)
    raise Stopped(number)


@contextmanager
def heard() -> Iterator[None]:
    """Raise Stopped in the block for every signal but those that whoever started the command has it ignore."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {one: signal.getsignal(one) for one in ALL}
    for one, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(one, _stop)
    try:
        yield
    finally:
        for one, handler in before.items():
            # None stands for a handler that Python did not set and cannot restore.
            signal.signal(one, signal.SIG_DFL if handler is None else handler)


@contextmanager
def waiting() -> Iterator[None]:
    """Signals wait until the block is left; a process that starts in it never hears those that reach all processes.

    A process inherits that a signal is blocked, but it is blocked in this thread alone. Any other thread can take it
    and have this one call the handler, so what is done about it waits as well.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came = []
    before = {one: signal.getsignal(one) for one in ALL}
    for one, handler in before.items():
        if handler not in (None, signal.SIG_IGN):
            signal.signal(one, lambda number, frame: came.append(number))
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, SHARED) if hasattr(signal, "pthread_sigmask") else None
    try:
        yield
    finally:
        for one, handler in before.items():
            if handler not in (None, signal.SIG_IGN):
                signal.signal(one, handler)
        if blocked is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        if came:
            signal.raise_signal(came[0])


def ignore_shared() -> None:
    """Leave it to the parent what becomes of this process when a signal reaches all of them."""
    for one in SHARED:
        with suppress(OSError):
            signal.signal(one, signal.SIG_IGN)
