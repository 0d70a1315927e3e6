"""`convnotes check`: anybody's code is proven or refused, and whatever it does is an answer about it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import patience
from convnotes import IMPLEMENTATIONS, OPERATIONS
from convnotes.benchmark.__main__ import main
from convnotes.benchmark.commands import check as check_command
from convnotes.proof import subjects
from convnotes.proof.rules import KINDS

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture
def check(capsys, tmp_path, monkeypatch):
    """Check a file with some code; returns the exit code, what was printed, and what was complained of."""
    monkeypatch.chdir(tmp_path)

    def run(code, *options):
        Path("mine.py").write_text(code)
        returned = main(["check", "mine.py", *options])
        return returned, *capsys.readouterr()

    return run


def row(printed: str, operation: str) -> list[str]:
    """The cells of an operation's row."""
    (line,) = [line for line in printed.splitlines() if line.split()[:1] == [operation]]
    return line.split()[1:]


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_ours_keep_all_rules(name, capsys):
    assert main(["check", name, "--examples", "2"]) == 0
    printed = capsys.readouterr().out
    assert f"{name} keeps all " in printed
    assert " rules of 14 operations" in printed
    assert max(map(len, printed.splitlines())) <= 80
    assert len(printed.splitlines()) <= 25


def test_a_template_offers_nothing_and_has_the_definitions_docstrings(check, capsys):
    assert main(["template"]) == 0
    text = capsys.readouterr().out
    code, printed, _ = check(text)
    assert code == 0
    assert printed.count("not offered") == len(OPERATIONS) == 14
    assert "mine offers nothing yet." in printed
    from convnotes import naive

    module: dict = {}
    exec(text, module)
    for operation in OPERATIONS:
        whole = getattr(naive, operation).__doc__.split("\n\nRaises\n")
        assert len(whole) == 2
        assert module[operation].__doc__.split() == whole[0].split()


def test_a_template_never_replaces_what_is_written(tmp_path, capsys):
    path = tmp_path / "mine.py"
    assert main(["template", "--out", str(path)]) == 0
    assert capsys.readouterr().out == f"Written to {path}\n"
    assert main(["template"]) == 0
    assert capsys.readouterr().out == path.read_text()
    path.write_text("my work")
    assert main(["template", "--out", str(path)]) == 2
    assert "--out must be a new file, got " in capsys.readouterr().err
    assert path.read_text() == "my work"


def test_the_kinds_that_can_be_chosen_are_those_there_are():
    assert check_command.RULES == KINDS


BIAS = "import numpy as np\nfrom convnotes import naive\n"


def test_what_is_offered_is_asked_and_nothing_else(check):
    code, printed, _ = check(f"{BIAS}conv2d = naive.conv2d\n", "--examples", "2")
    assert code == 0
    assert printed.count("not offered") == 13
    assert check(f"{BIAS}conv2d = naive.conv2d\n", "--examples", "2", "--strict")[0] == 1


def test_a_parameter_that_is_lacking_is_not_offered(check):
    code = "def conv2d(input, weight):\n    return naive.conv2d(input, weight)\n"
    assert check(BIAS + code, "--examples", "3", "--operations", "conv2d")[0] == 0


def test_a_decorated_function_is_not_asked_about_what_it_lacks(check):
    code = "def plain(input, weight, stride=1):\n    return naive.conv2d(input, weight, None, stride)\n"
    code += "def conv2d(*args, **options):\n    return plain(*args, **options)\n"
    assert check(BIAS + code, "--examples", "3")[0] == 0


def test_names_of_parameters_that_are_others_are_said(check):
    code, printed, _ = check("def conv2d(x, w):\n    pass\n")
    assert code == 0
    assert "conv2d is not asked: it has no parameter input and weight, but w and x" in printed


def test_nothing_is_left_in_the_folder(check, tmp_path):
    check(f"{BIAS}bias_add = naive.bias_add\n", "--examples", "2")
    assert {one.name for one in tmp_path.iterdir()} <= {"mine.py", "__pycache__"}


def test_only_some_kinds_are_asked(check):
    wide = "def bias_add(input, bias):\n    return naive.bias_add(input, bias).astype(float)\n"
    assert check(BIAS + wide, "--only", "values,finite")[0] == 0
    code, printed, _ = check(BIAS + wide)
    assert code == 1
    assert "bias_add, arrays: float32 stays float32 and float64 stays float64" in printed


# What an implementation may do to its process, and what is said of it.
LOSSES = {
    "import os\n    os.abort()": "came      the process was ended by SIGABRT",
    "import os\n    os._exit(3)": "came      the process ended with exit code 3",
    "while True: pass": "came      no answer within 5 s",
    "import sys\n    sys.exit(4)": "came      SystemExit: 4",
    "raise KeyboardInterrupt": "came      KeyboardInterrupt",
    "raise MemoryError": "came      MemoryError",
    "return [1.0]": "came      a list",
    "return None": "came      a NoneType",
    "return np.ones(3, object)": "came      an array of dtype object",
    "return np.matrix([1.0])": "came      a matrix",
    "class Odd(Exception):\n        def __init__(self, a, b): pass\n    raise Odd(1, 2)": "came      Odd: (1, 2)",
    "class Odd(Exception):\n        def __str__(self): raise ValueError\n    raise Odd": "came      Odd: a text that",
    "raise ValueError('\\x1b[2J')": "came      ValueError: ?[2J",
    "import os\n    os.kill(os.getpid(), 40)": "came      the process was ended by signal 40",
    "return np.broadcast_to(0.0, (10**6, 10**6))": "came      an array of shape (1000000, 1000000)",
    "np.array = lambda *_: 'text'\n    return np.ones(3)": "came      an answer that cannot be read",
}


