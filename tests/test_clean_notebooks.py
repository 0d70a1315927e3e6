"""A notebook is stored in one form, whoever ran it: what a run writes beside sources and outputs is taken out."""

import copy
import json
import runpy
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

import patience

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / ".ci" / "clean_notebooks.py"
cleaned, text = (runpy.run_path(str(SCRIPT))[name] for name in ("cleaned", "text"))


def clean(*paths: Path) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, SCRIPT, *paths], capture_output=True, text=True)


@pytest.fixture
def small(tmp_path):
    """A notebook as it is stored, which prints before and after it warns of something, and gives a value."""
    code = "import sys\nprint(1)\nprint(2, flush=True)\nprint(3, file=sys.stderr, flush=True)\nprint(4)\n5"
    streams = [("stdout", "1\n2\n"), ("stderr", "3\n"), ("stdout", "4\n")]
    outputs = [nbformat.v4.new_output("stream", name=name, text=said) for name, said in streams]
    outputs.append(nbformat.v4.new_output("execute_result", {"text/plain": "5"}, execution_count=1))
    cell = nbformat.v4.new_code_cell(code, id="one", outputs=outputs, execution_count=1)
    cell.metadata.tags = ["solution"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Title", id="two"), cell])
    path = tmp_path / "small.ipynb"
    nbformat.write(notebook, path)
    clean(path)
    return path


def test_a_run_leaves_no_difference(small):
    before = small.read_bytes()
    run = [sys.executable, "-c", "from nbclient.cli import main; main()"]  # which is `jupyter execute`
    subprocess.run([*run, "--inplace", "--timeout", str(patience.SECONDS), small], capture_output=True, check=True)
    assert small.read_bytes() != before, "a run writes what the filter is there for"
    assert clean(small).returncode == 1
    assert small.read_bytes() == before
    assert clean(small).returncode == 0


def test_what_a_run_and_a_browser_add_is_taken_out_and_nothing_else(small):
    stored = json.loads(small.read_text())
    changed = copy.deepcopy(stored)
    changed["metadata"] |= {"widgets": {}, "language_info": {"name": "python", "version": "3.99"}}
    changed["cells"][1]["metadata"] |= {"execution": {"iopub.status.busy": "now"}, "collapsed": True, "scrolled": True}
    changed["cells"][1]["metadata"]["mystnb"] = {"image": {"alt": "A picture."}}
    size = {"image/png": {"width": 640, "height": 300}}
    changed["cells"][1]["outputs"][-1]["metadata"] = {"needs_background": "light"} | size
    changed["cells"][1]["outputs"][:1] = [
        {"name": "stdout", "output_type": "stream", "text": [line]} for line in ("1\n", "2\n")
    ]
    kept = copy.deepcopy(stored)
    kept["cells"][1]["metadata"]["mystnb"] = {"image": {"alt": "A picture."}}
    kept["cells"][1]["outputs"][-1]["metadata"] = size
    assert cleaned(changed) == kept
    assert cleaned(kept) == kept


def test_several_files_are_cleaned_and_those_that_change_are_named(small, tmp_path):
    other = tmp_path / "other.ipynb"
    other.write_text(small.read_text().replace('"display_name": "Python 3"', '"display_name": "mine"'))
    done = clean(small, other)
    assert (done.returncode, done.stdout) == (1, f"cleaned {other}\n")
    assert other.read_bytes() == small.read_bytes()
