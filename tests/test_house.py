"""The house rules that a reader of the code relies on: who imports whom, and what an import loads."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import convnotes

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "convnotes"

# What each room may import of the project. Everything may import parameters and the package's own names.
BELOW = {f"convnotes.{name}" for name in ("parameters", "annotations", "windows", "arguments", "layout", "wording")}
TEXTS = ("compose", "convolutions", "implementations", "others", "parts")
DOCUMENTATION = {"convnotes.documentation"} | {f"convnotes.documentation.{name}" for name in TEXTS}
BELOW |= {"convnotes"} | DOCUMENTATION
CASES = {f"convnotes.cases.{path.stem}" for path in (PACKAGE / "cases").glob("*.py")} | {"convnotes.cases"}
LAYERS = {f"convnotes.layers.{path.stem}" for path in (PACKAGE / "layers").glob("*.py")} | {"convnotes.layers"}
FOR_LAYERS = (BELOW - {"convnotes.layout"}) | CASES | LAYERS | {"convnotes.wording"}
WITH_TORCH = {"convnotes.reference", "convnotes.layers.trace_torch"}
OUTSIDE_OPERATIONS = ("torch", "pandas", "matplotlib", "IPython")


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


PROOF = {module_name(path) for path in (PACKAGE / "proof").rglob("*.py")}


def imports(source: str) -> set[str]:
    """Every module that code imports, at its top or inside a function, `from a import b` as a.b where that is one."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"from .{node.module} is relative"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                is_module = (ROOT / inner.replace(".", "/")).is_dir() or (
                    ROOT / (inner.replace(".", "/") + ".py")
                ).exists()
                found.add(inner if is_module else node.module)
    return found


MODULES = {module_name(path): imports(path.read_text()) for path in sorted(PACKAGE.rglob("*.py"))}


def rooms(*names: str) -> dict[str, set[str]]:
    return {m: found for m, found in MODULES.items() if any(m == name or m.startswith(name + ".") for name in names)}


def ours(found: set[str]) -> set[str]:
    return {name for name in found if name.split(".")[0] == "convnotes"}


def loads(found: set[str], packages) -> set[str]:
    return {name for name in found if name.split(".")[0] in packages}


def test_an_operation_loads_no_torch_pandas_matplotlib_or_ipython():
    below = {name: MODULES[name] for name in BELOW}
    for module, found in (below | rooms("convnotes.naive", "convnotes.matmul", "convnotes.fast")).items():
        assert not loads(found, OUTSIDE_OPERATIONS), module


@pytest.mark.parametrize(
    ("module", "allowed"),
    [
        ("convnotes", set()),
        ("convnotes.parameters", set()),
        ("convnotes.windows", {"convnotes", "convnotes.parameters"}),
        ("convnotes.annotations", {"convnotes.parameters"}),
        ("convnotes.documentation", {"convnotes"} | DOCUMENTATION),
        (
            "convnotes.arguments",
            {f"convnotes.{name}" for name in ("annotations", "parameters", "windows")} | {"convnotes"},
        ),
        ("convnotes.layout", BELOW),
        ("convnotes.reference", BELOW),
        ("convnotes.peers", BELOW | {"convnotes.peers"}),
        ("convnotes.check", BELOW),
        ("convnotes.show", BELOW),
        ("convnotes.cases", BELOW | CASES),
        ("convnotes.wording", set()),
        ("convnotes.child_process", set()),
        ("convnotes.implementations", {"convnotes", "convnotes.wording"}),
        (
            "convnotes.proof",
            BELOW
            | CASES
            | PROOF
            | {f"convnotes.{name}" for name in ("naive", "check", "child_process", "implementations", "wording")},
        ),
        ("convnotes.layers", FOR_LAYERS),
    ],
)
def test_imports_run_one_way(module, allowed):
    for name, found in rooms(module).items() if module != "convnotes" else [(module, MODULES[module])]:
        assert ours(found) <= allowed, name


@pytest.mark.parametrize("name", ["naive", "matmul", "fast"])
def test_an_implementation_knows_only_itself_and_what_is_below(name):
    """A definition knows no shortcut, and a shortcut does not lean on another."""
    for module, found in rooms(f"convnotes.{name}").items():
        others = {other for other in ours(found) - BELOW if not other.startswith(f"convnotes.{name}")}
        assert not others, module


