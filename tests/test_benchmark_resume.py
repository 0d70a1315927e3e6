"""Nothing measured is lost: a run that was stopped in any way goes on, or says in a sentence why it cannot."""

import errno
import itertools
import json
import os
import signal
import subprocess
import sys

import pandas as pd
import pytest

import measurements
import patience
from convnotes.benchmark import Refused
from convnotes.benchmark.__main__ import main
from convnotes.benchmark.commands import benchmark, parser
from convnotes.benchmark.measuring.jobs import choose
from convnotes.benchmark.storing import costs, environments, failures, files, records
from convnotes.benchmark.storing.journal import Journal

# One timing of every call, so that it is the same of those that a slow machine takes long for.
ARGUMENTS = ["benchmark", "--cases", "founding/pool*", "--implementations", "naive,matmul", "--rounds", "2"]
ARGUMENTS += ["--repeats", "1", "--limit", "1000"]
KEYS = ["suite", "case", "batch", "operation", "implementation", "step", "round", "repeat"]


# Runs the command, and comes to an end of its own making after so many jobs, in the middle of writing the next one.
STOPPING = """
import os, signal, sys
from convnotes.benchmark.__main__ import main
from convnotes.benchmark.storing.journal import Journal
jobs, end = int(sys.argv[1]), getattr(signal, sys.argv[2])
append, done = Journal.append, []
def stopping(self, job, rows):
    if len(done) == jobs:
        if end == signal.SIGKILL:
            size = self._path.stat().st_size
            append(self, job, rows)
            os.truncate(self._path, (size + self._path.stat().st_size) // 2)
        os.killpg(0, end) if end == signal.SIGINT else os.kill(os.getpid(), end)
    append(self, job, rows)
    done.append(job)
Journal.append = stopping
sys.exit(main(sys.argv[3:]))
"""


def begin(out, *more, stopping=None):
    start = ["-m", "convnotes.benchmark"] if stopping is None else ["-c", STOPPING, *map(str, stopping)]
    command = [sys.executable, *start, *ARGUMENTS, "--out", str(out), *more]
    return subprocess.run(command, capture_output=True, text=True, timeout=patience.SECONDS, start_new_session=True)


def keys(out):
    frame = pd.read_csv(out / records.MEASUREMENTS)
    return sorted(map(str, frame[KEYS].to_numpy().tolist()))


def test_a_run_killed_again_and_again_has_the_rows_of_an_undisturbed_one(tmp_path):
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    assert begin(undisturbed).returncode == 0
    more, finished = [], []
    for jobs in (2, 5, 4):
        assert begin(killed, *more, stopping=(jobs, "SIGKILL")).returncode == -signal.SIGKILL
        finished.append((killed / records.UNFINISHED / records.PLAIN).read_text().rpartition("\n\n")[0])
        more = ["--resume"]
    done = begin(killed, "--resume")
    assert (done.returncode, done.stderr) == (0, "")
    assert keys(killed) == keys(undisturbed)
    assert len(set(keys(killed))) == len(keys(killed))
    # What was finished at the first kill is there as it was measured then.
    lines = measurements.text(killed).splitlines()
    kept = [line for line in "\n".join(finished).splitlines() if line and not line.startswith("#")]
    assert set(kept) <= set(lines)
    sessions = json.loads((killed / records.ENVIRONMENT).read_text())["sessions"]
    assert [session["after"] is None for session in sessions] == [True, True, True, False]
    assert not (killed / records.UNFINISHED).exists()


