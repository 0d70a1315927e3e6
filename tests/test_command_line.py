"""The command line as a user meets it: a whole small run, and refusals of one line that leave earlier results alone."""

import json
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
import torch

import convnotes
import patience
from convnotes.benchmark import Refused
from convnotes.benchmark.__main__ import main
from convnotes.benchmark.commands import parser
from convnotes.benchmark.commands.benchmark import options
from convnotes.benchmark.measuring import processes
from convnotes.benchmark.storing import machine, records
from convnotes.cases import CASES

COMMAND = [sys.executable, "-m", "convnotes.benchmark"]
SMALL = ["--cases", "founding/pool tiling", "--repeats", "3", "--rounds", "2", "--limit", "1000"]


def command(*arguments):
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=patience.SECONDS)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The folder of one small run, and what the run printed."""
    out = tmp_path_factory.mktemp("results") / "small"
    done = command("benchmark", *SMALL, "--out", out)
    assert (done.returncode, done.stderr) == (0, "")
    return out, done.stdout


def test_a_run_measures_every_implementation(results):
    out, printed = results
    frame = pd.read_csv(out / records.MEASUREMENTS)
    assert list(frame.columns) == list(records.COLUMNS)
    assert set(frame["status"]) == {"measured"}
    assert set(frame["device"]) == {"cpu"}
    ceilings = frame[frame["suite"] == "machine"]
    frame = frame[frame["suite"] == "founding"]
    assert len(frame) == 2 * 2 * 3 * len(convnotes.IMPLEMENTATIONS)
    assert (frame.groupby(["operation", "implementation", "round"]).size() == 3).all()
    assert set(frame["round"]) == set(ceilings["round"]) == {0, 1}
    assert set(zip(ceilings["case"], ceilings["operation"], ceilings["implementation"])) == {
        ("ceiling", "matrix product", "numpy"),
        ("ceiling", "copy", "numpy"),
        ("gauge", "Python loop", "python"),
    }
    assert (ceilings["seconds"] > 0).all()
    assert set(frame["implementation"]) == set(convnotes.IMPLEMENTATIONS)
    assert set(frame["operation"]) == {"max_pool2d", "max_pool2d_grad_input"}
    assert (frame["seconds"] > 0).all()
    assert re.search(r"^founding/pool tiling, batch \d+\n  max_pool2d  ", printed, re.M)
    assert {"README.md", records.SUMMARY, "environment.json", "overview.png", "founding.md", "reading.md"} <= set(
        contents(out)
    )
    assert not (out / records.UNFINISHED).exists()


def test_the_environment_names_the_libraries_but_no_place(results):
    out, _ = results
    environment = json.loads((out / "environment.json").read_text())
    assert environment["threads"] == environment["torch_threads"] == 1
    assert environment["blas"] is None or environment["blas"]["threads"] == 1
    assert environment["gpu"] is None or isinstance(environment["gpu"], str)
    assert set(environment["load"]) == {"before", "after", "others"}
    (session,) = environment["sessions"]
    if Path("/proc/stat").exists():
        assert session["others"] == environment["load"]["others"] >= 0
    assert str(out) not in (out / "environment.json").read_text()


def test_plot_rebuilds_the_report_and_imports_no_operation(results, tmp_path):
    out, _ = results
    for name in (records.MEASUREMENTS, "environment.json"):
        (tmp_path / name).write_bytes((out / name).read_bytes())
    code = (
        "import sys; from convnotes.benchmark.__main__ import main; code = main(['plot', '--out', sys.argv[1]]);"
        "loaded = {'torch', *(f'convnotes.{name}' for name in ('naive', 'matmul', 'fast', 'reference'))};"
        "print(sorted(loaded & set(sys.modules)), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path], capture_output=True, text=True, timeout=patience.SECONDS
    )
    assert (done.returncode, done.stderr) == (0, "[]\n")
    drawn = {name: content for name, content in contents(tmp_path).items() if name.endswith(".svg")}
    assert set(drawn) == {f"{figure}.svg" for figure in records.FIGURES if (out / f"{figure}.png").exists()}
    assert contents(tmp_path) == contents(out) | drawn


def test_a_backend_that_does_not_exist_is_not_asked(results, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "nonsense")
    done = command("plot", "--out", results[0])
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("arguments", [["--help"], ["benchmark", "--help"], ["plot", "--help"]])
def test_help_is_given_at_once(arguments):
    code = (
        "import sys; from convnotes.benchmark.__main__ import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit as end: print(end.code, {'numpy', 'torch', 'pandas', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=patience.SECONDS
    )
    assert done.stdout.endswith("0 set()\n")
    assert done.stdout.startswith("usage: convnotes")


def listed(capsys, *arguments):
    assert main(["benchmark", "--list", *arguments]) == 0
    return capsys.readouterr().out.splitlines()


def test_the_cases_chosen_are_listed(capsys):
    assert listed(capsys) == [case.name for case in CASES]
    pools = ["lenet5/pool1", "lenet5/pool2"]
    assert listed(capsys, "--cases", "ops/bias,lenet5/pool*") == [*pools, "ops/bias"]
    assert listed(capsys, "--cases", "ops/bias", "--cases", "lenet5/pool*") == [*pools, "ops/bias"]
    assert listed(capsys, "--cases", "lenet5/*", "--operations", "avg_pool2d", "--threads", "1") == pools
    assert 0 < len(listed(capsys, "--quick")) < len(CASES)


def test_the_version_is_shown(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"convnotes {convnotes.__version__}\n"


def test_a_batch_must_fit_in_the_memory_that_there_is(monkeypatch, capsys):
    arguments = "--cases", "lenet5/pool1", "--batch", "1000"
    # 6 x 28 x 28 and 6 x 14 x 14 entries for each image, in float64 and twice in float32
    needed = 1000 * (6 * 28 * 28 + 6 * 14 * 14) * 16
    for there, code in ((needed, 0), (None, 0), (needed - 1, 2)):
        monkeypatch.setattr(machine, "memory", lambda there=there: there)
        assert main(["benchmark", "--list", *arguments]) == code
    assert "--batch must leave room in the memory of 0.1 GiB, got 1000: lenet5/pool1 needs" in capsys.readouterr().err


def test_a_quick_look_has_its_own_defaults():
    full, quick, mixed = (
        options(parser().parse_args(["benchmark", *arguments]))
        for arguments in ([], ["--quick"], ["--quick", "--repeats", "7", "--limit", "9", "--out", "here"])
    )
    assert (full.rounds, full.repeats, full.limit, full.out.parent) == (4, 3, 2.0, Path("results"))
    assert (quick.rounds, quick.repeats, quick.limit, quick.out) == (2, 3, 0.1, Path("results/quick"))
    assert (mixed.rounds, mixed.repeats, mixed.limit, mixed.out) == (2, 7, 9.0, Path("here"))
    assert quick.implementations == tuple(convnotes.IMPLEMENTATIONS)


COMMANDS = "COMMAND must be one of benchmark, plot, compare, check, template, layers, got"
REFUSALS = [
    ([], f"{COMMANDS} none"),
    (["bench"], f"{COMMANDS} 'bench'; did you mean benchmark?"),
    (["measure"], f"{COMMANDS} 'measure' (see convnotes --help)"),
    (["--quick"], "'--quick' is no option of convnotes; did you mean convnotes benchmark --quick?"),
    (["--versoin"], "'--versoin' is no option of convnotes; did you mean --version?"),
    (["plot", "--cases=x"], "'--cases' is no option of convnotes plot; did you mean convnotes benchmark --cases?"),
    (["plot", "a", "b"], "'b' is one argument too many; it takes one FOLDER"),
    (["plot", "a", "--out", "b"], "FOLDER must be the same as --out, which can be left out, got 'a'"),
    (["plot", "nowhere"], "FOLDER must hold measurements.csv.gz of an earlier `convnotes benchmark`, got 'nowhere'"),
    (["plot", "n" * 300], "FOLDER must hold measurements.csv.gz of an earlier `convnotes benchmark`, got 'nnn"),
    (["plot", ""], "FOLDER must name a place, such as . for the current folder, got ''"),
    (["compare", "a", "b", "--all", "c"], "'c' is one argument too many; it takes all its folders side by side"),
    (["compare"], "the following arguments are required: FOLDER"),
    (["compare", "a"], "FOLDER must be given for two runs at least, got one, 'a'"),
    (["compare", "a", "b", "./a"], "FOLDER must be another one each time, got 'a' twice"),
    (["compare", "a", "b", "--all"], "--all must be given with --out FOLDER, which its pages are written to"),
    (["template", "a.py", "b.py"], "'a.py' is one argument too many; see convnotes template --help"),
    (["compare", "n" * 300, "b"], "FOLDER must hold measurements.csv.gz of an earlier `convnotes benchmark`, got 'nnn"),
    (["benchmark", "lenet5/*"], "'lenet5/*' is one argument too many; --cases lenet5/* chooses cases"),
    (["benchmark", "--quik"], "'--quik' is no option of convnotes benchmark; did you mean --quick?"),
    (["benchmark", "--xyz"], "'--xyz' is no option of convnotes benchmark (see convnotes benchmark --help)"),
    (["benchmark", "--case", "founding/bias"], "'--case' is no option of convnotes benchmark; did you mean --cases?"),
    (["benchmark", "--threads"], "--threads expected one argument"),
    (["benchmark", "--threads", "0"], "--threads must be a whole number of at least 1, got '0'"),
    (["benchmark", "--threads", "1.5"], "--threads must be a whole number of at least 1, got '1.5'"),
    (["benchmark", "--threads", "100000"], "--threads must be at most"),
    (["benchmark", "--repeats", "0"], "--repeats must be a whole number of at least 1, got '0'"),
    (["benchmark", "--rounds", "0"], "--rounds must be a whole number of at least 1, got '0'"),
    (
        ["benchmark", "--suite", "resnet"],
        "--suite must be names of founding, scaling, networks, modern, ops, got 'resnet'",
    ),
    (["benchmark", "--suite", "network"], "got 'network'; did you mean networks?"),
    (["benchmark", "--rounds", "1000000000"], "--rounds must be a whole number of at most 1000, got '1000000000'"),
    (["benchmark", "--repeats", "9" * 5000], "--repeats must be a whole number of at least 1, got '999"),
    (
        ["benchmark", "--cases", "lenet5/pool1", "--batch", "100000000"],
        "got 100000000: lenet5/pool1 needs 8761.9 GiB",
    ),
    (["benchmark", "--out", ""], "--out must name a place, such as . for the current folder, got ''"),
    (["benchmark", "--out", "n" * 300], "(File name too long)"),
    (["benchmark", "--cases", ""], "--cases must be patterns with a comma between, 'lenet5/*,ops/*', got ''"),
    (["benchmark", "--cases", "ops/*,"], "--cases must be patterns with a comma between"),
    (["benchmark", "--cases", "lenet/*"], "got 'lenet/*'; did you mean lenet5/*?"),
    (["benchmark", "--cases", "ops/*,vgg/conv1_1"], "got 'vgg/conv1_1'; did you mean vgg16/conv1_1?"),
    (["benchmark", "--cases", "ops/*", "--cases", "?"], "got '?'; --list prints them all"),
    (
        ["benchmark", "--implementations", "torhc"],
        "'torhc' is none of naive, matmul, fast, torch, jax, onnxruntime, openvino, mygrad, autograd, scipy, "
        "and no module of that name is found; did you mean torch?",
    ),
    (["benchmark", "--suite", "ops", "--cases", "vgg16/*"], "--cases must match a case of ops/*, got 'vgg16/*'"),
    (["benchmark", "--suite", "ops", "--batch", "2"], "--batch must be given with layers of networks, "),
    (["benchmark", "--device", "gpu"], "--device must be cpu or cuda, got 'gpu'"),
    (["benchmark", "--device", "cuda", "--implementations", "naive"], "--implementations must be torch with --device"),
    (["benchmark", "--isa", "avx"], "--isa must be native or avx2, got 'avx'; did you mean avx2?"),
    (["benchmark", "--isa", ""], "--isa must be native or avx2, got ''"),
    (["benchmark", "--batch", "none"], "--batch must be a whole number of at least 1, got 'none'"),
    (["benchmark", "--limit", "-1"], "--limit must be a number of seconds above 0, got '-1'"),
    (["benchmark", "--limit", "inf"], "--limit must be a number of seconds above 0, got 'inf'"),
    (["benchmark", "--dtype", "float16"], "--dtype must be float32 or float64, got 'float16'"),
    (["benchmark", "--cases", "resnet"], "--cases must match a case of founding/*, "),
    (["benchmark", "--operations", "conv2d,conv3d"], "--operations must be names of conv2d, "),
    (["benchmark", "--operations", "conv2d", "--cases", "founding/bias"], "--operations must be some of bias_add, "),
    (["benchmark", "--implementations", ""], "--implementations must be implementations, but an implementation must"),
    (
        ["benchmark", "--implementations", "./no.py"],
        "--implementations must be implementations, but './no.py' is no file",
    ),
    (["benchmark", "--implementations", "fast,torch,fast"], "must have labels that differ, got 'fast' twice"),
    (
        ["benchmark", "--implementations", "a=matmul,a=naive"],
        "must have labels that differ, got 'a' twice; name one of them, as in other=naive",
    ),
]


@pytest.mark.parametrize(
    ("arguments", "sentence"), REFUSALS, ids=lambda value: "_".join(value)[:40] if isinstance(value, list) else ""
)
def test_a_wrong_option_is_refused_in_one_line(arguments, sentence, results, capsys):
    out, _ = results
    before = contents(out)
    if arguments[:1] == ["benchmark"] and "--out" not in arguments:
        arguments = [*arguments[:1], "--out", str(out), *arguments[1:]]
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("convnotes")
    assert sentence in printed.err
    assert printed.err.count("\n") == 1
    assert contents(out) == before
    assert len(printed.err) < 500


def test_a_refusal_leaves_the_process_without_a_traceback():
    done = command("benchmark", "--cases", "resnet")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1


def refused(capsys, *arguments):
    assert main([*map(str, arguments)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    return printed.err


@pytest.mark.parametrize("name", ["benchmark", "plot"])
def test_a_folder_that_cannot_be_is_refused_before_anything_is_measured(name, tmp_path, capsys):
    file = tmp_path / "file"
    file.write_text("kept")
    for out in (file, file / "below", "/proc/convnotes"):
        assert f"--out must {'hold' if name == 'plot' else 'be'}" in refused(capsys, name, "--out", out)
    assert contents(tmp_path) == {"file": b"kept"}


def test_files_of_another_origin_are_not_replaced(tmp_path, capsys):
    (tmp_path / "README.md").write_text("my project")
    assert "README.md of another origin" in refused(capsys, "benchmark", *SMALL, "--out", tmp_path)
    assert contents(tmp_path) == {"README.md": b"my project"}


def test_a_folder_in_a_results_place_is_refused(tmp_path, capsys):
    (tmp_path / "ratio.png").mkdir()
    assert "ratio.png is not a folder" in refused(capsys, "benchmark", *SMALL, "--out", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["ratio.png"]


def test_plot_refuses_damaged_measurements_and_leaves_the_rest(results, tmp_path, capsys):
    for name, content in contents(results[0]).items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / records.MEASUREMENTS).write_bytes(b"\xff\xfe,\n")
    before = contents(tmp_path)
    assert "where measurements.csv.gz is no gzip file" in refused(capsys, "plot", "--out", tmp_path)
    assert contents(tmp_path) == before


def test_whatever_is_registered_is_measured(tmp_path, monkeypatch, capsys, implementations):
    folder, out = tmp_path / "modules", tmp_path / "out"
    folder.mkdir()
    (folder / "twofold.py").write_text("from convnotes.matmul import *\n")
    (folder / "astray.py").write_text(
        "from convnotes import matmul\ndef bias_add(input, bias): return matmul.bias_add(input, 2 * bias)\n"
    )
    monkeypatch.syspath_prepend(folder)
    for name in ("twofold", "astray"):
        implementations[name] = name
    del implementations["torch"]
    assert main(["benchmark", "--cases", "founding/bias", "--rounds", "1", "--out", str(out)]) == 1
    status = pd.read_csv(out / records.SUMMARY).set_index(["operation", "implementation"])["status"]
    assert status["bias_add", "twofold"] == status["bias_grad", "twofold"] == "measured"
    assert status["bias_add", "astray"] == "wrong"
    assert status["bias_grad", "astray"] == "failed"
    assert "astray: bias_add of founding/bias: wrong" in capsys.readouterr().out


def test_an_interrupted_run_leaves_earlier_results_alone(results, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(results[0], out)
    before = contents(out)
    arguments = [*COMMAND, "benchmark", "--out", str(out)]
    running = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True, start_new_session=True)
    while not (out / records.UNFINISHED / records.PLAIN).exists() and running.poll() is None:
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGINT)  # as Ctrl-C does, to the workers too
    _, errors = running.communicate(timeout=patience.SECONDS)
    assert running.returncode == 130
    sentence = "interrupted, earlier results are unchanged; --resume goes on with what is missing\n"
    assert errors == f"convnotes benchmark: {sentence}"
    shutil.rmtree(out / records.UNFINISHED)
    assert contents(out) == before


def test_without_a_gpu_cuda_is_refused(tmp_path, capsys):
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    assert "--device must be cpu where torch finds no GPU, got 'cuda'" in refused(
        capsys, "benchmark", *SMALL, "--device", "cuda", "--out", tmp_path / "out"
    )
    assert not contents(tmp_path)


def _wait_for_nothing():
    time.sleep(2 * patience.SECONDS)


def _leave_a_worker(path):
    with processes.process(1) as executor:
        Path(path).write_text(str(executor.submit(os.getpid).result()))
        executor.submit(_wait_for_nothing)
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_ends_with_a_parent_that_is_killed(tmp_path):
    parent = multiprocessing.get_context("spawn").Process(target=_leave_a_worker, args=[tmp_path / "pid"])
    parent.start()
    parent.join()
    state = Path("/proc", (tmp_path / "pid").read_text(), "stat")

    def ended():
        try:
            return state.read_text().split()[2] == "Z"
        except (FileNotFoundError, ProcessLookupError):
            return True

    patience.until(ended)


def _variables():
    return {name: os.environ[name] for name in processes.VARIABLES}


def test_a_worker_has_the_threads_it_was_given():
    before = dict(os.environ)
    with processes.process(1) as executor:
        assert executor.submit(_variables).result() == dict.fromkeys(processes.VARIABLES, "1")
    assert dict(os.environ) == before


def test_an_interrupt_ends_the_worker_in_the_middle_of_its_work():
    works = []

    def interrupt():
        with processes.process(1) as executor:
            works.append(executor.submit(time.sleep, 2 * patience.SECONDS))
            while not works[0].running():
                time.sleep(0.01)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert works[0].exception() is not None


def test_an_interrupt_that_another_thread_takes_waits_until_a_worker_has_started(monkeypatch):
    """A thread with an open ear for it, such as those of a library or of an executor, in the moment of a start."""
    ended, started = threading.Event(), []
    thread = threading.Thread(target=ended.wait)
    thread.start()
    submit = ProcessPoolExecutor.submit

    def interrupted(self, function):
        signal.pthread_kill(thread.ident, signal.SIGINT)
        found = submit(self, function)
        started.append(found.result())
        return found

    monkeypatch.setattr(ProcessPoolExecutor, "submit", interrupted)
    try:
        with pytest.raises(KeyboardInterrupt), processes.process(1):
            raise AssertionError("the interrupt was lost")
    finally:
        ended.set()
        thread.join()
    assert started


def test_a_worker_that_dies_is_told_in_one_sentence():
    message = "a worker process ended before its time"
    with pytest.raises(Refused, match=message) as refusal, processes.process(1) as executor:
        executor.submit(os._exit, 1).result()
    assert refusal.value.code == 1
