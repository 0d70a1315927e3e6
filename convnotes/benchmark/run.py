"""A run: round after round over all jobs, so that every time is spread over the whole run, then the report."""

import shutil
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from convnotes.benchmark import Refused
from convnotes.benchmark.measuring.jobs import choose
from convnotes.benchmark.measuring.workers import Workers
from convnotes.benchmark.storing import environments, files, machine, records
from convnotes.benchmark.storing.job import Job
from convnotes.benchmark.storing.journal import Journal
from convnotes.benchmark.storing.options import Options
from convnotes.benchmark.terminal import output, signals


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
            finished = Journal(folder, jobs)
            environment = _measure(finished, jobs, options, folder)
            answer = _report(finished, environment, options.out, folder / "results")
            with signals.waiting():
                files.publish(folder / "results", options.out)
                published = True
                shutil.rmtree(folder)
    except KeyboardInterrupt as interrupt:
        stop = signals.of(interrupt)
        left = "; --resume goes on with what is missing" if environments.stored(folder) else ""
        left = f", and all results are in {options.out}" if published else f", earlier results are unchanged{left}"
        raise Refused(stop.reason + left, code=stop.code) from None
    return answer


def _report(finished: Journal, environment: dict[str, Any], out: Path, folder: Path) -> tuple[int, str]:
    """Write everything to `folder`; returns what the run does once it is in `out`."""
    # pandas and Matplotlib are loaded once the clocks have stopped.
    from convnotes.benchmark.reporting import report, screen

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    finished.finish(folder)
    environments.write(folder, environment)
    found = report.write(*records.read(folder), folder)
    return 1 if found.faults else 0, screen.report(found, out)


def _measure(finished: Journal, jobs: list[Job], options: Options, folder: Path) -> dict[str, Any]:
    """Measure what is missing; returns the environment."""
    session = {"date": machine.now(), "before": machine.load(), "after": None, "others": None}
    start, busy = time.perf_counter(), machine.busy()
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
            output.complain(f"convnotes benchmark: {finished.damage}")
        for job in output.progress(jobs, "job", lambda job: job.case.name):
            if job.key not in finished.rows and (rows := workers.rows(job, finished, folder)):
                finished.append(job, rows)
    # All workers have ended, so that their time is known to be ours.
    if busy is not None and (now := machine.busy()) is not None:
        session["others"] = round(max(0.0, now - busy) / (time.perf_counter() - start), 3)
    session["after"] = machine.load()
    sessions = environment["sessions"]
    environment["load"] = {key: environments.largest_load(sessions, key) for key in ("before", "after", "others")}
    environments.write(folder, environment)
    return environment
