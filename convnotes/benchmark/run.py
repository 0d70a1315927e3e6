"""A run: round after round over all jobs, so that every time is spread over the whole run, then the report."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from tqdm import tqdm

from convnotes.benchmark import Refused, environments, files, machine, records
from convnotes.benchmark.jobs import Job, choose
from convnotes.benchmark.journal import Journal
from convnotes.benchmark.options import Options
from convnotes.benchmark.workers import Workers


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
            finished = Journal(folder, jobs)
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
    if options.resume:
        finished.load()
    with ExitStack() as processes:
        workers = Workers(options, processes)
        environment = environments.describe(options, workers.libraries)
        if options.resume:
            environment = environments.read(folder, environment)
        # Until here nothing has been changed.
        environment.setdefault("sessions", []).append(session)
        environments.write(folder, environment)
        finished.start()
        if finished.damage:
            print(f"convnotes benchmark: {finished.damage}", file=sys.stderr)
        for job in _progress(jobs):
            if job.key not in finished.rows and (rows := workers.rows(job, finished, folder)):
                finished.append(job, rows)
    session["after"] = machine.load()
    environment["load"] = {key: environments.largest_load(environment["sessions"], key) for key in ("before", "after")}
    environments.write(folder, environment)
    return environment


def _progress(jobs: list[Job]) -> Iterator[Job]:
    """The jobs one by one; on a terminal one bar says what is running and how long all will take."""
    with tqdm(jobs, disable=None, leave=False, unit="job") as bar:
        for job in bar:
            names = ", ".join(job.implementations)
            bar.set_description(f"{job.case.name} (batch {job.case.input_size[0]}) {job.operation}: {names}")
            yield job
