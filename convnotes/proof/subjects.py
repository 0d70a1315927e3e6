"""Who is asked: an implementation in this process, or one that nothing is known of, in a process of its own."""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from convnotes import OPERATIONS
from convnotes.child_process import LONGEST, end_with, silence
from convnotes.implementations import Implementation, LoadError, parameters
from convnotes.proof.calls import Answer, Call, answer, known
from convnotes.wording import quote

# Seconds for one answer: calls are small, but some compile themselves first.
LIMIT = 60.0
# An implementation has at least as long to load itself and what it needs.
LOADING = 60.0
# The part of the machine's memory that a process may hold.
MEMORY = 0.5


class Subject:
    """Whoever is asked: `_answer` makes a call, `_parameters` holds the parameters of each function."""

    label: str

    def __init__(self) -> None:
        self._parameters: dict[str, frozenset[str] | None] = {}

    def ask(self, call: Call) -> Answer:
        found = self._answer(call)
        if found.unknown:
            there = self._parameters[call.operation]
            self._parameters[call.operation] = (known(call.operation) if there is None else there) - {found.unknown}
        return found

    def _answer(self, call: Call) -> Answer:
        raise NotImplementedError

    def parameters(self, operation: str) -> frozenset[str] | None:
        """The parameters of a function, as far as is known; empty where there is none, None where any will do."""
        return self._parameters[operation]


class InSingle:
    """A subject that is asked in float32 whatever is asked in float64."""

    def __init__(self, subject: Any) -> None:
        self.label, self._subject = subject.label, subject

    def parameters(self, operation: str) -> frozenset[str] | None:
        return self._subject.parameters(operation)

    def ask(self, call: Call) -> Answer:
        return self._subject.ask(call.in_single())


class Here(Subject):
    """A module that is trusted to give an answer."""

    def __init__(self, module: ModuleType, label: str) -> None:
        self.label, self._module = label, module
        self._parameters = {operation: parameters(module, operation) for operation in OPERATIONS}

    def _answer(self, call: Call) -> Answer:
        return answer(self._module, call)


class Apart(Subject):
    """An implementation in a process of its own, which may print, hang, take all memory, or end.

    The process is started with the first question, and anew after one that it gave no answer to. Used in a `with`
    block, at whose end the process ends.
    """

    def __init__(self, implementation: Implementation, limit: float = LIMIT) -> None:
        self.label, self._implementation, self._limit = implementation.label, implementation, min(limit, LONGEST)
        self._process: Any = None
        self._connection: Any = None
        super().__init__()

    def __enter__(self) -> "Apart":
        self._start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._end()

    def _answer(self, call: Call) -> Answer:
        try:
            if self._process is None:
                self._start()
            self._connection.send(call)
            if not self._connection.poll(self._limit):
                self._end()
                return Answer(lost=f"no answer within {self._limit:g} s")
            return _sound(self._connection.recv())
        except LoadError as problem:  # it could be loaded once
            return Answer(lost=str(problem))
        except (EOFError, OSError):
            return Answer(lost=self._lost())
        except Exception:  # what came through the pipe was not written by this project
            self._end()
            return Answer(lost="an answer that cannot be read")

    def _start(self) -> None:
        source = quote(self._implementation.source)
        try:
            self._begin()
            if not self._connection.poll(within := max(self._limit, LOADING)):
                raise LoadError(f"{source} is not loaded within {within:g} s")
            found = self._connection.recv()
            if isinstance(found, LoadError):
                raise found
        except (EOFError, OSError):
            raise LoadError(f"{source} cannot be loaded ({self._lost()})") from None
        except BaseException:  # a Ctrl-C among them
            self._end()
            raise
        self._parameters = self._parameters or found  # what was learned since the first start is kept

    def _begin(self) -> None:
        """A new process. It is no daemon, since those may have no children of their own."""
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        process = context.Process(target=_serve, args=[theirs, self._implementation])
        with _deaf():
            process.start()
            self._process = process
        theirs.close()

    def _lost(self) -> str:
        """What has become of the process."""
        self._process.join(5)
        code = self._process.exitcode
        self._end()
        if code is None:
            return "the process has closed the pipe that its answers go through"
        if code < 0:
            return f"the process was ended by {_name(-code)}"
        return f"the process ended with exit code {code}"

    def _end(self) -> None:
        if self._process is not None:
            with contextlib.suppress(OSError, AttributeError):  # its children, where it has come so far as to have some
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.kill()
            self._process.join()
            self._connection.close()
            self._process = self._connection = None


def _sound(found: Any) -> Answer:
    """What came through the pipe, where it is an answer; it was made in a process that can have changed anything."""
    if type(found) is not Answer or not (found.value is None or type(found.value) is np.ndarray):
        raise TypeError
    return found


def _serve(connection: Any, implementation: Implementation) -> None:
    """Answer until there are no more questions."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the process that asks
    threading.Thread(target=end_with, args=[multiprocessing.parent_process()], daemon=True).start()
    with contextlib.suppress(AttributeError, OSError):
        os.setpgid(0, 0)  # so that it and its children can be ended together
    silence()
    _bound_memory()
    try:
        module = implementation.load()
        # The process that asks works beside it, and threads on the same cores wait for each other.
        threadpool_limits(1)
        connection.send({operation: parameters(module, operation) for operation in OPERATIONS})
    except LoadError as problem:
        connection.send(LoadError(str(problem)))
        return
    with contextlib.suppress(EOFError, OSError):
        while True:
            connection.send(answer(module, connection.recv()))


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """A process that starts in the block hears no Ctrl-C until it says itself what is to become of one."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _name(number: int) -> str:
    """A signal's name; those for real time have none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _bound_memory() -> None:
    """A call that takes too much gets a MemoryError, where the system knows such bounds."""
    with contextlib.suppress(ImportError, ValueError, OSError, AttributeError):
        import resource

        most = int(MEMORY * os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
