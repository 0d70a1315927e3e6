"""The options of the command line. Only the standard library is loaded, so that help and refusals come at once."""

import argparse
import math
from dataclasses import dataclass
from pathlib import Path

from convnotes import IMPLEMENTATIONS, OPERATIONS


@dataclass(frozen=True)
class Options:
    """What to measure, and how; see `convnotes benchmark --help`."""

    cases: str
    operations: tuple[str, ...]
    implementations: tuple[str, ...]
    threads: int
    dtype: str
    repeats: int
    batch: int | None
    limit: float
    out: Path


def options(given: argparse.Namespace) -> Options:
    """The options of `convnotes benchmark`, with the defaults that depend on --quick."""
    defaults = (3, 0.1, Path("results/quick")) if given.quick else (10, 2.0, Path("results"))
    values = {name: value for name, value in vars(given).items() if name not in ("command", "quick")}
    for name, default in zip(("repeats", "limit", "out"), defaults):
        values[name] = default if values[name] is None else values[name]
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
    """The parser of `convnotes` with its two commands."""
    convnotes = Parser(
        prog="convnotes", description="Measure the layers of a convolutional network and draw the results."
    )
    commands = convnotes.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    _add_benchmark(commands)
    _add_plot(commands)
    return convnotes


def _add_benchmark(commands) -> None:
    command = commands.add_parser(
        "benchmark",
        help="measure the implementations on the cases",
        description="Compare every implementation with the definition in float64, then measure how long it takes.\n"
        "Tables, figures, all timings and a description of the machine go to the output folder.",
        epilog="A full run takes a few minutes, --quick about half a minute. Measure on an idle machine.",
    )

    def option(name, default, metavar, convert, text):
        command.add_argument(f"--{name}", default=default, metavar=metavar, type=convert, help=text)

    known = ", ".join(IMPLEMENTATIONS)
    option("cases", "*", "GLOB", str, "cases whose name matches, such as 'alexnet/*' (default: all)")
    option("operations", tuple(OPERATIONS), "A,B", _names(OPERATIONS), "such as conv2d,max_pool2d (default: all)")
    option("implementations", tuple(IMPLEMENTATIONS), "A,B", _names(IMPLEMENTATIONS), f"of {known} (default: all)")
    option("threads", 1, "N", _whole(1), "threads for NumPy's BLAS and for torch (default: 1)")
    option("dtype", "float32", "DTYPE", _dtype, "float32 or float64 (default: float32)")
    option("repeats", None, "N", _whole(3), "timings of a call; long calls get fewer, but 3 (default: 10, quick: 3)")
    option("batch", None, "N", _whole(1), "images in a batch (default: as the case has it)")
    option("limit", None, "SECONDS", _seconds, "do not run what takes longer for one call (default: 2, quick: 0.1)")
    option("out", None, "FOLDER", Path, "where results are written (default: results, quick: results/quick)")
    command.add_argument("--quick", action="store_true", help="fewer repeats and a lower limit, for a first look")


def _add_plot(commands) -> None:
    command = commands.add_parser(
        "plot",
        help="rebuild tables and figures from earlier measurements",
        description="Rebuild the tables and figures in a folder from its measurements, without measuring.",
    )
    text = "folder with measurements.csv and environment.json (default: results)"
    command.add_argument("--out", metavar="FOLDER", type=Path, default=Path("results"), help=text)


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


def _dtype(text):
    if text not in ("float32", "float64"):
        raise argparse.ArgumentTypeError(f"must be float32 or float64, got {text!r}")
    return text