def refused(capsys, *arguments):
    assert main([*map(str, arguments)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    return printed.err


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """The folder of a run that was stopped by Ctrl-C in the middle."""
    out = tmp_path_factory.mktemp("stopped")
    done = begin(out, stopping=(4, "SIGINT"))
    assert done.returncode == 130
    sentence = "interrupted, earlier results are unchanged; --resume goes on with what is missing\n"
    assert done.stderr == f"convnotes benchmark: {sentence}"
    return out


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_unfinished_run_is_not_begun_anew_by_mistake(stopped, capsys):
    before = contents(stopped)
    sentence = refused(capsys, *ARGUMENTS, "--out", stopped)
    assert "--resume must be given to go on with the unfinished run in" in sentence
    assert str(stopped / records.UNFINISHED) in sentence
    assert contents(stopped) == before


def test_there_must_be_something_to_go_on_with(tmp_path, capsys):
    sentence = refused(capsys, *ARGUMENTS, "--out", tmp_path, "--resume")
    assert "--resume must find an unfinished run" in sentence
    assert not contents(tmp_path)


def test_other_options_are_refused_by_the_command(stopped, capsys):
    before = contents(stopped)
    sentence = refused(capsys, *ARGUMENTS, "--out", stopped, "--resume", "--repeats", "2")
    assert "--resume must go on with the same --repeats as the unfinished run, 1, got 2" in sentence
    assert contents(stopped) == before


@pytest.mark.parametrize(
    "name",
    [
        "cpu",
        "cores",
        "system",
        "threads",
        "dtype",
        "device",
        "python",
        "numpy",
        "torch",
        "commit",
        "blas",
        "gpu",
        "kernels",
    ],
)
def test_another_machine_or_version_is_refused(stopped, name):
    folder = stopped / records.UNFINISHED
    now = json.loads((folder / records.ENVIRONMENT).read_text())
    assert environments.read(folder, now | {"date": "later", "load": None}) == now
    with pytest.raises(Refused, match=rf"^--resume must go on with the same {name} as the unfinished run, "):
        environments.read(folder, now | {name: "other"})


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"sessions": 1}', "\x00"])
def test_a_foreign_environment_is_refused(tmp_path, text):
    (tmp_path / records.ENVIRONMENT).write_text(text)
    with pytest.raises(Refused, match="--resume must find a readable environment"):
        environments.read(tmp_path, {})


@pytest.fixture
def jobs():
    return choose(benchmark.options(parser().parse_args(ARGUMENTS)))


def rows_of(job, repeats=3):
    if job.is_machine:
        known = [costs.facts(job.case, job.operation) | {"dtype": "float32", "multiply_adds": 1, "bytes": 1}]
        known = [row | {"implementation": name} for row in known for name in job.implementations]
    else:
        known = [costs.record(job.case, job.operation, name, "float32") for name in job.implementations]
    timed = {"status": "measured", "device": "cpu", "threads": 1, "round": job.round, "seconds": 0.5, "loops": 1}
    return [{**row, **timed, "repeat": repeat} for row in known for repeat in range(repeats)]


@pytest.fixture
def written(tmp_path, jobs):
    """A folder with all jobs of a run, and the keys of the jobs in order."""
    finished = Journal(tmp_path, jobs)
    finished.start()
    for job in jobs:
        finished.append(job, rows_of(job))
    return tmp_path, [job.key for job in jobs]


def loaded(folder, jobs):
    """What is taken over, without a change of the file, and what stands in it once the run goes on."""
    finished, before = Journal(folder, jobs), contents(folder)
    finished.load()
    assert contents(folder) == before
    finished.start()
    return finished


def test_whole_jobs_are_taken_over_and_stay_in_the_file(written, jobs):
    folder, expected = written
    before = contents(folder)
    assert list(loaded(folder, jobs).rows) == expected
    assert contents(folder) == before


@pytest.mark.parametrize("cut", [1, 2, 30, 150])
def test_a_torn_end_is_dropped(written, jobs, cut):
    folder, expected = written
    path = folder / records.PLAIN
    path.write_bytes(path.read_bytes()[:-cut])
    assert list(loaded(folder, jobs).rows) == expected[:-1]
    again = path.read_text()
    assert again.endswith("\n\n")
    assert list(loaded(folder, jobs).rows) == expected[:-1]


def lose(block):
    return block.split("\n", 1)[1]


def cell(before, after):
    return lambda block: block.replace(before, after, 1)


DAMAGE = {
    "a lost repeat": lose,
    "half a row": lambda block: block + "\nhalf a row",
    **{f"seconds {text}": cell(",0.5,", f",{text},") for text in ("abc", "nan", "-1", "0.6", "")},
    **{f"loops {text}": cell(",0.5,1,", f",0.5,{text},") for text in ("0", "1.5", "2")},
    "a status": cell("measured", "done"),
    "a name": cell("naive", "fast"),
    "no checksum": lambda block: block.rpartition("\n")[0],
}


@pytest.mark.parametrize("damaged", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_job_is_dropped(written, jobs, damaged):
    folder, expected = written
    path = folder / records.PLAIN
    header, _, text = path.read_text().partition("\n")
    blocks = text.split("\n\n")
    at = next(i for i, job in enumerate(jobs) if not job.is_machine)
    assert damaged(blocks[at]) != blocks[at]
    blocks[at] = damaged(blocks[at])
    path.write_text(f"{header}\n" + "\n\n".join(blocks))
    # With the first round of a problem gone, its later rounds have nothing to go by.
    lost = [key for key in expected if key[1:] == expected[at][1:]]
    found = loaded(folder, jobs)
    assert list(found.rows) == [key for key in expected if key not in lost]
    assert found.damage.startswith(f"2 of {len(expected)} finished jobs in the unfinished run were damaged and are")
    assert loaded(folder, jobs).damage == ""


def test_a_job_that_says_another_thing_of_its_problem_is_dropped(written, jobs):
    """As after a change of the cases themselves, with a commit that is the same."""
    folder, expected = written
    finished = Journal(folder, jobs)
    finished.start()
    for job in jobs:
        finished.append(job, [row | {"side": 99} if job == jobs[-1] else row for row in rows_of(job)])
    assert list(loaded(folder, jobs).rows) == expected[:-1]


def test_a_later_round_that_failed_is_taken_over_too(written, jobs):
    folder, expected = written
    last = jobs[-1]
    finished = loaded(folder, jobs[:-1])
    timed, (failed, *_) = rows_of(last)[:3], rows_of(last)[3:]
    fault = {name: value for name, value in failed.items() if name not in ("repeat", "seconds", "loops")}
    finished.append(last, [*timed, fault | {"status": "failed", "note": "MemoryError: too large"}])
    assert list(loaded(folder, jobs).rows) == expected


def test_a_job_that_failed_is_not_measured_again(written, jobs):
    folder, expected = written
    finished = Journal(folder, jobs)
    finished.start()
    for job in (job for job in jobs if not job.round):
        known = [{name: value for name, value in row.items() if name != "round"} for row in rows_of(job, 1)]
        finished.append(job, [row | failures.record("MemoryError: too large") for row in known])
    found = loaded(folder, jobs)
    assert list(found.rows) == [key for key, job in zip(expected, jobs) if not job.round]
    assert found.damage == ""
    # There is nothing to repeat in the later rounds.
    assert [found.known(job) for job in jobs if job.round] == [{} for job in jobs if job.round]


def test_a_folder_that_a_run_is_writing_to_is_refused(tmp_path, capsys):
    before = contents(tmp_path)
    with files.writing(tmp_path, name=records.UNFINISHED):
        assert "--out must be a folder that no other run is writing to" in refused(
            capsys, *ARGUMENTS, "--out", tmp_path
        )
    assert contents(tmp_path) == before


def test_a_job_that_stands_there_twice_counts_once(written, jobs):
    folder, expected = written
    path = folder / records.PLAIN
    path.write_text(path.read_text() + path.read_text().split("\n\n")[-2] + "\n\n")
    assert list(loaded(folder, jobs).rows) == expected
    assert len(pd.read_csv(path, comment="#")) == sum(len(rows_of(job)) for job in jobs)


def test_measurements_of_another_version_are_refused(written, jobs):
    folder, _ = written
    (folder / records.PLAIN).write_text("case,seconds\n")
    with pytest.raises(Refused, match="--resume must find measurements of this version in"):
        loaded(folder, jobs)


def test_a_finished_file_is_tidy(written, jobs, tmp_path):
    folder, _ = written
    (tmp_path / "results").mkdir()
    loaded(folder, jobs).finish(tmp_path / "results")
    text = measurements.text(tmp_path / "results")
    assert text.splitlines()[0] == ",".join(records.COLUMNS)
    assert "\n\n" not in text
    # The timings of a call stand beside each other, and nothing is lost by that.
    calls = [call for call, _ in itertools.groupby(line.split(",measured,")[0] for line in text.splitlines())]
    assert len(calls) == len(set(calls)) > 2
    assert len(text.splitlines()) == 1 + sum(len(rows_of(job)) for job in jobs)


def test_a_full_disk_is_told_in_one_sentence_and_nothing_is_lost(tmp_path, monkeypatch, capsys):
    (tmp_path / records.README).write_text("earlier")
    (tmp_path / records.MEASUREMENTS).write_text("earlier")
    append, calls = Journal.append, []

    def full(self, job, rows):
        calls.append(job)
        if len(calls) > 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        append(self, job, rows)

    monkeypatch.setattr(Journal, "append", full)
    sentence = refused(capsys, *ARGUMENTS, "--out", tmp_path)
    assert "(No space left on device); what is measured is kept for --resume" in sentence
    assert (tmp_path / records.README).read_text() == (tmp_path / records.MEASUREMENTS).read_text() == "earlier"
    kept = (tmp_path / records.UNFINISHED / records.PLAIN).read_text()
    assert kept.count("\n\n") == 3
