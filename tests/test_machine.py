"""What is said of the machine: the commit whatever git and the locale do, and what others used of the processors."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import convnotes
import patience
from convnotes.benchmark.storing import machine

ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
COMMIT = (
    "import os, sys; from pathlib import Path; from convnotes.benchmark.storing import machine\n"
    "machine.PACKAGE = Path(sys.argv[1]); print(machine._commit())"
)


@pytest.fixture(
    params=[b"plain", "gr\u00f6\u00dfer".encode(), b"latin-1 \xe9", b"an end\n"],
    ids=lambda name: name.decode("latin-1"),
)
def package(request, tmp_path):
    """A package in a repository of its own, in a folder of that name."""
    folder = tmp_path / os.fsdecode(request.param) / "convnotes"
    try:
        folder.mkdir(parents=True)
    except OSError:
        pytest.skip("the file system has no such names")
    (folder / "file.py").write_text("")
    author = ["-c", "user.name=a", "-c", "user.email=b"]
    for arguments in (["init", "-q"], ["add", "-A"], [*author, "commit", "-q", "-m", "a message"]):
        subprocess.run(["git", "-C", folder.parent, *arguments], check=True)
    return folder


def commit(package, **environment):
    command = [sys.executable, "-c", COMMIT, package]
    done = subprocess.run(
        command, capture_output=True, env=os.environ | environment, timeout=patience.SECONDS, check=True
    )
    return done.stdout.decode().strip()


def test_the_commit_is_found_wherever_the_folder_lies(package):
    known = subprocess.run(["git", "-C", package, "rev-parse", "--short=10", "HEAD"], capture_output=True, check=True)
    expected = known.stdout.decode().strip()
    assert commit(package) == commit(package, **ASCII) == expected
    (package / "file.py").write_text("changed")
    assert commit(package, **ASCII) == expected + " + changes"


def test_the_package_is_the_folder_of_all_its_code():
    assert machine.PACKAGE == Path(convnotes.__file__).parent


def test_a_link_to_the_folder_is_the_folder(tmp_path, package, monkeypatch):
    (tmp_path / "link").symlink_to(package.parent)
    monkeypatch.setattr(machine, "PACKAGE", tmp_path / "link" / "convnotes")
    assert machine._commit()


def test_without_an_answer_of_git_there_is_no_commit(package, tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "PACKAGE", package)
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")  # as in a folder of somebody else's
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    assert machine._commit() is None
    monkeypatch.delenv("GIT_TEST_ASSUME_DIFFERENT_OWNER")
    assert machine._commit()
    monkeypatch.setattr(machine, "PACKAGE", package / "deeper")  # in a repository that is another's
    assert machine._commit() is None
    monkeypatch.setattr(machine, "PACKAGE", package)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert machine._commit() is None


STAT = """\
cpu  9999 9999 9999 9999 9999 9999 9999 9999 0 0
cpu0 {used} 20 30 70000 80000 90000 90000 40 0 0
cpu1 99999 0 0 0 0 0 0 0 0 0
cpu2 100 0 0 5 0 0 0 0 0 0
intr 1 2 3
"""


def test_what_others_used_is_what_neither_we_nor_nobody_used(monkeypatch):
    """On two of three processors: user, nice and system time, and what the host took, in hundredths of a second."""
    used, own = 110, (0.25, 0.25, 0.5, 0.5)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 2}, raising=False)
    monkeypatch.setattr(os, "sysconf", lambda name: {"SC_CLK_TCK": 100}[name])
    monkeypatch.setattr(os, "times", lambda: (*own, 1234.5))
    monkeypatch.setattr(Path, "read_text", lambda path, **how: STAT.format(used=used))
    assert machine.busy() == pytest.approx(3.0 - 1.5)
    used, own = 410, (0.25, 1.25, 1.5, 0.5)
    assert machine.busy() == pytest.approx(6.0 - 3.5)


@pytest.mark.parametrize("text", ["", "cpu0\n", "cpu0 a b c d e f g h\n", "\n\n"])
def test_a_system_that_does_not_tell_is_not_asked_again(text, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0}, raising=False)
    monkeypatch.setattr(Path, "read_text", lambda path, **how: text)
    assert machine.busy() is None
    monkeypatch.delattr(os, "sched_getaffinity")
    assert machine.busy() is None


def test_the_memory_is_the_least_that_holds(monkeypatch):
    assert machine.memory() is None or machine.memory() > 0
    monkeypatch.setattr(os, "sysconf", lambda name: {"SC_PHYS_PAGES": 1000, "SC_PAGE_SIZE": 4096}[name])
    texts = iter(["max\n", "1000000\n"])
    monkeypatch.setattr(Path, "read_text", lambda path, **how: next(texts))
    assert [machine.memory(), machine.memory()] == [4_096_000, 1_000_000]


@pytest.mark.parametrize(("cpu", "flags", "name"), [
    ("Intel(R) Xeon(R) Processor", "fpu avx2 avx512f", "intel-xeon-avx512"),
    ("AMD EPYC", "fpu avx2", "amd-epyc-avx2"),
    ("AMD EPYC", "fpu", "amd-epyc"),
    ("AMD EPYC 7763 64-Core Processor", "avx2", "amd-epyc-7763-64-core"),
    ("Intel(R) Core(TM) i7-8650U CPU @ 1.90GHz", "avx2", "intel-core-i7-8650u"),
    ("..\\/\u00e9\u00df ", "", "unknown"),
    ("x" * 99, "", "x" * 40),
])  # fmt: skip
def test_a_machine_has_the_name_of_its_processor(cpu, flags, name, monkeypatch):
    monkeypatch.setattr(machine, "cpu", lambda: cpu)
    monkeypatch.setattr(machine, "_cpuinfo", lambda field: {"flags": flags}[field])
    assert machine.folder_name() == name
