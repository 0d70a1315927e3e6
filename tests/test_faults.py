"""Faulty implementations are found, by the name of the rule, with a call that can be pasted and does differ."""

import contextlib
import io

import numpy as np
import pytest

import faults
from convnotes import implementations
from convnotes.proof import judge
from convnotes.proof.pages import text
from convnotes.proof.rules import REFUSE
from convnotes.proof.subjects import Here

RULES = judge.everything()


def first_broken(name: str) -> judge.Verdict:
    """The verdict on the first rule that a faulty implementation breaks; what it does not refuse is no fault of it."""
    operation, function, says = faults.FAULTS[name]
    asked = [one for one in RULES if one.operation == operation and (one.kind != REFUSE or one.says == says)]
    verdicts = judge.judge(Here(faults.module(operation, function), "faulty"), asked, 25)
    return next((one for one in verdicts if one.status == judge.BROKEN), None)


@pytest.mark.parametrize("name", faults.FAULTS)
def test_a_fault_is_found_by_the_name_of_its_rule(name):
    found = first_broken(name)
    assert found, "nothing is broken"
    assert found.rule.says == faults.FAULTS[name][2]


def test_there_are_enough_of_them():
    assert len(faults.FAULTS) >= 20


def test_the_smallest_call_is_small():
    for name in (
        "the axes of the stride are swapped",
        "a max pool is padded with zeros",
        "the filters of the groups are mixed",
    ):
        sizes = [
            value.size for value in first_broken(name).broken.call.arguments.values() if isinstance(value, np.ndarray)
        ]
        assert sum(sizes) <= 12, name


MINE = """from convnotes import matmul


def conv2d(input, weight, stride=1):
    return matmul.conv2d(input, weight, None, stride[::-1] if isinstance(stride, tuple) else stride)
"""


def test_a_call_that_is_pasted_shows_the_difference(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my conv.py").write_text(MINE)
    implementation = implementations.find("my conv.py")
    asked = [rule for rule in RULES if rule.operation == "conv2d" and rule.says == "stride"]
    (found,) = judge.judge(Here(implementation.load(), "mine"), asked, 25)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(text.paste(found.broken.call, implementation), {})
    came, expected = printed.getvalue().split("\n[", 1)
    assert came != "[" + expected
    assert [line for line in text.broken(found, implementation) if len(line) > 80] == []
