"""A run: round after round over all jobs, so that every time is spread over the whole run, then the report.

One process computes expected values, and one measures all implementations in turns, or one each measures alone.
"""

import shutil
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tqdm import tqdm

from convnotes import IMPLEMENTATIONS
from convnotes.benchmark import Refused, ceilings, environments, files, machine, records, worker
from convnotes.benchmark.jobs import Job, choose, groups
from convnotes.benchmark.journal import Journal
from convnotes.benchmark.options import Options
from convnotes.benchmark.processes import process
from convnotes.benchmark.timing import Plan


def run(options: Options) -> int:
    """Measure, and write the report; returns 1 if a result was wrong or failed, else 0."""
    jobs = choose(options)
    folder = options.out / records.UNFINISHED
    if options.resume and not environments.stored(folder):
        raise Refused(f"--resume must find an unfinished run in {str(options.out)!r}, there is none")
    if not options.resume and environments.stored(folder):
        raise Refused(f"--resume must be given to go on with the unfinished run in {str(folder)!r}, or it be deleted")
    try:
        with files.writing(options.out, keep=environments.stored, name=records.UNFINISHED):
            finished = Journal(folder, jobs, options.repeats)
            environment = _measure(finished, jobs, options, folder)
            faults = _report(finished, environment, options.out, folder / "results")
            shutil.rmtree(folder)
    except KeyboardInterrupt:
        goes_on = "; --resume goes on with what is missing" if environments.stored(folder) else ""
        raise Refused(f"interrupted, earlier results are unchanged{goes_on}", code=130) from None
    print(f"Written to {options.out}")
    return 1 if faults else 0


def _report(finished: Journal, environment: dict, out: Path, folder: Path) -> list[str]:
    """Write everything to `folder`, then move it in place; returns a sentence for each wrong or failed result."""
    # pandas and Matplotlib are loaded once the clocks have stopped.
    from convnotes.benchmark import report

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    finished.finish(folder)
    environments.write(folder, environment)
    faults = report.write(*records.read(folder), folder)
    files.publish(folder, out)
    return faults


def _measure(finished: Journal, jobs: list[Job], options: Options, folder: Path) -> dict:
    """Measure what is missing; returns the environment."""
    session = {"date": machine.now(), "before": machine.load(), "after": None}
    with ExitStack() as processes:
        # Its BLAS has one thread, so that none of it spins beside a measurement.
        defining, _ = processes.enter_context(_worker(options, ("naive", "matmul"), "float64", 1, "cpu"))
        measuring, libraries = {}, []
        for names in groups(options):
            settings = options, names, options.dtype, options.threads, options.device
            measuring[names], found = processes.enter_context(_worker(*settings))
            libraries.append(found)
        environment = environments.describe(options, libraries)
        if options.resume:
            environment = environments.read(folder, environment)
        environment.setdefault("sessions", []).append(session)
        environments.write(folder, environment)
        finished.load() if options.resume else finished.start()
        for job in _progress(jobs):
            if job.key not in finished.rows and (rows := _rows(job, finished, options, defining, measuring, folder)):
                finished.append(job, rows)
    session["after"] = machine.load()
    environment["load"] = {key: environments.largest_load(environment["sessions"], key) for key in ("before", "after")}
    environments.write(folder, environment)
    return environment


def _rows(job: Job, finished: Journal, options: Options, defining, measuring, folder: Path) -> list[dict]:
    """Measure one job; a later round has nothing to do where the first one measured nothing."""
    if job.is_machine:
        with process(options.threads) as executor:
            settings = options.repeats, options.dtype, options.device, options.threads
            return executor.submit(ceilings.measure, job.case, job.round, *settings).result()
    executor = measuring[job.implementations]
    if job.round:
        known = [(rows[0], _plan(rows)) for rows in finished.known(job).values()]
        return executor.submit(worker.repeat, job.case, job.operation, job.round, known).result() if known else []
    path = folder / "expected.npy"
    definition = defining.submit(worker.define, job.case, job.operation, path).result()
    return executor.submit(worker.measure, job.case, job.operation, definition, path, options.repeats).result()


def _plan(rows: list[dict]) -> Plan:
    """The plan by which the first round measured these rows."""
    return Plan(min(float(row["seconds"]) for row in rows), int(rows[0]["loops"]), len(rows))


@contextmanager
def _worker(options: Options, names, dtype: str, threads: int, device: str) -> Iterator[tuple[Executor, dict]]:
    """A process with some implementations, and what it says of its libraries."""
    modules = {name: IMPLEMENTATIONS[name] for name in names}
    with process(threads) as executor:
        found = executor.submit(worker.start, modules, options.dtype, dtype, options.limit, threads, device).result()
        in_force = {"NumPy's BLAS": (found["blas"] or {}).get("threads"), "torch": found["torch_threads"]}
        for library, number in in_force.items():
            if number not in (None, threads):
                raise Refused(f"--threads must be a number that {library} takes, got {threads}: it uses {number}")
        if device == "cuda" and not found["gpu"]:
            raise Refused("--device must be cpu where torch finds no GPU, got 'cuda'")
        yield executor, found


def _progress(jobs: list[Job]) -> Iterator[Job]:
    """The jobs one by one; on a terminal one bar says what is running and how long all will take."""
    with tqdm(jobs, disable=None, leave=False, unit="job") as bar:
        for job in bar:
            names = ", ".join(job.implementations)
            bar.set_description(f"{job.case.name} (batch {job.case.input_size[0]}) {job.operation}: {names}")
            yield job
