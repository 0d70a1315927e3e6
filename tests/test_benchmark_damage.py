"""Damaged files: whatever happened to them, a command is right, or says so in one sentence and changes nothing."""

import itertools
import json
import random
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

import damage
import measurements
from convnotes.benchmark import run
from convnotes.benchmark.__main__ import main
from convnotes.benchmark.reporting import figures, report, screen
from convnotes.benchmark.storing import costs, environments, machine, records, schema

RESULTS = Path(__file__).parents[1] / "results" / "amd-epyc-avx512"
RESUMED = ["benchmark", "--cases", "founding/pool*", "--implementations", "naive,matmul", "--rounds", "2"]
DRAWS, SEED = 80, 1
FILES = pytest.mark.parametrize("name", [records.MEASUREMENTS, records.ENVIRONMENT])
OF_UNFINISHED = pytest.mark.parametrize("name", [records.PLAIN, records.ENVIRONMENT])


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def few():
    """Measurements of a real run: a few of its rows from every suite."""
    header, *lines = measurements.text(RESULTS).splitlines(keepends=True)
    cases = ("machine,ceiling", "founding/pool tiling", "scaling/batch 1,", "scaling/grid kernel 3 channels 4,")
    lines = [line for line in lines if ",measured,0," in line or ",not run," in line]
    chosen = [line for line in lines if any(case in line for case in cases) or "lenet5/conv1,1," in line]
    skipped = next(line for line in lines if ",not run," in line)
    return "".join([header, *chosen[:30], skipped])


@pytest.fixture
def finished(few, tmp_path):
    """The files of a finished run."""
    folder = tmp_path / "finished"
    folder.mkdir()
    measurements.store(folder, few)
    shutil.copyfile(RESULTS / records.ENVIRONMENT, folder / records.ENVIRONMENT)
    return folder


@pytest.fixture
def undrawn(monkeypatch):
    """No figures, which take long."""
    monkeypatch.setattr(figures, "write", lambda *arguments: [])


class Measuring:
    """Workers that measure at once, and the same every time."""

    def __init__(self, options, processes):
        self.libraries = [{"blas": None, "torch_threads": None, "gpu": None, "kernels": {"variables": {}}}]

    def rows(self, job, finished, folder):
        if job.is_machine:
            known = [costs.facts(job.case, job.operation) | {"implementation": job.implementations[0]}]
            known[0] |= {"dtype": "float32", "multiply_adds": 8, "bytes": 8}
        else:
            known = [costs.record(job.case, job.operation, name, "float32") for name in job.implementations]
            known = [row | {"definition": "naive", "error": 1e-7} for row in known]
        if not job.is_machine and job.operation == "max_pool2d":
            known[0] |= {"status": schema.NOT_RUN, "estimate_seconds": 3.25}
        rows = []
        for row in known:
            row |= {"device": "cpu", "threads": 1}
            timings = [{"status": "measured", "repeat": i, "seconds": 0.001 + i / 7, "loops": 3} for i in range(3)]
            timed = [row | {"round": job.round} | timing for timing in timings]
            rows += timed if "status" not in row else [] if job.round else [row]
        return rows


@pytest.fixture
def measuring(monkeypatch):
    """Neither measuring nor the report takes time, and the machine is always the same."""
    monkeypatch.setattr(report, "write", lambda *arguments: SimpleNamespace(faults=[]))
    monkeypatch.setattr(screen, "report", lambda *arguments: "")
    described = machine.describe("float32", "cpu", 1)
    monkeypatch.setattr(machine, "describe", lambda *arguments: dict(described))
    monkeypatch.setattr(run, "Workers", Measuring)


@pytest.fixture
def unfinished(measuring, tmp_path, monkeypatch, capsys):
    """The folder of a run that was stopped near its end, and the measurements of one that was not."""
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    assert main([*RESUMED, "--out", str(whole)]) == 0
    rows, jobs = Measuring.rows, itertools.count()

    def stopping(self, *arguments):
        if next(jobs) == 20:
            raise KeyboardInterrupt
        return rows(self, *arguments)

    monkeypatch.setattr(Measuring, "rows", stopping)
    assert main([*RESUMED, "--out", str(stopped)]) == 130
    monkeypatch.setattr(Measuring, "rows", rows)
    capsys.readouterr()
    return stopped, (whole / records.MEASUREMENTS).read_bytes()


