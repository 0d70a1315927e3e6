"""The worker processes of a run: what is measured is asked of them, and one that dies is replaced."""

from concurrent.futures import Executor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from pathlib import Path

from convnotes import IMPLEMENTATIONS
from convnotes.benchmark import Refused
from convnotes.benchmark.measuring import ceilings, worker
from convnotes.benchmark.measuring.jobs import groups
from convnotes.benchmark.measuring.measurement import Definition
from convnotes.benchmark.measuring.processes import process
from convnotes.benchmark.measuring.timing import Plan
from convnotes.benchmark.storing import failures
from convnotes.benchmark.storing.job import Job
from convnotes.benchmark.storing.journal import Journal
from convnotes.benchmark.storing.options import Options

DEFINING = ("naive", "matmul")
DIED = "the process ended before its time, perhaps for lack of memory"


class Workers:
    """One process computes expected values, and one measures all implementations in turns, or one each measures alone.

    processes: the stack that ends them
    libraries: what each measuring process says of its libraries
    """

    def __init__(self, options: Options, processes: ExitStack):
        self._options, self._processes = options, processes
        self._executors: dict[str | tuple, Executor] = {}
        measuring = {names: (names, options.dtype, options.threads, options.device) for names in groups(options)}
        # Its BLAS has one thread, so that none of it spins beside a measurement.
        self._settings = {"definition": (DEFINING, "float64", 1, "cpu")} | measuring
        self._start("definition")
        self.libraries = [self._start(names) for names in measuring]

    def rows(self, job: Job, finished: Journal, folder: Path) -> list[dict]:
        """Measure one job; a later round has nothing to do where the first one measured nothing."""
        if job.is_machine:
            o = self._options
            with process(o.threads) as executor:
                settings = o.repeats, o.dtype, o.device, o.threads
                return executor.submit(ceilings.measure, job.case, job.round, *settings).result()
        names, problem = job.implementations, (job.case, job.operation)
        if job.round:
            known = [(rows[0], _plan(rows)) for rows in finished.known(job).values()]
            if not known:
                return []
            rows = self._ask(names, worker.repeat, *problem, job.round, known)
            return rows or [row | failures.record(DIED) | {"round": job.round} for row, _ in known]
        path = folder / "expected.npy"
        definition = self._ask("definition", worker.define, *problem, path)
        definition = definition or Definition(None, f"the definition: {DIED}")
        rows = self._ask(names, worker.measure, *problem, definition, path, self._options.repeats)
        return rows or self._ask(names, worker.fail, *problem, DIED)

    def _ask(self, whom: str | tuple, function, *problem):
        """What a worker answers; None where it dies instead, and another one has taken its place."""
        try:
            return self._executors[whom].submit(function, *problem).result()
        except BrokenProcessPool:
            self._start(whom)
            return None

    def _start(self, whom: str | tuple) -> dict:
        """Start a process with some implementations; returns what it says of its libraries."""
        names, dtype, threads, device = self._settings[whom]
        modules = {name: IMPLEMENTATIONS[name] for name in names}
        executor = self._processes.enter_context(process(threads))
        settings = modules, self._options.dtype, dtype, self._options.limit, threads, device
        found = executor.submit(worker.start, *settings).result()
        in_force = {"NumPy's BLAS": (found["blas"] or {}).get("threads"), "torch": found["torch_threads"]}
        for library, number in in_force.items():
            if number not in (None, threads):
                raise Refused(f"--threads must be a number that {library} takes, got {threads}: it uses {number}")
        if device == "cuda" and not found["gpu"]:
            raise Refused("--device must be cpu where torch finds no GPU, got 'cuda'")
        self._executors[whom] = executor
        return found


def _plan(rows: list[dict]) -> Plan:
    """The plan by which the first round measured these rows."""
    return Plan(min(float(row["seconds"]) for row in rows), int(rows[0]["loops"]), len(rows))
