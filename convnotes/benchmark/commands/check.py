"""`convnotes check`: which rules of the vocabulary an implementation keeps, and the calls that break the others."""

import os
import tempfile
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from convnotes import IMPLEMENTATIONS, OPERATIONS, PEERS
from convnotes.benchmark import Refused
from convnotes.benchmark.storing import files
from convnotes.benchmark.terminal import output, signals, values
from convnotes.benchmark.terminal.parser import Parser
from convnotes.implementations import Implementation, LoadError, find
from convnotes.wording import quote

# The extra that has what it needs beside NumPy.
EXTRA = "check"
# The names of `convnotes.proof.rules.KINDS`, which would load hypothesis.
RULES = ("values", "finite", "arrays", "refuse", "adjoint")


def add(commands: Any) -> Parser:
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
    known = ", ".join([*IMPLEMENTATIONS, *PEERS])
    text = f"a name ({known}), a module, or the path of a .py file; several with --table"
    command.add_argument("implementations", metavar="IMPLEMENTATION", nargs="+", help=text)

    def option(name: str, metavar: str, convert: Callable[[str], Any], text: str, default: Any) -> None:
        command.add_argument(f"--{name}", metavar=metavar, type=convert, help=text, default=default)

    option("only", "A,B", values.names(RULES), f"kinds of rules, of {', '.join(RULES)} (default: all)", RULES)
    text = "such as conv2d,max_pool2d (default: all)"
    option("operations", "A,B", values.names(OPERATIONS), text, tuple(OPERATIONS))
    option("examples", "N", values.whole(1, 10**6), "layers drawn for each rule (default: 25)", 25)
    option("seed", "N", values.whole(0), "where the draws begin (default: 0)", 0)
    option("limit", "SECONDS", values.seconds, "no answer may take longer (default: 60)", 60.0)
    text = "Markdown file to write to who supports what, with the plainest call that breaks each operation"
    command.add_argument("--table", metavar="FILE.md", type=values.place, help=text)
    command.add_argument("--strict", action="store_true", help="what is not offered is a fault")
    command.add_argument(
        "--all", action="store_true", help="show every broken rule with its call, not each operation's plainest"
    )
    return command


def run(given: Namespace) -> tuple[int, str]:
    """The exit code, 1 where a rule is broken, and what is to be printed."""
    from convnotes.proof import judge
    from convnotes.proof.pages import support, text

    if len(given.implementations) > 1 and given.table is None:
        raise Refused(f"IMPLEMENTATION must be one without --table, got {len(given.implementations)}")
    if given.table is not None:
        _refuse_unwritable(given.table)
    try:
        found = {one: _verdicts(one, given) for one in dict.fromkeys(map(find, given.implementations))}
    except LoadError as problem:
        raise Refused(f"IMPLEMENTATION {problem}") from None
    except KeyboardInterrupt as interrupt:
        stop = signals.of(interrupt)
        raise Refused(stop.reason, code=stop.code) from None
    if given.table is not None:
        files.write(given.table, support.page(found))
        lines = [text.summary(verdicts, one.label) for one, verdicts in found.items()]
        lines.append(f"Written to {given.table}")
    else:
        ((implementation, verdicts),) = found.items()
        lines, _ = text.report(verdicts, implementation, given.all)
    statuses = {one.status for verdicts in found.values() for one in verdicts}
    lacking = given.strict and judge.LACKING in statuses
    lines += ["With --strict, what is not offered is a fault."] if lacking else []
    return 1 if judge.BROKEN in statuses or lacking else 0, "".join(f"{line}\n" for line in lines)


def _refuse_unwritable(path: Path) -> None:
    """Refuse it before all that takes long."""
    if path.is_dir() or not os.access(path.parent, os.W_OK):
        raise Refused(f"--table must be a file in a folder that can be written to, got {quote(str(path))}")


def _verdicts(implementation: Implementation, given: Namespace) -> list[Any]:
    """The verdicts on an implementation, which is asked in a process of its own."""
    from convnotes.proof import judge
    from convnotes.proof.subjects import Apart

    rules = [rule for rule in judge.everything() if rule.kind in given.only and rule.operation in given.operations]
    with _nothing_kept(), Apart(implementation, given.limit) as subject:
        asked = output.progress(rules, "rule", lambda rule: f"{implementation.label} {rule.operation}")
        return list(judge.judge(subject, asked, given.examples, given.seed))


@contextmanager
def _nothing_kept() -> Iterator[None]:
    """Hypothesis writes to no folder of whoever asks, and draws the same wherever this package lies."""
    from hypothesis import configuration

    try:
        from hypothesis.internal.conjecture import providers
    except ImportError:  # older ones have none
        providers = None  # type: ignore[assignment]
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