def refused(code, before, folder, capsys) -> bool:
    """Whether a command refused; if so, with one sentence and nothing else."""
    printed = capsys.readouterr()
    if code == 0:
        return False
    assert code == 2
    assert printed.out == ""
    assert printed.err.startswith("convnotes")
    assert printed.err.count("\n") == 1
    assert len(printed.err) < 1000
    assert contents(folder) == before
    return True


def damaged(folder, name, draws=DRAWS):
    """So often, what a folder holds where one of its files is damaged. It is whole again in the end."""
    rng, whole = random.Random(SEED), contents(folder)
    path = next(folder.rglob(name))
    for _ in range(draws):
        path.write_bytes(damage.content(rng, whole[str(path.relative_to(folder))]))
        yield contents(folder)
        for other in folder.rglob("*"):
            if other.is_file() and str(other.relative_to(folder)) not in whole:
                other.unlink()
        for place, content in whole.items():
            (folder / place).parent.mkdir(exist_ok=True)
            (folder / place).write_bytes(content)


@FILES
def test_plot_draws_what_is_right_or_refuses(name, finished, undrawn, capsys):
    refusals = 0
    for before in damaged(finished, name):
        if refused(main(["plot", "--out", str(finished)]), before, finished, capsys):
            refusals += 1
            continue
        after = contents(finished)
        assert before.items() <= after.items()
        # No number came out as none, but for a name that was made so.
        numbers = after[records.README].split(b"## How to read")[0]
        assert b"nan" not in numbers or b"nan" in before[name]
    assert 0 < refusals < DRAWS


@FILES
def test_compare_compares_what_is_right_or_refuses(name, finished, tmp_path, capsys):
    shutil.copytree(finished, tmp_path / "other")
    refusals, draws = 0, DRAWS // 4
    for before in damaged(finished, name, draws):
        refusals += refused(main(["compare", str(tmp_path / "other"), str(finished)]), before, finished, capsys)
        assert contents(finished) == before
    assert 0 < refusals < draws


@OF_UNFINISHED
def test_an_unfinished_run_ends_as_if_nothing_had_happened_or_is_refused(name, unfinished, capsys):
    folder, whole = unfinished
    refusals = 0
    for before in damaged(folder, name):
        if refused(main([*RESUMED, "--resume", "--out", str(folder)]), before, folder, capsys):
            refusals += 1
        else:
            assert (folder / records.MEASUREMENTS).read_bytes() == whole
    assert 0 < refusals < DRAWS


def test_what_was_damaged_is_measured_again_and_told(unfinished, capsys):
    folder, whole = unfinished
    path = folder / records.UNFINISHED / records.PLAIN
    text = path.read_text()
    found = text.count("\n\n")
    blocks = text.split("\n\n")
    blocks[-2] = blocks[-2].replace(",0.001,", ",0.002,", 1)
    path.write_text("\n\n".join(blocks))
    assert main([*RESUMED, "--resume", "--out", str(folder)]) == 0
    sentence = f"1 of {found} finished jobs in the unfinished run was damaged and is measured again\n"
    assert capsys.readouterr().err == f"convnotes benchmark: {sentence}"
    assert (folder / records.MEASUREMENTS).read_bytes() == whole


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("options", ["suite"]),
        ("blas", "openblas"),
        ("sessions", [1]),
        ("sessions", []),
        ("cores", "2"),
        ("cores", True),
        ("threads", 10**30),
        ("load", {"before": float("nan"), "after": 1.0}),
        ("load", {"before": True, "after": 1.0}),
        ("date", 20260101),
        ("kernels", {"variables": {"OPENBLAS_CORETYPE": 1}}),
    ],
)
@pytest.mark.parametrize("command", ["plot", "compare", "resume"])
def test_an_environment_of_the_wrong_shape_is_refused(key, value, command, finished, unfinished, tmp_path, capsys):
    folder, _ = unfinished
    arguments = [*RESUMED, "--resume", "--out", str(folder)]
    if command != "resume":
        folder = finished
        arguments = ["plot", "--out", str(folder)]
        if command == "compare":
            arguments = ["compare", str(shutil.copytree(folder, tmp_path / "other")), str(folder)]
    path = next(folder.rglob(records.ENVIRONMENT))
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    assert refused(main(arguments), contents(folder), folder, capsys)


def test_every_run_in_the_repository_is_read_as_it_is():
    for folder in (RESULTS, RESULTS.with_name(f"{RESULTS.name}_threads-2")):
        frame, environment = records.read(folder)
        assert len(frame) == measurements.text(folder).count("\n") - 1
        assert environments.largest_load(environment["sessions"], "after") == environment["load"]["after"]
