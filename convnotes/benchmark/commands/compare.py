"""`convnotes compare`: set two runs apart."""

from convnotes.benchmark.terminal import values
from convnotes.benchmark.terminal.parser import Parser


def add(commands) -> Parser:
    """Add the command's parser to those of `convnotes`."""
    command = commands.add_parser(
        "compare",
        help="compare the measurements in two folders",
        description="Compare the measurements in two results folders, of two machines or two commits, row by row.",
        epilog="Two rows differ where their times do not overlap even within their noise: the range of their rounds'\n"
        "medians, or that of what the machine itself did in the same run, where this is wider.",
    )
    text = "results folder, as `convnotes benchmark` writes it"
    command.add_argument("a", metavar="A", type=values.place, help=text)
    command.add_argument("b", metavar="B", type=values.place, help="results folder to compare with it")
    text = "Markdown file to write every row to; without it a summary alone is printed"
    command.add_argument("--out", metavar="FILE.md", type=values.place, help=text)
    return command


def run(given) -> tuple[int, str]:
    """The exit code, and what is to be printed."""
    from convnotes.benchmark.reporting import compare

    return 0, compare.write(given.a, given.b, given.out)
