"""The committed results: each folder is of a whole run of the machine it is named after, and one page compares them."""

import shutil
import subprocess
from pathlib import Path

import pytest

from convnotes.benchmark.reporting import compare, runs
from convnotes.benchmark.storing import records

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "results"
LINES, BYTES = 150, 2**20


def committed() -> list[Path]:
    """The files of results/ that git knows, as they are committed; those of a reader's own runs are left out."""
    git = ["git", "-C", str(ROOT)]
    try:
        names = subprocess.run([*git, "ls-files", "results"], capture_output=True, text=True, check=True).stdout
        changed = subprocess.run([*git, "status", "--porcelain", "results"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("without git nobody can tell whose results these are")
    if changed.stdout.strip():
        pytest.skip("results/ holds runs of the reader's own")
    return [ROOT / name for name in names.splitlines()]


def test_every_folder_can_be_read_and_its_page_is_short():
    files = committed()
    folders = {path.parent for path in files if path.name == records.ENVIRONMENT}
    assert len(folders) >= 2
    for folder in folders:
        frame, environment = records.read(folder)
        assert environment["options"]["quick"] is False
        assert len(frame)
        assert len((folder / records.README).read_text().splitlines()) <= LINES, folder
    assert sum(path.stat().st_size for path in files) < 2 * BYTES * len(folders)
    assert all(path.stat().st_size < BYTES for path in files)
    assert not [path for path in files if path.suffix == ".svg"]


def test_the_page_that_compares_them_is_what_its_command_writes(tmp_path):
    files = committed()
    folders = [path.parent for path in files if path.name == records.ENVIRONMENT]
    for folder in folders:
        shutil.copytree(folder, tmp_path / folder.name)
    first, *others = [tmp_path / name for name in runs.full(tmp_path)]
    page = (RESULTS / records.README).read_text()
    named = sorted((tmp_path / folder.name for folder in folders), key=lambda folder: page.index(f"**{folder.name}"))
    assert {first, *others} <= set(named)
    compare.write(named, tmp_path, False)
    assert (tmp_path / records.README).read_text() == page
    assert len(page.splitlines()) <= LINES
