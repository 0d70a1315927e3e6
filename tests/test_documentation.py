"""What help() says of operations: made from one source, so all implementations say the same, and what is so."""

import inspect
import re

import numpy as np
import pytest

from convnotes import IMPLEMENTATIONS, OPERATIONS, documentation, fast, implementation, naive, reference
from convnotes.documentation import compose
from convnotes.fast import dispatch
from convnotes.fast.machine import workspace
from test_precision import BOUNDS

EVERY = pytest.mark.parametrize("operation", OPERATIONS)
SECTIONS = ["Parameters", "Returns", "Raises", "Notes", "Examples"]


def sections(name: str, operation: str) -> dict[str, str]:
    """What help() says of a function, by section; what stands before them under the name ""."""
    text = inspect.getdoc(getattr(implementation(name), operation))
    parts = re.split(r"\n\n(\w+)\n-+\n", text)
    return {"": parts[0]} | dict(zip(parts[1::2], parts[2::2]))


def parameters(text: str) -> dict[str, str]:
    """The parameters that are described, and what is said of each."""
    return dict(re.findall(r"^(\w+) : (.*(?:\n    .*)*)", text, re.M))


@EVERY
@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_help_stands_by_itself(name, operation):
    found = sections(name, operation)
    assert list(found)[1:] == SECTIONS
    signature = inspect.signature(getattr(implementation(name), operation)).parameters
    described = parameters(found["Parameters"])
    assert list(described) == list(signature)
    for one in signature.values():
        assert one.default is one.empty or f"default {one.default!r}" in described[one.name], one
    assert "numpy.result_type of the arrays and float32" in " ".join(found["Returns"].split())
    assert {"ValueError", "TypeError"} <= set(found["Raises"].split())
    assert re.search(r"Derived in notebooks/\d\d_\w+\.ipynb\.", " ".join(found["Notes"].split()))
    example = found["Examples"].splitlines()
    module = IMPLEMENTATIONS[name].rpartition(".")[2]
    assert example[0] == f">>> from convnotes import {module}"
    assert example[1].startswith(f">>> {module}.{operation}(")
    described = "\n".join(text for section, text in found.items() if section != "Examples")
    assert max(map(len, described.splitlines())) <= compose.WIDTH + 4


@EVERY
def test_all_implementations_say_the_same_of_what_they_do(operation):
    of_naive = sections("naive", operation)
    for name in IMPLEMENTATIONS:
        found = sections(name, operation)
        assert found[""].startswith(of_naive[""]), "an implementation's own words come last"
        described = parameters(found["Parameters"])
        described.pop("algorithm", None)
        assert described == parameters(of_naive["Parameters"])
        assert all(found[section] == of_naive[section] for section in ("Returns", "Raises"))


@EVERY
def test_the_equation_that_stands_at_the_definition_is_the_one_that_all_show(operation):
    own = inspect.getsource(getattr(naive, operation)).split('"""')[1]
    described = documentation.DESCRIPTIONS[operation]
    assert compose._words(own).removesuffix(".") == compose._words(described.equation)


def test_the_algorithms_that_can_be_named_are_those_that_there_are():
    for operation in OPERATIONS:
        text = parameters(sections("fast", operation)["Parameters"]).get("algorithm")
        assert (text is not None) == operation.startswith("conv")
        if text:
            transposed = operation in ("conv2d_grad_input", "conv_transpose2d")
            known = {"auto", *dispatch.ALGORITHMS, *(dispatch.TRANSPOSES if transposed else ())}
            assert set(re.findall(r'"(\w+)"', text)) == known


def test_the_bounds_that_are_named_are_those_that_hold():
    for operation in OPERATIONS:
        notes = " ".join(sections("fast", operation)["Notes"].split())
        assert f"at most {workspace.BOUND // 2**20} MiB" in notes
        assert f"{workspace.THREAD // 2**20} MiB for each" in notes
        if operation not in ("bias_add", "max_pool2d"):
            single, double = (f"{BOUNDS[dtype]:g}".replace("e-0", "e-") for dtype in (np.float32, np.float64))
            assert f"In float32 the error stays below {single} of" in notes
            assert f"in float64 below {double} of it" in notes


def test_a_docstring_that_is_completed_twice_is_the_same():
    before = fast.conv2d.__doc__
    rules = ({name: one.rule for name, one in some.items()} for some in (dispatch.ALGORITHMS, dispatch.TRANSPOSES))
    documentation.complete(vars(fast), *rules)
    assert fast.conv2d.__doc__ == before


def test_the_decorated_functions_of_torch_have_it_too():
    assert "torch.nn.functional.conv2d" in reference.conv2d.__doc__
