"""Lines about one implementation: a table of all operations, and for each broken rule the call as Python to paste."""

import textwrap
from collections.abc import Iterable
from typing import Any

import numpy as np

from convnotes import OPERATIONS, check
from convnotes.implementations import Implementation
from convnotes.proof.calls import Answer, Call, source
from convnotes.proof.judge import BROKEN, LACKING, UNASKED, Verdict
from convnotes.proof.rules import BOUNDS, KINDS, Broken

WIDTH = 80
# The columns: names of operations, kinds of rules with a gap before each, the sum.
FIRST, GAP, LAST = 31, 1, 12
# So many broken rules of an operation and kind are named, where they are not shown.
NAMED = 2


def report(verdicts: Iterable[Verdict], implementation: Implementation, full: bool) -> tuple[list[str], int]:
    """Lines of text, and the number of broken rules.

    full: whether every broken rule is shown with its call, or of each operation the plainest alone, which the others
    often follow from
    """
    verdicts = list(verdicts)
    faults = [one for one in verdicts if one.status == BROKEN]
    shown = faults if full else list({one.rule.operation: one for one in reversed(faults)}.values())[::-1]
    lines = [*table(verdicts), "", summary(verdicts, implementation.label)]
    for why in dict.fromkeys(f"{one.rule.operation} is not asked: it has {one.why}" for one in verdicts if one.why):
        lines += _wrapped(why, 0)
    for fault in shown:
        lines += ["", *broken(fault, implementation)]
    if left := [one for one in faults if one not in shown]:
        lines += ["", "Also broken; --all shows each with its call:", *_counted(left)]
    return lines, len(faults)


def _counted(faults: list[Verdict]) -> list[str]:
    """A few broken rules of an operation and kind by name, more of them by their number."""
    found: dict[tuple[Any, ...], list[Any]] = {}
    for one in faults:
        found.setdefault((one.rule.operation, one.rule.kind), []).append(one.rule.says)
    lines = []
    for (operation, kind), says in found.items():
        few = "; ".join(says) if len(says) <= NAMED else f"{'; '.join(says[:NAMED])} and {len(says) - NAMED} more"
        lines += _wrapped(f"{operation}, {kind}: {few}", 2)
    return lines


def table(verdicts: Iterable[Verdict]) -> list[str]:
    """A row for each operation and a column for each kind of rule, with the questions that were passed."""
    verdicts = list(verdicts)
    kinds = [kind for kind in KINDS if any(one.rule.kind == kind for one in verdicts)]
    widths = [max(len(kind), 6) + GAP for kind in kinds]

    def line(first: str, cells: list[str], last: str) -> str:
        return "".join([first.ljust(FIRST), *map(str.rjust, cells, widths), last.rjust(LAST)])

    lines = [line("", kinds, "passed")]
    for operation in OPERATIONS:
        if found := [one for one in verdicts if one.rule.operation == operation]:
            cells = [_cell([one for one in found if one.rule.kind == kind]) for kind in kinds]
            lines.append(line(operation, cells, _last(found)))
    return lines


def _cell(verdicts: list[Verdict]) -> str:
    if any(one.status == BROKEN for one in verdicts):
        return "BROKEN"
    passed = sum(one.passed for one in verdicts)
    return str(passed) if passed else "-"


def _last(verdicts: list[Verdict]) -> str:
    """How many rules are kept, of those that are asked."""
    asked = [one for one in verdicts if one.status not in (LACKING, UNASKED)]
    if not asked:
        return "not offered"
    kept = [one for one in asked if one.status != BROKEN]
    return f"{len(kept)} of {len(asked)}"


def summary(verdicts: Iterable[Verdict], label: str) -> str:
    """All of it in a sentence."""
    verdicts = list(verdicts)
    asked = [one for one in verdicts if one.status not in (LACKING, UNASKED)]
    broken = [one for one in asked if one.status == BROKEN]
    operations = {one.rule.operation for one in asked}
    if not asked:
        return f"{label} offers nothing yet."
    calls = sum(one.passed for one in asked)
    if not broken:
        return f"{label} keeps all {len(asked)} rules of {len(operations)} operations, in {calls} calls."
    return f"{label} breaks {len(broken)} of {len(asked)} rules of {len(operations)} operations."


def broken(verdict: Verdict, implementation: Implementation) -> list[str]:
    """A broken rule: what it says, the call as Python to paste, what was expected and what came."""
    rule, found = verdict.rule, verdict.broken
    assert found is not None
    parts = [
        *_wrapped(f"{rule.operation}, {rule.kind}: {rule.says}", 0),
        "",
        textwrap.indent(paste(found.call, implementation), "    "),
        "",
        *(f"    {name:8}  {text}" for name, text in zip(("expected", "came"), _both(found.expected, found.came))),
    ]
    difference = _difference(found)
    parts += [f"    {difference}"] if difference else []
    parts += _wrapped(found.why, 4) if found.why else []
    return "\n".join([*parts, *_wrapped(f"see {rule.derived}", 4)]).splitlines()


def _wrapped(text: str, indent: int) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=" " * indent, subsequent_indent=" " * (indent + 4))


def paste(call: Call, implementation: Implementation) -> str:
    """A call as Python that can be run where the implementation was found."""
    lines = ["import numpy as np", "from convnotes import naive", "from convnotes.implementations import find", ""]
    lines += [f"module = find({implementation.source!r}).load()", "arguments = dict("]
    for name, value in call.arguments.items():
        lines.append(textwrap.indent(f"{name}={source(value)},", "    "))
    lines += [")", f"print(module.{call.operation}(**arguments))", f"print(naive.{call.operation}(**arguments))"]
    return "\n".join(lines)


def _both(expected: Any, came: Any) -> tuple[str, str]:
    """What was expected and what came, with as many digits as tell them apart."""
    for digits in (6, 12):
        texts = _said(expected, digits), _said(came, digits)
        if texts[0] != texts[1]:
            break
    return texts


def _said(value: Any, digits: int) -> str:
    """An array, or whatever came instead, in a few lines."""
    if isinstance(value, Answer):
        value = str(value) if value.value is None else value.value
    if not isinstance(value, np.ndarray):
        return textwrap.fill(str(value), WIDTH, initial_indent=" " * 14, subsequent_indent=" " * 14).strip()
    if value.size > 64:
        return f"an array of shape {value.shape}, {value.dtype}"
    text = np.array2string(value, max_line_width=WIDTH - 14, precision=digits, floatmode="maxprec")
    return f"shape {value.shape}, {value.dtype}\n" + textwrap.indent(text, " " * 14)


def _difference(found: Broken) -> str:
    """Where two arrays differ first."""
    expected, came = found.expected, found.came
    if not isinstance(expected, np.ndarray) or not isinstance(came, Answer) or came.value is None:
        return ""
    if expected.shape != came.value.shape:
        return f"the shape is {came.value.shape}, not {expected.shape}"
    bound = BOUNDS.get(came.value.dtype, 0)
    apart = ~np.isclose(came.value, expected, rtol=bound, atol=bound, equal_nan=True)
    if not apart.any():
        deviation = check.error(came.value, expected)
        return "" if found.why else f"the largest deviation is {deviation:.1g} of the largest entry expected"
    place = tuple(map(int, np.argwhere(apart)[0]))
    some = f"{came.value[place]:.12g}, not {expected[place]:.12g}"
    return f"first at {list(place)}: {some}; {apart.sum()} of {apart.size} differ"
