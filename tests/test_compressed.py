"""Measurements are stored compressed: always the same bytes, and whatever else lies there is refused in a sentence."""

import gzip
import io
import resource
import shutil
import subprocess
import sys
import time
import zlib

import pandas as pd
import pytest

import measurements
from convnotes.benchmark.__main__ import main
from convnotes.benchmark.reporting import figures
from convnotes.benchmark.storing import files, reading, records
from measurements import rows

TEXT = "case,seconds\na/b,1.5\nä,2\n"
FOUND = rows("a/b", "conv2d", "naive", [2.0]) + rows("a/b", "conv2d", "torch", [1.0])


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The files of a run, of which no figures are drawn, which takes long."""
    monkeypatch.setattr(figures, "write", lambda *arguments: [])
    return measurements.write(tmp_path, FOUND)


def test_a_text_has_the_same_bytes_whenever_it_is_written(monkeypatch):
    content = files.packed(TEXT)
    monkeypatch.setattr(time, "time", lambda: 1.0e9)
    assert files.packed(TEXT) == content
    # Neither a time nor the name of a file stands in the header.
    assert content[3:8] == bytes(5)
    assert reading.unpacked(content).decode() == TEXT


def test_pandas_reads_it(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(files.packed(TEXT))
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "a.csv.gz"), pd.read_csv(io.StringIO(TEXT)))


CONTENT = files.packed(TEXT)
DAMAGED = {
    "empty": (b"", "ends too early"),
    "plain": (TEXT.encode(), "is no gzip file, or a damaged one"),
    "cut in the header": (CONTENT[:5], "ends too early"),
    "cut in the text": (CONTENT[:20], "ends too early"),
    "cut in the checksum": (CONTENT[:-1], "ends too early"),
    "another checksum": (CONTENT[:-8] + bytes(8), "is no gzip file, or a damaged one"),
    "twice": (CONTENT * 2, "something behind its end"),
    "zlib": (zlib.compress(TEXT.encode()), "is no gzip file, or a damaged one"),
    "bomb": (gzip.compress(bytes(10**8)), "expands to more than 100 times its size"),
    "a program": (gzip.compress(b"\x7fELF\xff\xfe" * 99), "is not UTF-8"),
    "JSON": (gzip.compress(b'{"a": 1}'), "lacks the column suite"),
    "lines": (gzip.compress(b"\n" * 10**6), "is empty"),
}


@pytest.mark.parametrize(("content", "reason"), DAMAGED.values(), ids=DAMAGED)
@pytest.mark.parametrize("command", ["plot", "compare"])
def test_what_is_no_file_of_ours_is_refused(content, reason, command, folder, tmp_path_factory, capsys):
    sound = shutil.copytree(folder, tmp_path_factory.mktemp("sound") / "run")
    (folder / records.MEASUREMENTS).write_bytes(content)
    before = contents(folder)
    assert main([command, *([str(sound)] if command == "compare" else []), str(folder)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert records.MEASUREMENTS in printed.err
    assert reason in printed.err
    assert contents(folder) == before


def test_a_bomb_takes_little_memory(tmp_path):
    """4 GB, in a process that may take one more than it has."""
    part = zlib.compressobj(9, wbits=31)
    start, again = (part.compress(bytes(2**24)) + part.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    content = start + 255 * again
    measurements.write(tmp_path, FOUND)
    (tmp_path / records.MEASUREMENTS).write_bytes(content)
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_DATA, (2**30, {resource.RLIM_INFINITY}))"
    code = f"{limit}; import sys; from convnotes.benchmark.__main__ import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run([sys.executable, "-c", code, "plot", tmp_path], capture_output=True, text=True)
    assert "expands to more than 100 times its size" in done.stderr
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def test_many_rows_that_are_all_alike_are_no_bomb(tmp_path):
    """As of a coarse clock: they shrink most."""
    found = rows("a/b", "conv2d", "naive", [0.5] * 20_000)
    frame, _ = records.read(measurements.write(tmp_path, found))
    assert len(frame) == 20_000


def test_a_folder_of_an_earlier_version_is_read(folder, capsys):
    expected = records.read(folder)[0]
    (folder / records.PLAIN).write_text(measurements.text(folder))
    (folder / records.MEASUREMENTS).unlink()
    pd.testing.assert_frame_equal(records.read(folder)[0], expected)
    before = contents(folder)
    assert main(["plot", str(folder)]) == 0
    # What was measured stays as it is.
    assert before.items() <= contents(folder).items()
    assert records.MEASUREMENTS not in contents(folder)
    (folder / records.PLAIN).write_text("a,b\n")
    assert main(["plot", str(folder)]) == 2
    assert "where measurements.csv lacks the column suite" in capsys.readouterr().err


def test_of_both_files_the_compressed_one_counts(folder):
    (folder / records.PLAIN).write_text("whatever")
    assert len(records.read(folder)[0]) == len(FOUND)
    assert main(["plot", str(folder)]) == 0
    assert (folder / records.PLAIN).read_text() == "whatever"


def test_a_run_leaves_no_file_of_an_earlier_version(folder, tmp_path):
    (folder / records.PLAIN).write_text("earlier")
    (folder / "new").mkdir()
    (folder / "new" / records.MEASUREMENTS).write_bytes(b"new")
    files.publish(folder / "new", folder)
    assert (folder / records.MEASUREMENTS).read_bytes() == b"new"
    assert not (folder / records.PLAIN).exists()


@pytest.mark.parametrize("name", ["README.md", "networks.md", "reading.md"])
def test_a_page_of_somebody_elses_is_not_replaced(name, tmp_path, capsys):
    (tmp_path / name).write_text("my notes")
    arguments = ["benchmark", "--cases", "founding/bias", "--implementations", "naive", "--rounds", "1"]
    assert main([*arguments, "--limit", "1e-9", "--out", str(tmp_path)]) == 2
    assert f"--out must be a folder without a {name} of another origin" in capsys.readouterr().err
    assert contents(tmp_path) == {name: b"my notes"}


def test_neither_file_is_replaced_by_a_comparison(folder, tmp_path_factory, capsys):
    other = shutil.copytree(folder, tmp_path_factory.mktemp("other") / "run")
    (folder / records.MEASUREMENTS).rename(folder / "moved")
    (folder / records.PLAIN).write_text(reading.unpacked((folder / "moved").read_bytes()).decode())
    before = contents(folder)
    assert main(["compare", str(folder), str(other), "--out", str(folder / records.PLAIN)]) == 2
    assert "--out must be a folder, got the file" in capsys.readouterr().err
    assert main(["compare", str(folder), str(other), "--out", str(folder)]) == 2
    assert "--out must be a folder that holds no run itself" in capsys.readouterr().err
    assert contents(folder) == before
