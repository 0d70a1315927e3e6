"""Implementations by name, module and path: what is meant, what is refused, and in which words."""

import hashlib

import pytest

from convnotes import IMPLEMENTATIONS, OPERATIONS, fast, implementations, naive
from convnotes.implementations import Implementation, LoadError, find, offers


def test_a_registered_name_is_itself():
    for name in IMPLEMENTATIONS:
        assert find(name) == Implementation(name, name)
        assert find(name).is_ours
        assert find(name).origin() == {}


def test_a_path_is_a_file_with_its_folder_to_import_from(tmp_path):
    path = tmp_path / "my conv.py"
    (tmp_path / "beside_my_conv.py").write_text("VALUE = 3\n")
    path.write_text("from beside_my_conv import VALUE\ndef conv2d(input, weight):\n    return VALUE\n")
    found = find(f"./{path}" if not path.is_absolute() else str(path))
    assert found.label == "my_conv"
    assert found.load().conv2d(1, 2) == 3
    assert found.origin() == {"source": "my conv.py", "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def test_a_file_may_be_called_as_one_of_ours_is(tmp_path):
    (tmp_path / "naive.py").write_text("")
    assert find(str(tmp_path / "naive.py")).label == "naive.py"


def test_a_label_is_given_before_a_sign():
    assert find("mine=convnotes.fast") == Implementation("mine", "convnotes.fast")
    assert find("mine=convnotes.fast").load() is fast


def test_a_module_has_the_version_of_its_distribution():
    assert find("numpy").origin()["version"].startswith("numpy ")


def test_a_module_is_found_without_a_run_of_the_packages_around_it(tmp_path, monkeypatch):
    (tmp_path / "around" / "inner").mkdir(parents=True)
    for folder in ("around", "around/inner"):
        (tmp_path / folder / "__init__.py").write_text("raise SystemExit('run')\n")
    (tmp_path / "around" / "inner" / "conv.py").write_text("VALUE = 3\n")
    monkeypatch.syspath_prepend(tmp_path)
    found = find("around.inner.conv")
    assert found.label == "around.inner.conv"
    assert found.path() == tmp_path / "around" / "inner" / "conv.py"
    with pytest.raises(LoadError, match="SystemExit: run"):
        found.load()
    with pytest.raises(LoadError, match="no module of that name is found"):
        find("around.inner.nothing")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "must be a name, a module or the path of a .py file, got ''"),
        (
            "fsat",
            "'fsat' is none of naive, matmul, fast, torch, jax, onnxruntime, openvino, mygrad, autograd, scipy, "
            "and no module of that name is found; did you mean fast?",
        ),
        ("./nowhere.py", "'./nowhere.py' is no file"),
        ("a/b", "the path of a file ends in .py"),
        ("no.such.module", "no module of that name is found"),
        ("two words", "no module of that name is found"),
        ("a|b=fast", "a label must be at most 30 letters, digits and _.+-, got 'a|b'"),
        ("fast=matmul", "a label must be none of naive, matmul, fast, torch unless it is that, got 'fast'"),
        ("x" * 300, "xxx' is none of"),
    ],
)
def test_what_is_not_there_is_refused(text, words):
    with pytest.raises(LoadError) as refusal:
        find(text)
    assert words in str(refusal.value)
    assert len(str(refusal.value)) < 200


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("def f(:\n", "SyntaxError"),
        ("import nothing_of_that_name\n", "ModuleNotFoundError: No module named 'nothing_of_that_name'"),
        ("raise SystemExit(3)\n", "SystemExit: 3"),
        ("raise KeyboardInterrupt\n", "KeyboardInterrupt"),
        ("\0", "SyntaxError"),
    ],
)
def test_what_cannot_be_loaded_says_why_in_a_sentence(tmp_path, code, words):
    path = tmp_path / "broken.py"
    path.write_text(code)
    with pytest.raises(LoadError) as refusal:
        find(str(path)).load()
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_what_a_module_offers():
    assert all(offers(naive, operation) for operation in OPERATIONS)
    assert offers(naive, "conv2d", ["groups", "dilation"])
    assert not offers(naive, "conv2d", ["ties"])
    assert not offers(implementations, "conv2d")
