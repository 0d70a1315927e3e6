"""Whether a subject keeps a rule: it is asked one question after another, and the smallest one it fails on is found."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from convnotes import OPERATIONS
from convnotes.wording import needed

with needed("convnotes.proof", "check"):
    import hypothesis
    from hypothesis import HealthCheck, Phase, Verbosity, given, settings
    from hypothesis.strategies import SearchStrategy

    from convnotes.proof import adjoint, arrays, refusals, values
    from convnotes.proof.calls import required
    from convnotes.proof.rules import ADJOINT, FINITE, KINDS, VALUES, Asked, Beside, Broken, Lacking, Rule
    from convnotes.proof.subjects import InSingle

PASSED, BROKEN, LACKING, UNASKED = "passed", "broken", "not offered", "not asked"

# So often a smaller question is looked for after one that a process did not survive, or gave no answer to.
LOSSES = 12
SLOW_LOSSES = 1
# After so many questions about what is not offered, and none about what is, no more are drawn.
LACKS = 10


@dataclass(frozen=True)
class Verdict:
    """What was found of a rule: the questions passed, those about what is not offered, and the one that broke it."""

    rule: Rule
    status: str
    passed: int = 0
    lacked: int = 0
    broken: Broken | None = None
    why: str = ""


def everything() -> list[Rule]:
    """Every rule, by operation and kind; within these the plainest first."""
    found = [*values.rules(), *arrays.rules(), *refusals.rules(), *adjoint.rules()]
    order = list(OPERATIONS)
    return sorted(found, key=lambda rule: (order.index(rule.operation), KINDS.index(rule.kind)))


def judge(subject: Asked, rules: Iterable[Rule], examples: int, seed: int = 0) -> Iterator[Verdict]:
    """A verdict on every rule.

    examples: how many questions a strategy draws
    Of an operation whose process was lost the other rules are not asked: it would be lost again. Nor is it asked what
    it does with values that are not finite where it is wrong with those that are, nor a gradient whether it fits a
    forward operation that is wrong. What is not offered in float64 is asked in float32.
    """
    lost: set[str] = set()
    wrong: set[str] = set()
    for rule in rules:
        if _follows(rule, wrong, lost):
            yield Verdict(rule, UNASKED)
            continue
        verdict = _judge(subject, rule, examples, seed)
        if verdict.status == LACKING and not rule.of_float64:
            verdict = _judge(InSingle(subject), rule, examples, seed)
            if verdict.broken:
                verdict.broken.call = verdict.broken.call.in_single()
        if verdict.broken and _lost(verdict.broken):
            lost.add(rule.operation)
        if verdict.broken and rule.kind == VALUES:
            wrong.add(rule.operation)
        yield verdict


def _follows(rule: Rule, wrong: set[str], lost: set[str]) -> bool:
    """Whether what a rule would find follows from what is found already."""
    if rule.kind == FINITE and rule.operation in wrong:
        return True
    return rule.operation in lost or (rule.kind == ADJOINT and values.LAYERS[rule.operation] in wrong | lost)


def _judge(subject: Asked, rule: Rule, examples: int, seed: int) -> Verdict:
    there = subject.parameters(rule.operation)
    if there and (missing := required(rule.operation) - there):
        return Verdict(rule, LACKING, why=f"no parameter {_listed(missing)}, but {_listed(there)}")
    if there is not None and not (there and rule.needs <= there):
        return Verdict(rule, LACKING)
    questions = rule.questions(there) if callable(rule.questions) else rule.questions
    passed = lacked = 0

    def ask(question: Any) -> None:
        nonlocal passed, lacked
        try:
            rule.examine(subject, question)
        except Lacking:
            lacked += 1
            raise
        passed += 1

    try:
        if isinstance(questions, SearchStrategy):
            _search(questions, ask, examples * rule.weight, seed)
        else:
            for question in questions:
                with suppress(Beside, Lacking):
                    ask(question)
    except Lacking:
        return Verdict(rule, LACKING)
    except Broken as broken:
        return Verdict(rule, BROKEN, passed, lacked, broken)
    return Verdict(rule, PASSED if passed else LACKING, passed, lacked)


def _listed(names: Iterable[str]) -> str:
    return " and ".join(sorted(names)[:6])


def _lost(broken: Broken) -> str:
    """What became of the process, where there was no answer."""
    return getattr(broken.came, "lost", "")


class _Enough(BaseException):
    """No smaller question is looked for."""


def _search(strategy: SearchStrategy, ask: Callable[..., Any], examples: int, seed: int) -> None:
    """Ask what is drawn; raises `Broken` with the smallest question that was found, `Lacking` where none is offered."""
    last: list[Broken] = []
    losses = lacks = passed = 0

    def examine(question: Any) -> None:
        nonlocal losses, lacks, passed
        try:
            ask(question)
            passed += 1
        except Beside:
            hypothesis.reject()
        except Lacking as lacking:
            lacks += 1
            if lacks >= LACKS and not passed:
                raise _Enough from lacking
            hypothesis.reject()
        except Broken as broken:
            last.append(broken)
            lost = _lost(broken)
            losses += 1 if lost else 0
            if losses >= (SLOW_LOSSES if "within" in lost else LOSSES):
                raise _Enough from broken
            raise

    test = settings(
        max_examples=examples,
        database=None,
        deadline=None,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
        report_multiple_bugs=False,
        print_blob=False,
    )(hypothesis.seed(seed)(given(strategy)(examine)))
    try:
        test()
    except _Enough as enough:
        raise enough.__cause__ or enough from None
    except hypothesis.errors.Unsatisfiable:
        return
    except Exception:  # hypothesis has its own for what fails at one time and not at another
        if last:
            raise last[-1] from None
        raise
