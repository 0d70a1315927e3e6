"""`convnotes compare`: set runs apart."""

from argparse import Namespace
from typing import Any

from convnotes.benchmark import Refused
from convnotes.benchmark.terminal import values
from convnotes.benchmark.terminal.parser import Parser

# The extra that has what it needs beside NumPy.
EXTRA = "benchmark"


def add(commands: Any) -> Parser:
    """Add the command's parser to those of `convnotes`."""
    command = commands.add_parser(
        "compare",
        help="compare the measurements in two or more folders",
        description="Compare the measurements in results folders, of several machines or commits, row by row. The\n"
        "first folder is what the others are compared with.",
        epilog="Two rows differ where their times do not overlap even within their noise: the range of their rounds'\n"
        "medians, or that of what the machine itself did in the same run, where this is wider.",
    )
    text = "two or more results folders, as `convnotes benchmark` writes them"
    command.add_argument("folders", metavar="FOLDER", nargs="+", type=values.place, help=text)
    text = "folder to write a page and a figure to; without it a summary alone is printed"
    command.add_argument("--out", metavar="FOLDER", type=values.place, help=text)
    command.add_argument("--all", action="store_true", help="write every row as well, on pages of their own")
    return command


def run(given: Namespace) -> tuple[int, str]:
    """The exit code, and what is to be printed."""
    if given.all and not given.out:
        raise Refused("--all must be given with --out FOLDER, which its pages are written to")
    from convnotes.benchmark.reporting import compare

    return 0, compare.write(given.folders, given.out, given.all)
