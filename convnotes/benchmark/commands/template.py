"""`convnotes template`: a file to fill in."""

from argparse import Namespace
from typing import Any

from convnotes.benchmark import Refused
from convnotes.benchmark.terminal import values
from convnotes.benchmark.terminal.parser import Parser
from convnotes.wording import quote

# The extra that has what it needs beside NumPy.
EXTRA = "check"


def add(commands: Any) -> Parser:
    """Add the command's parser to those of `convnotes`."""
    command = commands.add_parser(
        "template",
        help="print a file to fill in: the vocabulary's functions, each to be written",
        description="Print a Python file with the signatures and docstrings of the vocabulary, without the bodies:\n"
        "convnotes template --out my_conv.py, then convnotes check my_conv.py.",
    )
    text = "file to write, instead of stdout; one that is there already is never replaced"
    command.add_argument("-o", "--out", metavar="FILE.py", type=values.place, help=text)
    return command


def run(given: Namespace) -> tuple[int, str]:
    """The exit code, and what is to be printed."""
    from convnotes.proof.template import template

    if given.out is None:
        return 0, template()
    try:
        with given.out.open("x", encoding="utf-8") as file:
            file.write(template())
    except OSError as problem:
        raise Refused(f"--out must be a new file, got {quote(str(given.out))} ({problem.strerror})") from None
    return 0, f"Written to {given.out}\n"
