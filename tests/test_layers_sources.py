"""Where networks come from: files and modules of other people, and whatever they do ends in a sentence."""

import subprocess
import sys
from collections import Counter

import pytest
import torch

from convnotes.layers import LayersError, sources
from convnotes.layers.command import input_size, layers
from convnotes.layers.reading import parse
from convnotes.layers.trace_torch import trace
from test_house import ROOT

NETWORKS = """
import os, sys
import torch
from torch import nn
print("imported")
os.write(1, b"imported too\\n")

class Net(nn.Module):
    def __init__(self, C=3):
        super().__init__()
        print("made")
        self.conv = nn.Conv2d(C, 4, 3)
    def forward(self, x):
        print("run")
        sys.__stdout__.write("run too")
        return self.conv(x)

def make():
    return Net(3)

class Needy(Net):
    def __init__(self, C, D=1, *, E):
        pass

class Failing(Net):
    def forward(self, x):
        x = self.conv(x)
        raise KeyError("no\\nsuch key")

class Deep(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = nn.Sequential(nn.ReLU(), nn.Linear(5, 5))
    def forward(self, x):
        return self.block(x)

class Unspeakable(Exception):
    def __str__(self):
        raise self

class Silent(Net):
    def forward(self, x):
        raise Unspeakable

class Leaving(Net):
    def forward(self, x):
        sys.exit(3)

def leaving():
    sys.exit("bye")

def broken():
    return 1 / 0

def wrong():
    return {"a": 1}

def many():
    return torch.zeros(2, 2)

def data():
    return nn.Linear(3, 3)

ready = Net()
number = 5
class Holder:
    Inside = Net
torch.set_default_dtype(torch.float64)
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "nets.py"
    path.write_text(NETWORKS)
    return path


@pytest.mark.parametrize("name", ["Net", "make", "ready", "Holder.Inside"])
def test_a_source_is_a_class_a_function_or_a_module(file, name, capfd):
    text, sentence = layers(f"{file}:{name}", (1, 3, 8, 8))
    assert text == "name,operation,N,C_in,H,W,C_out,kernel,times\nconv,conv2d,1,3,8,8,4,3x3,1\n"
    assert sentence == ""
    assert torch.get_default_dtype() == torch.float32
    out, err = capfd.readouterr()
    assert out == "", "what a network prints is no part of the layers"
    assert {"imported", "imported too", "run"} <= set(err.splitlines())


def test_a_network_is_made_with_numbers_of_single_precision(file):
    file.write_text("import torch\ndef make():\n    return torch.nn.Conv2d(3, int(torch.zeros(1).dtype.itemsize), 1)\n")
    torch.set_default_dtype(torch.float64)
    try:
        (layer,) = trace(f"{file}:make", (1, 3, 8, 8)).layers
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
    assert layer.case.output_size == (1, 4, 8, 8)


def test_a_source_is_a_module_of_here_too(file, monkeypatch):
    monkeypatch.chdir(file.parent)
    before = list(sys.path)
    file.rename("my_own_nets.py")
    text, _ = layers("my_own_nets:make", (1, 3, 8, 8))
    assert "conv,conv2d,1,3,8,8" in text
    assert sys.path == before


def test_a_file_imports_what_lies_beside_it(file):
    (file.parent / "beside.py").write_text("from torch import nn\nsize = 3\n")
    file.write_text("import beside\ndef make():\n    import beside\n    return beside.nn.Conv2d(3, 3, beside.size)\n")
    before = list(sys.path)
    assert "conv2d,conv2d,1,3,8,8,3,3x3" in layers(f"{file}:make", (1, 3, 8, 8))[0]
    assert sys.path == before
    assert "__convnotes_source__" not in sys.modules


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("Nett", "has no 'Nett'; did you mean Net?"),
        ("number", "must be a torch.nn.Module or return one, got 5"),
        ("Needy", "must need no arguments, got one that needs C, E; a function that makes the network can give them"),
        ("broken", "fails where it makes the network: ZeroDivisionError: division by zero"),
        ("leaving", "fails where it makes the network: SystemExit: bye"),
        ("wrong", "must return a torch.nn.Module, got dict {'a': 1}"),
        ("many", "must return a torch.nn.Module, got Tensor tensor([[0., 0.],?        [0., 0.]])"),
        ("Failing", "fails in its forward: KeyError: 'no\\nsuch key'"),
        ("Deep", "fails in its layer 'block.1': RuntimeError: "),
        ("Silent", "fails in its forward: Unspeakable"),
        ("Leaving", "fails in its forward: SystemExit: 3"),
        ("data", "fails in its forward: RuntimeError: "),
    ],
)
def test_a_network_that_cannot_be_used_is_refused_in_a_sentence(file, name, fault):
    with pytest.raises(LayersError) as refused:
        layers(f"{file}:{name}", (1, 3, 8, 8))
    assert f"nets.py:{name} {fault}" in str(refused.value) or f"nets.py {fault}" in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1
    assert torch.get_default_dtype() == torch.float32


def test_an_input_of_the_wrong_shape_is_told_with_the_layer_that_refuses_it(file):
    with pytest.raises(LayersError, match=r"fails in its layer 'conv': RuntimeError: .* to have 3 channels"):
        layers(f"{file}:Net", (1, 5, 8, 8))


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("nets", "SOURCE must be module:callable, file.py:callable or file.onnx, got 'nets'"),
        ("", "SOURCE must be module:callable, file.py:callable or file.onnx, got ''"),
        (":make", "SOURCE must be"),
        ("nets.py:", "SOURCE must be"),
        ("none.py:make", "none.py must be a Python file, and there is none"),
        ("no_such_module:make", "no_such_module cannot be imported: ModuleNotFoundError: No module named 'no_such_mo"),
        ("torch.no_such:make", "torch.no_such cannot be imported: ModuleNotFoundError: No module named "),
        (".relative:make", ".relative cannot be imported: TypeError: "),
        ("a\0b.py:make", "'a\\x00b.py' must be a Python file, and there is none"),
        ("a\nb:make", "'a\\nb' cannot be imported: ModuleNotFoundError: No module named 'a\\nb'"),
        ("torch.nn:Conv", "torch.nn has no 'Conv'; did you mean Conv"),
        ("torch.nn:Conv2d", "torch.nn:Conv2d must need no arguments, got one that needs in_channels, out_channels,"),
    ],
)  # fmt: skip
def test_a_source_that_is_none_is_refused(source, fault):
    with pytest.raises(LayersError) as refused:
        layers(source, (1, 3, 8, 8))
    assert str(refused.value).startswith(fault)


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("def (:", r"cannot be imported: SyntaxError: .*nets.py, line 1"),
        ("import no_such_package", r"cannot be imported: ModuleNotFoundError: No module named 'no_such_package'"),
        ("raise RuntimeError('a\\x1bb')", r"cannot be imported: RuntimeError: a\?b"),
        ("import sys; sys.exit(1)", r"cannot be imported: SystemExit: 1"),
        ("x = '\\0", r"cannot be imported: SyntaxError"),
    ],
)
def test_a_file_that_cannot_be_imported_is_refused(file, code, fault):
    file.write_text(code)
    with pytest.raises(LayersError, match=fault):
        layers(f"{file}:make", (1, 3, 8, 8))


def test_ctrl_c_is_no_fault_of_the_network(file):
    file.write_text("def make():\n    raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        trace(f"{file}:make", (1, 3, 8, 8))


def test_a_network_without_layers_is_refused(file):
    file.write_text("from torch import nn\ndef make():\n    return nn.Sequential(nn.ReLU(), nn.ReLU())\n")
    with pytest.raises(LayersError, match=r"make has no layer to measure \(not measured: 2 ReLU\)$"):
        layers(f"{file}:make", (1, 3, 8, 8))


def test_the_file_at_a_path_is_the_text(file, tmp_path):
    path = tmp_path / "layers.csv"
    text, _ = layers(f"{file}:Net", (1, 3, 8, 8), path)
    assert path.read_text() == text
    assert [one.case.output_size for one in parse(text, ".csv", "x")] == [(1, 4, 6, 6)]


def test_an_input_size_is_four_numbers():
    assert input_size("1,3,224,224") == input_size(" 1, 3,224, 224") == (1, 3, 224, 224)
    for text in (
        "",
        "1,3,224",
        "1,3,224,224,1",
        "1,3,-1,5",
        "1,3,0,5",
        "1,0,5,5",
        "1x3x5x5",
        "a",
        "1,3,٣,5",
        "1_0,3,5,5",
    ):
        with pytest.raises(LayersError, match=r"^--input must "):
            input_size(text)
    for text in ("1,3,9999999999,5", "1,3,5," + "9" * 5000):
        with pytest.raises(LayersError, match=r"^--input must "):
            input_size(text)


def test_importing_the_room_loads_nothing_heavy():
    code = "import sys, convnotes.layers, convnotes.layers.command, convnotes.layers.columns; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"numpy", "torch", "onnx", "pandas"} & set(done.stdout.split())
    code = "import sys, convnotes.layers.reading, convnotes.layers.trace_torch; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"torch", "onnx", "pandas"} & set(done.stdout.split())


def test_what_was_printed_before_and_after_stays_where_it_was(capfd):
    print("before")
    with sources.quiet():
        print("between")
        subprocess.run(["echo", "child"], check=True)
    print("after")
    out, err = capfd.readouterr()
    assert out.split() == ["before", "after"]
    assert Counter(err.split()) == {"between": 1, "child": 1}


def test_no_way_of_printing_reaches_what_is_printed_afterwards():
    code = (
        "import os, sys\nfrom convnotes.layers.sources import quiet\nprint('before')\nwith quiet():\n"
        "    print('a')\n    sys.__stdout__.write('b')\n    os.write(1, b'c')\n    os.system('echo d')\nprint('after')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["before", "after"]
    assert sorted(done.stderr.replace("\n", "")) == ["a", "b", "c", "d"]


@pytest.mark.parametrize("closed", ["1", "2"])
def test_a_closed_stream_is_no_hindrance(closed):
    code = "import sys\nfrom convnotes.layers.sources import quiet\nwith quiet():\n    print('a')\nprint('after')"
    command = f'"{sys.executable}" -c "{code}" {closed}>&-'
    done = subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, "a\n" in done.stdout) == (0, False)
