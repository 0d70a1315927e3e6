"""`convnotes plot`: rebuild tables and figures from earlier measurements."""

from argparse import Namespace
from typing import Any

from convnotes.benchmark import Refused, places
from convnotes.benchmark.terminal import values
from convnotes.benchmark.terminal.parser import Parser

# The extra that has what it needs beside NumPy.
EXTRA = "benchmark"


def add(commands: Any) -> Parser:
    """Add the command's parser to those of `convnotes`."""
    command = commands.add_parser(
        "plot",
        help="rebuild tables and figures from earlier measurements",
        description="Rebuild the tables and figures in a folder from its measurements, without measuring.\n"
        "Figures are drawn as PNG, as a run does it, and as SVG.",
    )
    text = "folder with environment.json and measurements.csv.gz, or where that is not, measurements.csv of an earlier "
    text += "version (default: in results the one with this machine's name)"
    command.add_argument("folder", metavar="FOLDER", nargs="?", type=values.place, help=text)
    command.add_argument("--out", metavar="FOLDER", type=values.place, help="the same, as `convnotes benchmark` has it")
    return command


def run(given: Namespace) -> tuple[int, str]:
    """The exit code, and what is to be printed."""
    name, folder = ("FOLDER", given.folder) if given.folder else ("--out", given.out or places.of_this_machine())
    if given.folder and given.out and given.folder != given.out:
        raise Refused(f"FOLDER must be the same as --out, which can be left out, got {str(given.folder)!r}")
    from convnotes.benchmark.reporting import report, screen
    from convnotes.benchmark.storing import files, records

    measurements = records.read(folder, name)
    with files.writing(folder) as unfinished:
        found = report.write(*measurements, unfinished, records.KINDS)
        files.publish(unfinished, folder, records.REPORT)
    return 0, screen.report(found, folder)
