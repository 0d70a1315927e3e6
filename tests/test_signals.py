"""A command that is asked to end does so tidily: one sentence, its own exit code, no process left, nothing lost."""

import os
import signal
import subprocess
import sys
import time

import pytest

import measurements
import patience
from convnotes.benchmark.__main__ import main
from convnotes.benchmark.reporting import report
from convnotes.benchmark.storing import files, records
from convnotes.benchmark.terminal import signals
from measurements import rows

ARGUMENTS = ["benchmark", "--cases", "founding/pool*", "--implementations", "naive,matmul", "--rounds", "1000"]
ENDED = "earlier results are unchanged"


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def begun(out):
    command = [sys.executable, "-m", "convnotes.benchmark", *ARGUMENTS, "--out", str(out)]
    running = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    path = out / records.UNFINISHED / records.PLAIN
    while running.poll() is None and not (path.exists() and path.stat().st_size >= 2_000):
        time.sleep(0.005)
    return running


@pytest.mark.parametrize(
    ("number", "send"),
    [
        (signal.SIGTERM, os.kill),  # as `kill` and `timeout` do
        (signal.SIGTERM, os.killpg),  # as a job's end does
        (signal.SIGHUP, os.killpg),  # as a terminal that is closed
    ],
)
def test_a_run_that_is_ended_can_go_on(number, send, tmp_path):
    running = begun(tmp_path)
    send(running.pid, number)
    printed, errors = running.communicate(timeout=patience.SECONDS)
    sentence = f"ended by {signal.Signals(number).name}, {ENDED}; --resume goes on with what is missing\n"
    assert (running.returncode, printed, errors) == (128 + number, "", f"convnotes benchmark: {sentence}")
    patience.until(lambda: patience.alone(running.pid))
    assert [path.name for path in tmp_path.iterdir()] == [records.UNFINISHED]
    assert {records.ENVIRONMENT, records.PLAIN} <= set(contents(tmp_path))


@pytest.fixture
def folder(tmp_path):
    return measurements.write(tmp_path, rows("a/b", "conv2d", "naive", [1.0]))


def test_a_report_that_is_ended_leaves_everything_as_it_was(folder, monkeypatch, capsys):
    before = contents(folder)
    handlers = [signal.getsignal(one) for one in signals.ALL]
    for number, reason in ((signal.SIGTERM, "ended by SIGTERM"), (signal.SIGINT, "interrupted")):
        monkeypatch.setattr(report, "write", lambda *arguments, number=number: signal.raise_signal(number))
        assert main(["plot", str(folder)]) == 128 + number
        assert capsys.readouterr().err == f"convnotes plot: {reason}, {ENDED}\n"
        assert contents(folder) == before
    assert [signal.getsignal(one) for one in signals.ALL] == handlers


def test_a_second_signal_does_not_break_off_what_the_first_makes_tidy(folder, monkeypatch, capsys):
    before = contents(folder)
    remove = files.shutil.rmtree

    def disturbed(*arguments, **options):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        remove(*arguments, **options)

    monkeypatch.setattr(report, "write", lambda *arguments: signal.raise_signal(signal.SIGTERM))
    monkeypatch.setattr(files.shutil, "rmtree", disturbed)
    assert main(["plot", str(folder)]) == 143
    assert capsys.readouterr().err == f"convnotes plot: ended by SIGTERM, {ENDED}\n"
    assert contents(folder) == before


def test_a_signal_waits_until_all_files_are_in_their_places(tmp_path, monkeypatch):
    (tmp_path / "new").mkdir()
    for name in records.ALL:
        (tmp_path / name).write_text("old")
        (tmp_path / "new" / name).write_text("new")
    replace = os.replace

    def disturbed(*arguments):
        signal.raise_signal(signal.SIGTERM)
        replace(*arguments)

    monkeypatch.setattr(os, "replace", disturbed)
    with pytest.raises(signals.Stopped) as stop, signals.heard():
        files.publish(tmp_path / "new", tmp_path)
    assert stop.value.code == 143
    assert {(tmp_path / name).read_text() for name in records.ALL} == {"new"}


def test_what_nohup_has_ignored_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals.heard():
            signal.raise_signal(signal.SIGHUP)
            with signals.waiting():
                signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
