"""Files are replaced whole, and folders left as they were found, on the habits of every system."""

import errno
import os
from pathlib import Path

import pytest

from convnotes.benchmark import Refused
from convnotes.benchmark.storing import files


def test_an_earlier_file_survives_what_interrupts_the_writing(tmp_path, monkeypatch):
    path = tmp_path / "file"
    files.write(path, "earlier")
    for problem in (OSError(errno.ENOSPC, "full"), KeyboardInterrupt()):

        def fail(file, problem=problem):
            raise problem

        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(type(problem)):
            files.write(path, "later")
        assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("file", "earlier")]


@pytest.fixture
def windows(monkeypatch):
    """A system on which no file can be removed that this process has open."""
    unlink = os.unlink

    def refuse_open(path, *, dir_fd=None):
        found = os.stat(path, dir_fd=dir_fd, follow_symlinks=False)
        for name in os.listdir("/dev/fd"):
            try:
                held = os.fstat(int(name))
            except OSError:
                continue
            if os.path.samestat(found, held):
                raise PermissionError(errno.EACCES, "The process cannot access the file", str(path))
        unlink(path, dir_fd=dir_fd)

    monkeypatch.setattr(os, "unlink", refuse_open)
    monkeypatch.setattr(os, "remove", refuse_open)


def test_nothing_is_left_behind_where_an_open_file_cannot_be_removed(windows, tmp_path):
    with (tmp_path / "open").open("w"), pytest.raises(PermissionError):
        (tmp_path / "open").unlink()
    (tmp_path / "open").unlink()
    with files.writing(tmp_path / "out") as folder:
        (folder / "file").write_text("unfinished")
    assert list(tmp_path.iterdir()) == []


def test_a_lock_holds_until_the_block_is_left(tmp_path):
    refused = pytest.raises(Refused, match="--out must be a folder that no other run is writing to")
    with files.writing(tmp_path):
        for _ in range(2):  # who was refused has not taken the lock away
            with refused, files.writing(tmp_path):
                raise AssertionError
    with files.writing(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_folders_that_were_made_in_vain_are_removed(tmp_path):
    with pytest.raises(Refused, match="no"), files.writing(tmp_path / "a" / "b" / "c"):
        raise Refused("no")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [errno.EACCES, errno.ENAMETOOLONG, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("call", ["exists", "mkdir"])
def test_what_the_system_says_of_a_folder_is_a_sentence(number, call, tmp_path, monkeypatch):
    def refuse(self, *arguments, **options):
        raise OSError(number, os.strerror(number), str(self))

    monkeypatch.setattr(Path, call, refuse)
    with pytest.raises(Refused) as refusal, files.writing(tmp_path / "out"):
        raise AssertionError
    assert str(refusal.value).endswith(f"got {str(tmp_path / 'out')!r} ({os.strerror(number)})")


def test_what_is_kept_is_said_to_be_kept(tmp_path):
    keeping = files.writing(tmp_path, keep=lambda folder: True)
    with pytest.raises(Refused, match="what is measured is kept for --resume"), keeping:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert [path.name for path in tmp_path.iterdir()] == [".unfinished-report"]
