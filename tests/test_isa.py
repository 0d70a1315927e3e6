"""A machine held to AVX2: what its processes start with, what they read back, and what is refused and stored."""

import json
import os

import pytest
from numpy._core import _multiarray_umath

from convnotes.benchmark import Refused, isa
from convnotes.benchmark.__main__ import main
from convnotes.benchmark.measuring import processes
from convnotes.benchmark.reporting import provenance
from convnotes.benchmark.storing import environments, machine, records
from measurements import ENVIRONMENT

SMALL = [
    "benchmark",
    "--cases",
    "founding/bias",
    "--implementations",
    "matmul,torch",
    "--rounds",
    "1",
    "--limit",
    "1000",
]
# What no run asks for, and every processor of this kind can do.
OLD = "Nehalem"
HELD = {"blas": "Haswell", "numpy": "X86_V3", "torch": "AVX2", "variables": {}}

blas = machine.libraries(torch_too=False)["blas"] or {}
holdable = pytest.mark.skipif(
    blas.get("name") != "openblas" or not _multiarray_umath.__cpu_features__.get("AVX2"),
    reason="there is no OpenBLAS on a processor with AVX2",
)


def in_a_process(instructions):
    with processes.process(1, instructions) as executor:
        return executor.submit(isa.in_force).result()


@holdable
def test_the_variables_are_there_before_numpy_is(monkeypatch):
    """OpenBLAS reads its own once, when NumPy loads it."""
    before = dict(os.environ)
    assert in_a_process("avx2")["blas"] == "Haswell"
    monkeypatch.setitem(isa.VARIABLES["avx2"], "OPENBLAS_CORETYPE", OLD)
    assert in_a_process("avx2")["blas"] == OLD
    assert dict(os.environ) == before


@holdable
def test_numpys_own_loops_are_held_too():
    assert in_a_process("avx2")["numpy"] in ("X86_V3", "AVX2")


@holdable
def test_a_users_own_variable_holds_unless_a_run_sets_it(monkeypatch):
    for name in isa.VARIABLES["avx2"]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENBLAS_CORETYPE", OLD)
    found = in_a_process("native")
    assert (found["blas"], found["variables"]) == (OLD, {"OPENBLAS_CORETYPE": OLD})
    found = in_a_process("avx2")
    assert (found["blas"], found["variables"]) == ("Haswell", isa.VARIABLES["avx2"])


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    """The folder of a small run that was held to AVX2."""
    out = tmp_path_factory.mktemp("held")
    assert main([*SMALL, "--isa", "avx2", "--out", str(out)]) == 0
    return out


@holdable
@pytest.mark.parametrize("threads", ["1", "2"])
def test_a_run_stores_what_its_processes_read_back(threads, tmp_path, capsys):
    if int(threads) > machine.cores():
        pytest.skip("there are fewer cores")
    assert main([*SMALL, "--isa", "avx2", "--threads", threads, "--out", str(tmp_path)]) == 0
    environment = json.loads((tmp_path / records.ENVIRONMENT).read_text())
    assert environment["options"]["isa"] == "avx2"
    assert environment["blas"]["kernels"] == "Haswell"
    found = environment["kernels"]
    assert (found["blas"], found["torch"], found["variables"]) == ("Haswell", "AVX2", isa.VARIABLES["avx2"])
    assert ", float32, AVX2 only; OpenBLAS" in capsys.readouterr().out.replace("\n", " ")
    page = (tmp_path / records.README).read_text(encoding="utf-8")
    assert ", float32, AVX2 only; OpenBLAS" in page
    assert "NumPy and torch were held to AVX2." in page


@holdable
def test_every_process_of_a_run_is_held(tmp_path, monkeypatch):
    """Those that measure, that of the definition, and that of the ceilings."""
    process, started = processes.process, []

    def noting(threads, *instructions):
        started.append(instructions)
        return process(threads, *instructions)

    monkeypatch.setattr("convnotes.benchmark.measuring.workers.process", noting)
    assert main([*SMALL, "--isa", "avx2", "--out", str(tmp_path)]) == 0
    # Two workers, and one process for each of the three ceilings.
    assert started == [("avx2",)] * 5


@holdable
def test_a_run_goes_on_with_the_same_alone(held):
    now = json.loads((held / records.ENVIRONMENT).read_text())
    assert environments.read(held, now) == now
    sentence = r"^--resume must go on with the same --isa as the unfinished run, 'avx2', got 'native'$"
    with pytest.raises(Refused, match=sentence):
        environments.read(held, now | {"options": now["options"] | {"isa": "native"}})
    with pytest.raises(Refused, match=r"^--resume must go on with the same kernels as the unfinished run"):
        environments.read(held, now | {"kernels": now["kernels"] | {"variables": {}}})


def refused(capsys, out):
    assert main([*SMALL, "--isa", "avx2", "--out", str(out)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert not list(out.iterdir())
    return printed.err


@holdable
def test_a_blas_that_does_not_obey_is_never_stored_as_if_it_had(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(isa.VARIABLES["avx2"], "OPENBLAS_CORETYPE", OLD)
    sentence = f"--isa must be one that NumPy's BLAS obeys, got 'avx2': it uses {OLD} instead of Haswell"
    assert sentence in refused(capsys, tmp_path)


def test_a_processor_without_it_is_told_before_anything_starts(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(_multiarray_umath.__cpu_features__, "AVX2", False)
    monkeypatch.setattr(processes, "process", None)
    assert "--isa must be native on a processor without AVX2, got 'avx2'" in refused(capsys, tmp_path)
    monkeypatch.delitem(_multiarray_umath.__cpu_features__, "AVX2")  # as on Arm
    assert "--isa must be native on a processor without AVX2, got 'avx2'" in refused(capsys, tmp_path)
    isa.refuse_lacking("native")


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        ({"blas": "SkylakeX"}, "NumPy's BLAS obeys, got 'avx2': it uses SkylakeX instead of Haswell"),
        ({"blas": None}, "NumPy's BLAS obeys, got 'avx2': it does not say that it uses Haswell"),
        ({"numpy": "X86_V4"}, "NumPy obeys, got 'avx2': it uses X86_V4 instead of X86_V3"),
        ({"torch": "AVX512"}, "torch obeys, got 'avx2': it uses AVX512 instead of AVX2"),
    ],
)
def test_what_is_read_back_must_be_what_was_asked_for(found, sentence):
    with pytest.raises(Refused, match=f"^--isa must be one that {sentence}$") as refusal:
        isa.refuse_disobeyed("avx2", HELD | found)
    assert refusal.value.code == 2
    isa.refuse_disobeyed("native", HELD | found)


def test_what_is_read_back_may_lack_a_torch_that_is_not_measured():
    isa.refuse_disobeyed("avx2", HELD | {"torch": None})
    isa.refuse_disobeyed("avx2", HELD | {"numpy": "AVX2"})


def line(options=(), **facts):
    return provenance.line({**ENVIRONMENT, "options": ENVIRONMENT["options"] | dict(options), **facts})


def test_the_line_of_provenance_says_what_held_the_libraries():
    assert line({"isa": "native"}, kernels=HELD) == line()
    by_user = line(kernels=HELD | {"variables": {"ATEN_CPU_CAPABILITY": "avx2"}})
    assert by_user == line().replace(", float32;", ", float32, ATEN_CPU_CAPABILITY=avx2;")
    by_run = line({"isa": "avx2"}, kernels=HELD | {"variables": isa.VARIABLES["avx2"]})
    assert by_run == line().replace(", float32;", ", float32, AVX2 only;")