def test_torch_is_imported_by_the_reference_and_the_benchmark_and_to_trace_networks_alone():
    for module, found in MODULES.items():
        if module not in WITH_TORCH and not module.startswith("convnotes.benchmark"):
            assert not loads(found, {"torch"}), module


def test_nothing_needs_another_library():
    """Those of `convnotes.PEERS` are loaded by the module of each alone, and that by nobody but who asks for it."""
    for module, found in MODULES.items():
        if not module.startswith("convnotes.peers"):
            assert not loads(found, {*convnotes.PEERS} - {"scipy"}), module
            assert not any(name.startswith("convnotes.peers") for name in found), module


BENCHMARK = "convnotes.benchmark"


@pytest.mark.parametrize(
    ("room", "others"),
    [
        ("isa", set()),
        ("terminal", set()),
        ("storing", {"isa", "terminal"}),
        ("measuring", {"isa", "terminal", "storing"}),
        ("reporting", {"isa", "terminal", "storing"}),
    ],
)
def test_the_rooms_of_the_benchmark_import_one_way(room, others):
    for module, found in rooms(f"{BENCHMARK}.{room}").items():
        used = {name for name in found if name.startswith(f"{BENCHMARK}.")}
        assert {name.split(".")[2] for name in used} <= {room, *others}, module


def test_a_report_reads_files_and_knows_no_operation():
    """Nor does whatever it imports, and what that imports in turn."""
    seen, left = set(), set(rooms(f"{BENCHMARK}.reporting"))
    while left:
        name = left.pop()
        seen.add(name)
        left |= ({found for found in ours(MODULES[name]) if found in MODULES}) - seen
    operations = ("convnotes.naive", "convnotes.matmul", "convnotes.fast", "convnotes.reference", "convnotes.cases")
    assert not [name for name in seen if name.startswith((*operations, f"{BENCHMARK}.measuring"))]


def test_a_folder_has_at_most_a_dozen_files():
    for folder in {path.parent for path in PACKAGE.rglob("*.py")}:
        files = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
        assert len(files) <= 12, folder


def test_a_file_of_fast_has_at_most_150_lines_and_all_have_2000():
    lines = {path: len(path.read_text().splitlines()) for path in (PACKAGE / "fast").rglob("*.py")}
    assert [path for path, number in lines.items() if number > 150] == []
    assert sum(lines.values()) <= 2000


def test_fast_has_at_most_six_floors():
    """The longest chain of imports, each of a file of fast by another one, from its front door down."""

    def chain(module):
        below = [name for name in MODULES[module] if name in MODULES and name.startswith("convnotes.fast.")]
        return [module, *max(map(chain, below), key=len, default=[])]

    assert len(chain("convnotes.fast")) <= 6, chain("convnotes.fast")


def test_a_layers_file_is_read_and_written_without_what_traces_networks():
    for module, found in rooms("convnotes.layers").items():
        assert not loads(found, {"torch"}) or module == "convnotes.layers.trace_torch", module
        assert not loads(found, {"onnx"}) or module == "convnotes.layers.trace_onnx", module
        assert not loads(found, {"pandas", "matplotlib", "IPython"}), module


def test_the_matrix_of_imports_has_every_room():
    assert {"convnotes.naive.convolution", "convnotes.matmul.im2col", "convnotes.reference"} <= set(MODULES)


def in_a_new_process(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_importing_the_package_loads_nothing_heavy():
    loaded = in_a_new_process("import sys, convnotes; print(*sys.modules)").split()
    assert not {"torch", "matplotlib", "pandas", "IPython", "numpy"} & set(loaded)


def test_importing_our_operations_loads_no_torch():
    loaded = in_a_new_process("import sys; from convnotes import naive, matmul, layout; print(*sys.modules)").split()
    assert not {*OUTSIDE_OPERATIONS} & set(loaded)


def test_an_unknown_implementation_is_refused():
    with pytest.raises(ValueError, match=r"^implementation must be one of naive, matmul, .*torch, got 'numba'$"):
        convnotes.implementation("numba")
