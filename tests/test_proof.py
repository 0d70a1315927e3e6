"""Every implementation of this project keeps every rule that is known, and torch is the definition's second witness."""

import pytest

from convnotes import IMPLEMENTATIONS, OPERATIONS, implementation
from convnotes.proof import judge
from convnotes.proof.rules import FINITE, KINDS, VALUES, Rule
from convnotes.proof.subjects import Here

EXAMPLES = 25
RULES = judge.everything()
# torch is not asked about a window wholly on the padding, where it reads outside its memory.
BESIDE = "a window wholly on the padding"


def rules(operation: str, kind: str) -> list[Rule]:
    return [rule for rule in RULES if (rule.operation, rule.kind) == (operation, kind)]


ASKED = [
    (name, operation, kind)
    for name in IMPLEMENTATIONS
    for operation in OPERATIONS
    for kind in KINDS
    # The definition is what values are compared with; its own witness is torch.
    if rules(operation, kind) and (name != "naive" or kind not in (VALUES, FINITE))
]


@pytest.mark.parametrize(("name", "operation", "kind"), ASKED)
def test_all_rules_are_kept(name, operation, kind):
    subject = Here(implementation(name), name)
    for verdict in judge.judge(subject, rules(operation, kind), EXAMPLES):
        if name == "torch" and verdict.rule.says == BESIDE:
            assert verdict.status == judge.LACKING
        else:
            assert verdict.status == judge.PASSED, f"{verdict.rule.says}: {verdict.broken}"
            assert verdict.passed
