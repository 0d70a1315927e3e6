"""A run: round after round over all jobs, so that every time is spread over the whole run, then the report.

One process computes expected values, and one measures all implementations in turns, or one each measures alone.
"""

import shutil
import time
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from convnotes import IMPLEMENTATIONS
from convnotes.benchmark import Refused, ceilings, environments, files, machine, output, records, signals, worker
from convnotes.benchmark.jobs import Job, choose, groups
from convnotes.benchmark.journal import Journal
from convnotes.benchmark.options import Options
from convnotes.benchmark.processes import process
from convnotes.benchmark.timing import Plan


def run(options: Options) -> tuple[int, str]:
    """Measure, and write the report; returns 1 if a result was wrong or failed, else 0, and what is to be printed."""
    jobs = choose(options)
    folder = options.out / records.UNFINISHED
    with files.writable(options.out):
        begun = environments.stored(folder)
    if options.resume and not begun:
        raise Refused(f"--resume must find an unfinished run in {str(options.out)!r}, there is none")
    if not options.resume and begun:
        raise Refused(f"--resume must be given to go on with the unfinished run in {str(folder)!r}, or it be deleted")
    published = False
    try:
        with files.writing(options.out, keep=environments.stored, name=records.UNFINISHED):
            finished = Journal(folder, jobs, options.repeats)
            environment = _measure(finished, jobs, options, folder)
            answer = _report(finished, environment, options.out, folder / "results")
            with signals.waiting():
                files.publish(folder / "results", options.out)
                published = True
                shutil.rmtree(folder)
    except KeyboardInterrupt as stop:
        left = "; --resume goes on with what is missing" if environments.stored(folder) else ""
        left = f", and all results are in {options.out}" if published else f", earlier results are unchanged{left}"
        raise Refused(getattr(stop, "reason", "interrupted") + left, code=getattr(stop, "code", 130)) from None
    return answer


def _report(finished: Journal, environment: dict, out: Path, folder: Path) -> tuple[int, str]:
    """Write everything to `folder`; returns what the run does once it is in `out`."""
    # pandas and Matplotlib are loaded once the clocks have stopped.
    from convnotes.benchmark import report, screen

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    finished.finish(folder)
    environments.write(folder, environment)
    found = report.write(*records.read(folder), folder)
    return 1 if found.faults else 0, screen.report(found, out)


def _measure(finished: Journal, jobs: list[Job], options: Options, folder: Path) -> dict:
    """Measure what is missing; returns the environment."""
    session = {"date": machine.now(), "before": machine.load(), "after": None, "others": None}
    start, busy = time.perf_counter(), machine.busy()
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
        for job in output.progress(jobs, "job", lambda job: job.case.name):
            if job.key not in finished.rows and (rows := _rows(job, finished, options, defining, measuring, folder)):
                finished.append(job, rows)
    # All workers have ended, so that their time is known to be ours.
    if None not in (busy, now := machine.busy()):
        session["others"] = round(max(0.0, now - busy) / (time.perf_counter() - start), 3)
    session["after"] = machine.load()
    sessions = [{"others": None} | one for one in environment["sessions"]]
    loads = {key: environments.largest_load(sessions, key) for key in ("before", "after", "others")}
    environment["load"] = loads
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
