"""The options of the command line. Only the standard library is loaded, so that help and refusals come at once."""

import argparse
import math
from dataclasses import dataclass
from pathlib import Path

from convnotes import IMPLEMENTATIONS, OPERATIONS
from convnotes.benchmark import Refused

# The names of `convnotes.cases.SUITES`, which would load NumPy.
SUITES = ("founding", "scaling", "networks", "ops")


@dataclass(frozen=True)
class Options:
    """What to measure, and how; see `convnotes benchmark --help`."""

    suite: tuple[str, ...]
    cases: str | None
    operations: tuple[str, ...]
    implementations: tuple[str, ...]
    device: str
    threads: int
    dtype: str
    rounds: int
    repeats: int
    batch: int | None
    limit: float
    quick: bool
    resume: bool
    out: Path


def options(given: argparse.Namespace) -> Options:
    """The options of `convnotes benchmark`, with the defaults that depend on --quick and on --device."""
    defaults = {
        "rounds": 2 if given.quick else 4,
        "limit": 0.1 if given.quick else 2.0,
        "out": Path("results/quick") if given.quick else Path("results"),
        "implementations": ("torch",) if given.device == "cuda" else tuple(IMPLEMENTATIONS),
    }
    values = {name: value for name, value in vars(given).items() if name != "command"}
    for name, default in defaults.items():
        values[name] = default if values[name] is None else values[name]
    if given.device == "cuda" and values["implementations"] != ("torch",):
        names = ",".join(values["implementations"])
        raise Refused(f"--implementations must be torch with --device cuda, got {names!r}")
    return Options(**values)


class Parser(argparse.ArgumentParser):
    """An argument parser that refuses in one sentence, without repeating its usage."""

    def __init__(self, **settings):
        super().__init__(allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **settings)

    def error(self, message):
        if message.startswith("argument "):
            message = message.removeprefix("argument ").replace(": ", " ", 1)
        self.exit(2, f"{self.prog}: {message}\n")


def parser() -> Parser:
    """The parser of `convnotes` with its three commands."""
    convnotes = Parser(
        prog="convnotes", description="Measure the layers of a convolutional network and draw the results."
    )
    commands = convnotes.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    _add_benchmark(commands)
    _add_plot(commands)
    _add_compare(commands)
    return convnotes


def _add_benchmark(commands) -> None:
    command = commands.add_parser(
        "benchmark",
        help="measure the implementations on the cases",
        description="Compare every implementation with the definition in float64, then measure how long it takes.\n"
        "Tables, figures, all timings and a description of the machine go to the output folder.",
        epilog="A full run takes about a quarter of an hour, --quick less than a minute. Measure on an idle machine.\n"
        "Every finished measurement is on disk at once: a stopped run goes on with the same command and --resume.",
    )

    def option(name, default, metavar, convert, text):
        command.add_argument(f"--{name}", default=default, metavar=metavar, type=convert, help=text)

    known = ", ".join(IMPLEMENTATIONS)
    option("suite", SUITES, "A,B", _names(SUITES), f"of {', '.join(SUITES)} (default: all)")
    option("cases", None, "GLOB", str, "cases of these whose name matches, such as 'alexnet/*' (default: all)")
    option("operations", tuple(OPERATIONS), "A,B", _names(OPERATIONS), "such as conv2d,max_pool2d (default: all)")
    option("implementations", None, "A,B", _names(IMPLEMENTATIONS), f"of {known} (default: all; on cuda torch)")
    option("device", "cpu", "DEVICE", _one_of("cpu", "cuda"), "cpu or cuda, where torch alone is timed (default: cpu)")
    option("threads", 1, "N", _whole(1), "threads for NumPy's BLAS and for torch (default: 1)")
    option("dtype", "float32", "DTYPE", _one_of("float32", "float64"), "float32 or float64 (default: float32)")
    option("rounds", None, "N", _whole(1), "times to go over the whole list of problems (default: 4, quick: 2)")
    option("repeats", 3, "N", _whole(1), "timings of a call in a round; calls above 0.1 s get one (default: 3)")
    option("batch", None, "N", _whole(1), "images in a batch of a network's layers (default: 1 and 8, quick: 1)")
    text = "do not run what takes longer for one call, plain loops a quarter of it (default: 2, quick: 0.1)"
    option("limit", None, "SECONDS", _seconds, text)
    option("out", None, "FOLDER", Path, "where results are written (default: results, quick: results/quick)")
    text = "fewer rounds, a lower limit and, without --cases, fewer cases, for a first look"
    command.add_argument("--quick", action="store_true", help=text)
    command.add_argument("--resume", action="store_true", help="go on with a run of the same options that was stopped")


def _add_plot(commands) -> None:
    command = commands.add_parser(
        "plot",
        help="rebuild tables and figures from earlier measurements",
        description="Rebuild the tables and figures in a folder from its measurements, without measuring.",
    )
    text = "folder with measurements.csv and environment.json (default: results)"
    command.add_argument("--out", metavar="FOLDER", type=Path, default=Path("results"), help=text)


def _add_compare(commands) -> None:
    command = commands.add_parser(
        "compare",
        help="compare the measurements in two folders",
        description="Compare the measurements in two results folders, of two machines or two commits, row by row.",
        epilog="Two rows differ where their times do not overlap even within their noise: the range of their rounds'\n"
        "medians, or that of what the machine itself did in the same run, where this is wider.",
    )
    command.add_argument("a", metavar="A", type=Path, help="results folder, as `convnotes benchmark` writes it")
    command.add_argument("b", metavar="B", type=Path, help="results folder to compare with it")
    text = "Markdown file to write instead of printing; its last sentence is printed"
    command.add_argument("--out", metavar="FILE.md", type=Path, help=text)


def _whole(least: int):
    def convert(text):
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"must be a whole number of at least {least}, got {text!r}")
        return int(text)

    return convert


def _seconds(text):
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"must be a number of seconds above 0, got {text!r}")
    return value


def _names(known):
    def convert(text):
        chosen = text.split(",")
        for name in chosen:
            if name not in known:
                raise argparse.ArgumentTypeError(f"must be names of {', '.join(known)}, got {name!r}")
        return tuple(name for name in known if name in chosen)

    return convert


def _one_of(*known):
    def convert(text):
        if text not in known:
            raise argparse.ArgumentTypeError(f"must be {' or '.join(known)}, got {text!r}")
        return text

    return convert
