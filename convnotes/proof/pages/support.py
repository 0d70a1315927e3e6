"""Who supports what: a page with a table of each layer, made of the verdicts on several implementations."""

from collections.abc import Mapping, Sequence
from importlib import metadata

from convnotes import __version__
from convnotes.implementations import Implementation
from convnotes.proof.arrays import EMPTY, PRECISION
from convnotes.proof.judge import BROKEN, LACKING, PASSED, UNASKED, Verdict
from convnotes.proof.pages import text
from convnotes.proof.rules import FINITE, VALUES
from convnotes.proof.values import ALL, LADDERS, LARGER, LAYERS

Found = Mapping[Implementation, Sequence[Verdict]]

LEGEND = """\
What `convnotes check` finds of each: a table for each layer, with a row for each rule. Y is the forward operation, dX,
dK and db are the gradients of its input, its weight and its bias. `yes` is all of them, else those that keep the rule
are named. *In part* is what keeps it where it answers, and does not offer some of what was asked. **Wrong** is what
breaks it, and `-` what is not offered. What would follow from another break is not asked, and has a question mark.
Whoever offers no float64 is asked in float32."""

# Rules that are about sizes and not about what is supported.
BESIDE = {*LARGER, ALL, "bias beside all parameters", "an int stands for both axes"}
LETTERS = {"_grad_input": "dX", "_grad_weight": "dK", "bias_grad": "db"}
WORDS = {PASSED: "", BROKEN: "**wrong** ", UNASKED: "? "}


def page(found: Found) -> str:
    """Markdown: what was asked, the tables, and what each implementation breaks, with the plainest call for each."""
    parts = ["# Who supports what", LEGEND, "\n".join(f"- {_introduced(one)}" for one in found)]
    for layer in LADDERS:
        if rows := _rows(found, layer):
            parts += [f"## `{layer}`", _table(["", *(one.label for one in found)], rows)]
    for one, verdicts in found.items():
        lines, _ = text.report(verdicts, one, full=False)
        parts += [f"## What was asked of {one.label}", "\n".join(["```text", *lines, "```"])]
    return "\n\n".join(parts) + "\n"


def _introduced(one: Implementation) -> str:
    """Its label, and its version or the first digits of its SHA-256."""
    origin = one.origin()
    ours = f"torch {metadata.version('torch')}" if one.source == "torch" else f"convnotes {__version__}"
    return f"{one.label}: {origin.get('version') or origin.get('sha256', '')[:10] or ours}"


def _rows(found: Found, layer: str) -> list[list[str]]:
    """A row for each rule that was asked, in the order of the rules."""
    rules: dict[str, None] = {}
    for verdicts in found.values():
        rules |= dict.fromkeys(one.rule.says for one in verdicts if LAYERS[one.rule.operation] == layer and _shown(one))
    rows = []
    for says in rules:
        of_rule = ([one for one in verdicts if _of(one, layer, says)] for verdicts in found.values())
        rows.append([says, *map(_cell, of_rule)])
    return rows


def _shown(verdict: Verdict) -> bool:
    rule = verdict.rule
    return rule.kind == FINITE or (rule.kind == VALUES and rule.says not in BESIDE) or rule.says in (EMPTY, PRECISION)


def _of(verdict: Verdict, layer: str, says: str) -> bool:
    return verdict.rule.says == says and LAYERS[verdict.rule.operation] == layer


def _cell(verdicts: Sequence[Verdict]) -> str:
    """The operations of a layer by what was found of them; a word where that is the same of all."""
    offered: dict[str, list[str]] = {}
    for one in verdicts:
        if one.status != LACKING:
            offered.setdefault(_word(one), []).append(_letter(one.rule.operation))
    if not offered:
        return "-"
    if len(offered) == 1 and not any(one.status == LACKING for one in verdicts):
        return next(iter(offered)).strip() or "yes"
    return "; ".join(word + ", ".join(letters) for word, letters in offered.items())


def _word(verdict: Verdict) -> str:
    """What was found of a rule that is asked; one that is about arrays is no question of parameters."""
    in_part = verdict.status == PASSED and verdict.lacked and verdict.rule.kind == VALUES
    return "*in part* " if in_part else WORDS[verdict.status]


def _letter(operation: str) -> str:
    return next((letter for ending, letter in LETTERS.items() if operation.endswith(ending)), "Y")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
