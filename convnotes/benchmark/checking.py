"""`convnotes check`: which rules of the vocabulary an implementation keeps, and the calls that break the others."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from convnotes.benchmark import Refused
from convnotes.benchmark.terminal import output, signals
from convnotes.implementations import LoadError, find


def check(text: str, only, operations, strict: bool, seed: int, examples: int, limit: float, full: bool):
    """The exit code, 1 where a rule is broken, and what is to be printed.

    text: the implementation, as `convnotes.implementations.find` reads it
    only, operations: the kinds of rules and the operations that are asked about
    strict: whether what is not offered is a fault
    examples: the layers that are drawn for each rule, from a seed
    limit: the seconds that one answer may take
    full: whether every broken rule is shown with its call, or the plainest of each operation alone
    """
    from convnotes.proof import judge, pages
    from convnotes.proof.subjects import Apart

    try:
        implementation = find(text)
        rules = [rule for rule in judge.everything() if rule.kind in only and rule.operation in operations]
        with _nothing_kept(), Apart(implementation, limit) as subject:
            asked = output.progress(rules, "rule", lambda rule: rule.operation)
            verdicts = list(judge.judge(subject, asked, examples, seed))
    except LoadError as problem:
        raise Refused(f"IMPLEMENTATION {problem}") from None
    except KeyboardInterrupt as interrupt:
        stop = signals.of(interrupt)
        raise Refused(stop.reason, code=stop.code) from None
    lines, faults = pages.report(verdicts, implementation, full)
    lacking = strict and any(one.status == judge.LACKING for one in verdicts)
    lines += ["With --strict, what is not offered is a fault."] if lacking else []
    return 1 if faults or lacking else 0, "".join(f"{line}\n" for line in lines)


@contextmanager
def _nothing_kept() -> Iterator[None]:
    """Hypothesis writes to no folder of whoever asks, and draws the same wherever this package lies."""
    from hypothesis import configuration
    from hypothesis.internal.conjecture import providers

    # It would draw numbers that it finds in the source of modules that lie in no library, if this version does.
    name = "_get_local_constants"
    before = getattr(providers, name, None)
    with tempfile.TemporaryDirectory() as folder:
        configuration.set_hypothesis_home_dir(folder)
        if before:
            setattr(providers, name, lambda: providers._local_constants)
        try:
            yield
        finally:
            configuration.set_hypothesis_home_dir(None)
            if before:
                setattr(providers, name, before)
