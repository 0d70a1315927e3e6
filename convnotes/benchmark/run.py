"""What is measured in which order: one process prepares, then one measures all in turns, or one each measures alone."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from tqdm import tqdm

from convnotes import IMPLEMENTATIONS
from convnotes.benchmark import Refused, machine, records, worker
from convnotes.benchmark.options import Options
from convnotes.benchmark.processes import process
from convnotes.cases import Case, select


@dataclass(frozen=True)
class Problem:
    """One operation of a case, the file of its expected values, and the implementation they are by."""

    case: Case
    operation: str
    expected: Path
    definition: str = ""


def run(options: Options) -> int:
    """Measure, and write the report; returns 1 if a result was wrong or failed, else 0."""
    chosen = _choose(options)
    with records.unfinished(options.out) as folder:
        environment = _measure(chosen, options, folder)
        records.write_environment(folder, environment)

        # pandas and Matplotlib are loaded once the clocks have stopped.
        from convnotes.benchmark import report

        faults = report.write(*records.read(folder), folder)
        records.publish(folder, options.out)
    print(f"Written to {options.out}")
    return 1 if faults else 0


def _choose(options: Options) -> list[tuple[Case, str]]:
    """The operations to measure, case by case."""
    try:
        cases = select(options.cases)
    except ValueError as problem:
        raise Refused(f"--{problem}") from None
    if options.threads > machine.cores():
        raise Refused(f"--threads must be at most {machine.cores()}, the number of cores, got {options.threads}")
    cases = [case.with_batch(options.batch) if options.batch else case for case in cases]
    chosen = [(case, name) for case in cases for name in case.operations if name in options.operations]
    if not chosen:
        offered = dict.fromkeys(name for case in cases for name in case.operations)
        given = ",".join(options.operations)
        raise Refused(f"--operations must be some of {', '.join(offered)} for these cases, got {given!r}")
    return chosen


def _measure(chosen: list[tuple[Case, str]], options: Options, folder: Path) -> dict:
    """Measure everything into `folder`; returns the environment."""
    environment = machine.describe(options.dtype, options.threads)
    environment["options"] = {name: value for name, value in asdict(options).items() if name != "out"}
    before = machine.load()
    recorder = records.Recorder(folder)
    with tempfile.TemporaryDirectory(dir=folder) as values:
        problems = [Problem(*choice, Path(values, f"{i}.npy")) for i, choice in enumerate(chosen)]
        problems, environment["ceilings"] = _prepare(problems, options)
        libraries = []
        # With more than one thread the idle threads of one library slow down the other, so each has its own process.
        names = options.implementations
        for together in [names] if options.threads == 1 else [(name,) for name in names]:
            with _worker(options, together, options.dtype) as (executor, found):
                libraries.append(found)
                for problem in _progress(problems, ", ".join(together)):
                    job = (problem.case, problem.operation, problem.definition, problem.expected, options.repeats)
                    recorder.append(executor.submit(worker.measure, *job).result())
    environment["blas"] = libraries[0]["blas"]
    environment["torch_threads"] = max(found["torch_threads"] or 0 for found in libraries) or None
    environment["load"] = {"before": before, "after": machine.load()}
    return environment


def _prepare(problems: list[Problem], options: Options) -> tuple[list[Problem], dict]:
    """Store the expected values and note whose they are; measure the machine's ceilings."""
    prepared = []
    with _worker(options, ("naive", "matmul"), "float64") as (executor, _):
        ceilings = executor.submit(machine.ceilings, options.dtype, options.threads).result()
        for problem in _progress(problems, "definition in float64"):
            job = problem.case, problem.operation, problem.expected
            prepared.append(replace(problem, definition=executor.submit(worker.define, *job).result()))
    return prepared, ceilings


@contextmanager
def _worker(options: Options, names: tuple[str, ...], dtype: str) -> Iterator:
    """A process with some implementations, and what it says of its libraries."""
    modules = {name: IMPLEMENTATIONS[name] for name in names}
    with process(options.threads) as executor:
        settings = modules, options.dtype, dtype, options.limit, options.threads
        found = executor.submit(worker.start, *settings).result()
        in_force = {"NumPy's BLAS": (found["blas"] or {}).get("threads"), "torch": found["torch_threads"]}
        for library, number in in_force.items():
            if number not in (None, options.threads):
                raise Refused(
                    f"--threads must be a number that {library} takes, got {options.threads}: it uses {number}"
                )
        yield executor, found


def _progress(problems: list[Problem], names: str) -> Iterator[Problem]:
    """The problems one by one; on a terminal a bar says what is running and how long it will take."""
    with tqdm(problems, disable=None, leave=False, unit="operation") as bar:
        for problem in bar:
            bar.set_description(f"{problem.case.name} {problem.operation}: {names}")
            yield problem