@pytest.mark.parametrize(("body", "said"), LOSSES.items())
def test_whatever_a_function_does_is_an_answer_about_it(check, body, said):
    other = "def bias_add(input, bias):\n    return naive.bias_add(input, bias)\n"
    code, printed, _ = check(
        f"{BIAS}def bias_grad(grad_output):\n    {body}\n{other}", "--limit", "5", "--examples", "3"
    )
    assert code == 1
    assert said in printed
    assert row(printed, "bias_grad")[0] == "BROKEN"
    assert "BROKEN" not in row(printed, "bias_add"), "the check went on"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems know no such bound")
def test_all_memory_is_too_much(check):
    code = "def bias_grad(grad_output):\n    return [np.empty(2**27) for _ in range(10**6)]\n"
    returned, printed, _ = check(BIAS + code, "--examples", "1", "--only", "values")
    assert returned == 1
    assert "came      MemoryError" in printed


def test_what_it_prints_goes_nowhere(check):
    code = "import os, sys\nprint('at import')\nos.system('echo from a shell')\n"
    code += (
        "def bias_grad(grad_output):\n    print('called'); print('called', file=sys.stderr); os.write(1, b'called')\n"
    )
    returned, printed, complained = check(f"{BIAS}{code}    return naive.bias_grad(grad_output)\n", "--examples", "3")
    assert returned == 0
    assert "import" not in printed
    assert "called" not in printed + complained
    assert "shell" not in printed + complained


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def f(:\n", "SyntaxError"),
        ("raise SystemExit(7)\n", "SystemExit: 7"),
        ("import os; os.abort()\n", "the process was ended by SIGABRT"),
        ("while True: pass\n", "is not loaded within 2 s"),
        ("import no_such_module_anywhere\n", "ModuleNotFoundError"),
    ],
)
def test_what_cannot_be_loaded_is_refused_in_one_sentence(check, code, said, monkeypatch):
    if code.startswith("while"):
        monkeypatch.setattr(subjects, "LOADING", 2.0)
    returned, printed, complained = check(code, "--limit", "2")
    assert (returned, printed) == (2, "")
    assert complained.startswith("convnotes check: IMPLEMENTATION 'mine.py' ")
    assert said in complained
    assert complained.count("\n") == 1


def test_a_limit_may_be_longer_than_any_clock(check):
    assert check(f"{BIAS}bias_grad = naive.bias_grad\n", "--limit", "1e300", "--only", "values")[0] == 0


def test_what_is_not_there_is_refused(capsys):
    assert main(["check", "nowhere.py"]) == 2
    assert capsys.readouterr().err == "convnotes check: IMPLEMENTATION 'nowhere.py' is no file\n"


def test_a_check_can_be_interrupted(tmp_path):
    """And leaves no process behind; a Ctrl-C reaches all of them."""
    (tmp_path / "mine.py").write_text("def bias_grad(grad_output):\n    while True: pass\n")
    command = [sys.executable, "-m", "convnotes.benchmark", "check", "mine.py"]
    running = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True)
    group = Path(f"/proc/{running.pid}/task/{running.pid}/children")
    patience.until(lambda: running.poll() is not None or len(group.read_text().split()) >= 2)
    os.killpg(running.pid, 2)
    _, complained = running.communicate(timeout=patience.SECONDS)
    assert (running.returncode, complained) == (130, "convnotes check: interrupted\n")

    def alone():
        try:
            os.killpg(running.pid, 0)
        except ProcessLookupError:
            return True
        return False

    patience.until(alone)


# What FACTS of the field say of the founding notebook, as the rules that find it.
FOUNDING = {
    "conv2d_grad_input": "a stride that leaves a remainder",
    "conv2d_grad_weight": "a stride that leaves a remainder",
    "max_pool2d_grad_input": "the first of several maxima takes the gradient",
    "local_response_norm": "an odd size",
    "local_response_norm_grad_input": "an odd size",
    "conv2d": "float32 stays float32 and float64 stays float64",
}


def test_the_faults_of_the_founding_notebook_are_found(capsys):
    assert main(["check", str(EXAMPLES / "founding_notebook.py"), "--all"]) == 1
    printed = capsys.readouterr().out
    for operation, says in FOUNDING.items():
        assert f"\n{operation}, " in printed
        assert any(line.startswith(f"{operation}, ") and says[:20] in line for line in printed.splitlines()), operation
    # Of an even size its window is torch's; its forward values and its bias are right, but for what nobody refused.
    assert "local_response_norm, values: an even size" not in printed
    assert row(printed, "conv2d")[0].isdigit()
    assert row(printed, "bias_add")[0].isdigit()
    assert "bias must have shape (3,)" in printed


def test_the_example_with_numba_keeps_all_rules(capsys):
    assert main(["check", str(EXAMPLES / "numba_conv.py"), "--examples", "5"]) == 0
    assert "numba_conv keeps all " in capsys.readouterr().out
