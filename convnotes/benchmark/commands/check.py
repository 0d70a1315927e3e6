"""`convnotes check`: which rules of the vocabulary an implementation keeps, and the calls that break the others."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from convnotes import OPERATIONS
from convnotes.benchmark import Refused
from convnotes.benchmark.terminal import output, signals, values
from convnotes.benchmark.terminal.parser import Parser
from convnotes.implementations import LoadError, find

# The names of `convnotes.proof.rules.KINDS`, which would load hypothesis.
RULES = ("values", "finite", "arrays", "refuse", "adjoint")


def add(commands) -> Parser:
    """Add the command's parser to those of `convnotes`."""
    command = commands.add_parser(
        "check",
        help="prove an implementation, whoever wrote it",
        description="Ask an implementation of any part of the vocabulary everything that is known about it. For each\n"
        "rule that it breaks, the smallest call that does is printed as Python. It runs in a process of its own.",
        epilog="Kinds of rules: values against the definition; where not-a-numbers and infinities stand (finite);\n"
        "dtypes, memory layouts, empty batches (arrays); what must be refused (refuse); and two witnesses that need\n"
        "no definition, the adjoint identity and central differences (adjoint).\n"
        "Exit code 0: no rule is broken, 1: some are, 2: it cannot be loaded.",
    )
    text = "a name (naive, matmul, fast, torch), a module, or the path of a .py file"
    command.add_argument("implementation", metavar="IMPLEMENTATION", help=text)

    def option(name, metavar, convert, text, default):
        command.add_argument(f"--{name}", metavar=metavar, type=convert, help=text, default=default)

    option("only", "A,B", values.names(RULES), f"kinds of rules, of {', '.join(RULES)} (default: all)", RULES)
    text = "such as conv2d,max_pool2d (default: all)"
    option("operations", "A,B", values.names(OPERATIONS), text, tuple(OPERATIONS))
    option("examples", "N", values.whole(1, 10**6), "layers drawn for each rule (default: 25)", 25)
    option("seed", "N", values.whole(0), "where the draws begin (default: 0)", 0)
    option("limit", "SECONDS", values.seconds, "no answer may take longer (default: 60)", 60.0)
    command.add_argument("--strict", action="store_true", help="what is not offered is a fault")
    command.add_argument(
        "--all", action="store_true", help="show every broken rule with its call, not each operation's plainest"
    )
    return command


def run(given) -> tuple[int, str]:
    """The exit code, 1 where a rule is broken, and what is to be printed."""
    from convnotes.proof import judge, pages
    from convnotes.proof.subjects import Apart

    try:
        implementation = find(given.implementation)
        rules = [rule for rule in judge.everything() if rule.kind in given.only and rule.operation in given.operations]
        with _nothing_kept(), Apart(implementation, given.limit) as subject:
            asked = output.progress(rules, "rule", lambda rule: rule.operation)
            verdicts = list(judge.judge(subject, asked, given.examples, given.seed))
    except LoadError as problem:
        raise Refused(f"IMPLEMENTATION {problem}") from None
    except KeyboardInterrupt as interrupt:
        stop = signals.of(interrupt)
        raise Refused(stop.reason, code=stop.code) from None
    lines, faults = pages.report(verdicts, implementation, given.all)
    lacking = given.strict and any(one.status == judge.LACKING for one in verdicts)
    lines += ["With --strict, what is not offered is a fault."] if lacking else []
    return 1 if faults or lacking else 0, "".join(f"{line}\n" for line in lines)


@contextmanager
def _nothing_kept() -> Iterator[None]:
    """Hypothesis writes to no folder of whoever asks, and draws the same wherever this package lies."""
    from hypothesis import configuration

    try:
        from hypothesis.internal.conjecture import providers
    except ImportError:  # older ones have none
        providers = None
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
