"""Printing undoes nothing: whatever a terminal or a reader does, files are in place and exit codes are the work's."""

import ast
import io
import os
import re
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

import convnotes.benchmark
import measurements
import patience
from convnotes.benchmark.__main__ import main
from convnotes.benchmark.storing import records
from convnotes.benchmark.terminal import output
from measurements import rows

FOUND = rows("a/b", "conv2d", "naive", [1e-6]) + rows("a/b", "conv2d", "torch", [2e-6])


@pytest.fixture
def commands(tmp_path):
    """The three commands, small, and the file that each of them is to leave."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        measurements.write(tmp_path / name, FOUND)
    small = ["--cases", "founding/bias", "--implementations", "naive", "--rounds", "1", "--limit", "1e-9"]
    return {
        "benchmark": (["benchmark", *small, "--out", tmp_path / "new"], tmp_path / "new" / records.README),
        "plot": (["plot", tmp_path / "a"], tmp_path / "a" / records.README),
        "compare": (
            ["compare", tmp_path / "a", tmp_path / "b", "--out", tmp_path / "both"],
            tmp_path / "both" / records.README,
        ),
    }


def reader_that_left():
    reading, writing = os.pipe()
    os.close(reading)
    return os.fdopen(writing, "w")


def full_disk():
    if not Path("/dev/full").exists():
        pytest.skip("only Linux has a file that is always full")
    return os.fdopen(os.open("/dev/full", os.O_WRONLY), "w")


def ascii_alone():
    return io.TextIOWrapper(io.BytesIO(), encoding="ascii")


STREAMS = {
    "a reader that left": (reader_that_left, 0),
    "a full disk": (full_disk, 2),
    "a closed one": (lambda: None, 0),
    "ASCII alone": (ascii_alone, 0),
}


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("command", ["benchmark", "plot", "compare"])
def test_files_are_in_place_whatever_becomes_of_what_is_printed(command, stream, commands, monkeypatch, capsys):
    arguments, file = commands[command]
    make, code = STREAMS[stream]
    monkeypatch.setattr(sys, "stdout", make())
    assert main([*map(str, arguments)]) == code
    assert file.exists()
    errors = capsys.readouterr().err
    if code:
        sentence = "stdout must be something that can be written to (No space left on device)"
        assert errors == f"convnotes {command}: {sentence}; whatever was to be written to files is there\n"
    else:
        assert errors == ""
    if sys.stdout:
        sys.stdout.close()  # which writes what is left, as Python does when it ends


def test_a_wrong_result_outweighs_a_full_disk(commands, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("convnotes.benchmark.run.run", lambda options: (1, "wrong\n"))
    monkeypatch.setattr(sys, "stdout", full_disk())
    assert main(["benchmark", "--out", str(tmp_path)]) == 1
    assert "stdout must be something that can be written to" in capsys.readouterr().err
    sys.stdout.close()


def test_a_letter_that_a_terminal_lacks_is_replaced(commands, monkeypatch):
    for command in ("plot", "compare"):
        monkeypatch.setattr(sys, "stdout", ascii_alone())
        assert main([*map(str, commands[command][0])]) == 0
        text = sys.stdout.buffer.getvalue().decode()
        assert ("1.00 us" in text) == (command == "plot")
    monkeypatch.setattr(sys, "stderr", ascii_alone())
    assert main(["plot", "gr\u00f6\u00dfer\udcff"]) == 2
    assert "got 'gr??er" in sys.stderr.buffer.getvalue().decode()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        # A shell that closes or fills a stream, or leaves a pipe, up to the last moment of the process.
        ('"$@" --list | head -n 1; exit ${PIPESTATUS[0]}', 0),
        ('"$@" --help | true; exit ${PIPESTATUS[0]}', 0),
        ('"$@" --list >/dev/full', 2),
        ('"$@" --help >/dev/full', 2),
        ('"$@" --list >&- <&-', 0),
        ('"$@" --quik 2>/dev/full', 2),
        ('"$@" --quik 2>&-', 2),
        ('"$@" --quik >&- 2>&- <&-', 2),
        ('LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 "$@" --cases gr\u00f6\u00dfer', 2),
        ('PYTHONIOENCODING=ascii:strict "$@" --cases gr\u00f6\u00dfer', 2),
        ('COLUMNS=1 "$@" --help', 0),
        ('COLUMNS=-5 "$@" --help', 0),
        ('COLUMNS=wide "$@" --help', 0),
        ('COLUMNS=100000 "$@" --help', 0),
    ],
)
def test_a_process_ends_with_its_own_exit_code(line, code):
    if "/dev/full" in line:
        full_disk().close()
    command = [sys.executable, "-m", "convnotes.benchmark", "benchmark"]
    done = subprocess.run(["bash", "-c", line, "bash", *command], capture_output=True, timeout=patience.SECONDS)
    assert done.returncode == code
    assert b"Traceback" not in done.stderr
    assert done.stderr.count(b"\n") == (1 if code and b"2>" not in line.encode() else 0)


def test_no_file_takes_the_place_of_a_closed_stream():
    code = (
        "import os; from convnotes.benchmark.terminal import output\n"
        "os.close(1); os.close(0); output.prepare(); raise SystemExit(os.open('/', os.O_RDONLY) <= 2)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=patience.SECONDS).returncode == 0


def test_everything_is_printed_in_one_place():
    folder = Path(convnotes.benchmark.__file__).parent
    for path in sorted(set(folder.rglob("*.py")) - {folder / "fit.py"}):  # a program of its own
        tree = ast.parse(path.read_text(encoding="utf-8"))
        called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and hasattr(node.func, "id")}
        streams = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} & {"stdout", "stderr"}
        assert "print" not in called, path
        # What another process has printed is called stdout too.
        assert not streams or path.name in ("output.py", "machine.py"), path


def frames(columns, work, monkeypatch):
    """What a bar shows, frame by frame, on a terminal of so many columns."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    read = []

    def listen():
        with suppress(OSError):  # Linux says so where nobody writes any more
            while text := os.read(ours, 10_000):
                read.append(text)

    listener = threading.Thread(target=listen)
    listener.start()
    with os.fdopen(theirs, "w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        work()
    listener.join()
    os.close(ours)
    text = b"".join(read).decode().replace("\x1b[A", "")
    return [frame for frame in text.split("\r") if frame.strip()]


@pytest.mark.parametrize("columns", [80, 60, 200])
def test_a_bar_says_how_long_all_will_take_however_long_a_name_is(columns, monkeypatch):
    names = ["lenet5/conv1", "a network of a long name/a layer of a long name " * 3]
    found = frames(columns, lambda: list(output.progress(names, "job", str)), monkeypatch)
    assert any("lenet5/conv1: " in frame for frame in found)
    assert any("a network of a long name/a ...: " in frame for frame in found)
    for frame in found:
        assert len(frame) <= columns
        assert re.search(r"%, (\?|\d\d:\d\d) left \|", frame)


def test_drawing_has_a_bar(commands, monkeypatch):
    arguments, _ = commands["plot"]
    found = frames(80, lambda: main([*map(str, arguments)]), monkeypatch)
    assert any(frame.startswith("drawing ratio_lenet5: ") for frame in found)


def test_what_is_no_terminal_has_no_bar(capsys):
    assert list(output.progress([1, 2], "job", str)) == [1, 2]
    assert capsys.readouterr().err == ""
