"""Who is asked: an implementation in this process, or one that nothing is known of, in a process of its own."""

import contextlib
import multiprocessing
import os
import signal
import threading
from types import ModuleType

from threadpoolctl import threadpool_limits

from convnotes import OPERATIONS
from convnotes.implementations import Implementation, LoadError
from convnotes.proof.calls import Answer, Call, answer, parameters

# Seconds for one answer: calls are small, but some compile themselves first.
LIMIT = 60.0
# The part of the machine's memory that a process may hold.
MEMORY = 0.5


class Here:
    """A module that is trusted to give an answer."""

    def __init__(self, module: ModuleType, label: str):
        self.label, self._module = label, module

    def ask(self, call: Call) -> Answer:
        return answer(self._module, call)

    def parameters(self, operation: str) -> frozenset[str] | None:
        """The parameters of a function; empty where there is none, None where any will do."""
        return parameters(self._module, operation)


class Apart:
    """An implementation in a process of its own, which may print, hang, take all memory, or end.

    The process is started with the first question, and anew after one that it gave no answer to. Used in a `with`
    block, at whose end the process ends.
    """

    def __init__(self, implementation: Implementation, limit: float = LIMIT):
        self.label, self._implementation, self._limit = implementation.label, implementation, limit
        self._process = self._connection = None
        self._parameters: dict = {}

    def __enter__(self):
        self._start()
        return self

    def __exit__(self, *_):
        self._end()

    def ask(self, call: Call) -> Answer:
        if self._process is None:
            self._start()
        try:
            self._connection.send(call)
            if not self._connection.poll(self._limit):
                self._end()
                return Answer(lost=f"no answer within {self._limit:g} s")
            return self._connection.recv()
        except (EOFError, OSError):
            return Answer(lost=self._lost())

    def parameters(self, operation: str) -> frozenset[str] | None:
        """The parameters of a function; empty where there is none, None where any will do."""
        return self._parameters[operation]

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=[theirs, self._implementation], daemon=True)
        with _deaf():
            self._process.start()
        theirs.close()
        try:
            if not self._connection.poll(self._limit):
                raise LoadError(f"{self._implementation.source!r} is not loaded within {self._limit:g} s")
            found = self._connection.recv()
        except (EOFError, OSError):
            raise LoadError(f"{self._implementation.source!r} cannot be loaded ({self._lost()})") from None
        except LoadError:
            self._end()
            raise
        if isinstance(found, LoadError):
            self._end()
            raise found
        self._parameters = found

    def _lost(self) -> str:
        """What has become of the process."""
        self._process.join(5)
        code = self._process.exitcode
        self._end()
        if code is not None and code < 0:
            return f"the process was ended by {signal.Signals(-code).name}"
        return f"the process ended with exit code {code}"

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._connection.close()
            self._process = self._connection = None


@contextlib.contextmanager
def _deaf():
    """A process that is started here never hears a Ctrl-C; this one hears it when the block ends."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(connection, implementation: Implementation) -> None:
    """Answer until there are no more questions."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the process that asks
    parent = multiprocessing.parent_process()
    threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()
    _silence()
    _bound_memory()
    try:
        module = implementation.load()
        # The process that asks works beside it, and threads on the same cores wait for each other.
        threadpool_limits(1)
        connection.send({operation: parameters(module, operation) for operation in OPERATIONS})
    except LoadError as problem:
        connection.send(LoadError(str(problem)))
        return
    with contextlib.suppress(EOFError):
        while True:
            connection.send(answer(module, connection.recv()))


def _silence() -> None:
    """What is printed goes nowhere, by whatever way."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def _bound_memory() -> None:
    """A call that takes too much gets a MemoryError, where the system knows such bounds."""
    with contextlib.suppress(ImportError, ValueError, OSError, AttributeError):
        import resource

        most = int(MEMORY * os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
