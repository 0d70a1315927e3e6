"""The worker processes of a run: what is measured is asked of them, and one that dies is replaced."""

from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from convnotes import IMPLEMENTATIONS
from convnotes.benchmark import Refused, isa
from convnotes.benchmark.measuring import ceilings, worker
from convnotes.benchmark.measuring.jobs import groups
from convnotes.benchmark.measuring.measurement import Definition
from convnotes.benchmark.measuring.processes import NoAnswer, ask, process
from convnotes.benchmark.measuring.timing import Plan
from convnotes.benchmark.storing import failures
from convnotes.benchmark.storing.job import Job
from convnotes.benchmark.storing.journal import Journal
from convnotes.benchmark.storing.options import Options
from convnotes.child_process import LONGEST
from convnotes.implementations import Implementation

DEFINING = ("naive", "matmul")
# What somebody else wrote may never return. It must be loaded within LOADING seconds. One problem in one round must be
# done within FLOOR, and beside it LIMITS times --limit, since a call is made several times and once is traced, which
# slows loops tenfold, and REPEAT for each timing.
LOADING, FLOOR, LIMITS, REPEAT = 60.0, 60.0, 20.0, 0.5


class Workers:
    """One process computes expected values, and one measures ours in turns, or one each measures alone.

    What somebody else wrote is always measured alone; it is killed where it does not answer in time.

    processes: the stack that ends them
    libraries: what each measuring process says of its libraries
    """

    def __init__(self, options: Options, processes: ExitStack) -> None:
        self._options, self._processes = options, processes
        self._executors: dict[str | tuple[Any, ...], Executor] = {}
        self._foreign: dict[Any, Implementation] = {(one.label,): one for one in options.foreign}
        measuring = {names: (names, options.dtype, options.threads, options.device) for names in groups(options)}
        # Its BLAS has one thread, so that none of it spins beside a measurement.
        self._settings = {"definition": (DEFINING, "float64", 1, "cpu")} | measuring
        # What cannot be loaded is refused before all else is started, which takes longer.
        self.libraries = [
            self._start(names) for names in sorted(measuring, key=lambda names: names not in self._foreign)
        ]
        self._start("definition")

    def rows(self, job: Job, finished: Journal, folder: Path) -> list[dict[str, Any]]:
        """Measure one job; a later round has nothing to do where the first one measured nothing."""
        if job.is_machine:
            o = self._options
            with process(o.threads, o.isa) as executor:
                settings = o.repeats, o.dtype, o.device, o.threads
                return executor.submit(ceilings.measure, job.case, job.round, *settings).result()
        names, problem = job.implementations, (job.case, job.operation)
        if job.round:
            known = [(rows[0], _plan(rows)) for rows in finished.known(job).values()]
            if not known:
                return []
            try:
                return self._ask(names, worker.repeat, *problem, job.round, known)
            except NoAnswer as note:
                return [row | failures.record(str(note)) | {"round": job.round} for row, _ in known]
        path = folder / "expected.npy"
        try:
            definition = self._ask("definition", worker.define, *problem, path)
        except NoAnswer as note:
            definition = Definition(None, f"the definition: {note}")
        try:
            return self._ask(names, worker.measure, *problem, definition, path, self._options.repeats)
        except NoAnswer as note:
            return self._ask(names, worker.fail, *problem, str(note))

    def _ask(self, whom: str | tuple[Any, ...], function: Callable[..., Any], *problem: Any) -> Any:
        """What a worker answers; NoAnswer where it dies or is killed instead, and another one has taken its place."""
        o, within = self._options, None
        if whom in self._foreign:
            within = min(FLOOR + LIMITS * o.limit + REPEAT * o.repeats, LONGEST)
        try:
            return ask(self._executors[whom], within, function, *problem)
        except NoAnswer:
            self._executors[whom], _ = self._begin(whom)
            raise

    def _start(self, whom: str | tuple[Any, ...]) -> dict[str, Any]:
        """Start a process with some implementations; returns what it says of its libraries.

        What somebody else wrote is loaded; a later process in its place loads it where it is needed.
        """
        executor, found = self._begin(whom)
        self._executors[whom] = executor
        if one := self._foreign.get(whom):
            try:
                problem = ask(executor, LOADING, worker.load)
            except NoAnswer as note:
                problem = f"{one.source!r} cannot be loaded ({note})"
            if problem:
                raise Refused(f"--implementations must be such as can be loaded, but {problem}")
        return found

    def _begin(self, whom: str | tuple[Any, ...]) -> tuple[Executor, dict[str, Any]]:
        """A new process with some implementations, and what it says of its libraries."""
        names, dtype, threads, device = self._settings[whom]
        one = self._foreign.get(whom)
        modules = {one.label: one.source} if one else {name: IMPLEMENTATIONS[name] for name in names}
        executor = self._processes.enter_context(process(threads, self._options.isa))
        settings = modules, self._options.dtype, dtype, self._options.limit, threads, device
        found = executor.submit(worker.start, bool(one), *settings).result()
        in_force = {"NumPy's BLAS": (found["blas"] or {}).get("threads"), "torch": found["torch_threads"]}
        for library, number in in_force.items():
            if number not in (None, threads):
                raise Refused(f"--threads must be a number that {library} takes, got {threads}: it uses {number}")
        isa.refuse_disobeyed(self._options.isa, found["kernels"])
        if device == "cuda" and not found["gpu"]:
            raise Refused("--device must be cpu where torch finds no GPU, got 'cuda'")
        return executor, found


def _plan(rows: list[dict[str, Any]]) -> Plan:
    """The plan by which the first round measured these rows."""
    return Plan(min(float(row["seconds"]) for row in rows), int(rows[0]["loops"]), len(rows))
