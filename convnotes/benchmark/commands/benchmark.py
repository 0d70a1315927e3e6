"""`convnotes benchmark`: measure the implementations on the cases, or on layers of one's own."""

import argparse
from collections.abc import Callable
from typing import Any

from convnotes import IMPLEMENTATIONS, OPERATIONS
from convnotes.benchmark import Refused, isa, places
from convnotes.benchmark.storing.options import Options
from convnotes.benchmark.storing.schema import LAYERS, SUITES
from convnotes.benchmark.terminal import values
from convnotes.benchmark.terminal.parser import Parser

# The extra that has what it needs beside NumPy.
EXTRA = "benchmark"
# What chooses among them, or changes what they hold, has no place beside layers of one's own.
OF_SUITES = ("suite", "cases", "batch")


# More rounds or repeats than this teach nothing, and their jobs would no longer fit in memory.
MOST = 1000


def options(given: argparse.Namespace) -> Options:
    """The options of `convnotes benchmark`, with the defaults that depend on others; also of where results go."""
    network = None
    if given.layers is not None:
        if clash := [name for name in OF_SUITES if getattr(given, name) is not None]:
            raise Refused(f"--layers must be given without --{clash[0]}, which is of the suites, got both")
        # What reads the file loads NumPy.
        from convnotes.benchmark.network import read

        network = read(given.layers)
    cuda = given.device == "cuda"
    whole = {
        "suite": (LAYERS,) if network else SUITES,
        "cases": None,
        "operations": tuple(OPERATIONS),
        "implementations": ("torch",) if cuda else tuple(IMPLEMENTATIONS),
        "device": "cpu",
        "threads": 1,
        "isa": isa.NATIVE,
        "dtype": "float32",
        "rounds": 2 if given.quick else 4,
        "repeats": 3,
        "batch": None,
        "limit": 0.1 if given.quick else 2.0,
    }
    chosen: dict[str, Any] = {
        name: whole[name] if getattr(given, name) is None else getattr(given, name) for name in whole
    }
    chosen["cases"] = ",".join(given.cases) if given.cases else None
    foreign = tuple(one for one in given.implementations or () if one.label not in IMPLEMENTATIONS)
    if given.implementations:
        chosen["implementations"] = tuple(one.label for one in given.implementations)
    if cuda and chosen["implementations"] != ("torch",):
        raise Refused(
            f"--implementations must be torch with --device cuda, got {','.join(chosen['implementations'])!r}"
        )
    chosen["quick"] = given.quick
    if given.out is None:
        stem = given.layers and given.layers.stem
        out = places.folder(chosen | {"layers": stem}, {"layers": None} | whole)
    else:
        out = given.out
    return Options(**chosen, resume=given.resume, out=out, foreign=foreign, network=network)


def add(commands: Any) -> Parser:
    """Add the command's parser to those of `convnotes`."""
    command = commands.add_parser(
        "benchmark",
        help="measure the implementations on the cases",
        description="Compare every implementation with the definition in float64, then measure how\n"
        "long it takes. Tables, figures, all timings and a description of the machine go\n"
        "to a folder: one in results with this machine's name for a full run,\n"
        "results/quick for --quick, and for a run that is narrowed in any other way one\n"
        "of its own in results/partial.",
        epilog="With --layers FILE every layer of your network is measured, and their times are\n"
        "summed up, each as often as the layer occurs. convnotes layers writes the file.\n\n"
        "A full run takes about half an hour, --quick about a minute. Measure on\n"
        "an idle machine. Every finished measurement is on disk at once: a stopped run\n"
        "goes on with the same command and --resume.",
    )

    def option(name: str, metavar: str, convert: Callable[[str], Any], text: str, **settings: Any) -> None:
        command.add_argument(f"--{name}", metavar=metavar, type=convert, help=text, **settings)

    suites, known = ", ".join(SUITES), ", ".join(IMPLEMENTATIONS)
    option("suite", "A,B", values.names(SUITES), f"of {suites} (default: all)")
    text = "cases of these whose name matches, such as 'alexnet/*,ops/bias'; can be repeated (default: all)"
    option("cases", "GLOB,GLOB", values.patterns, text, action="append")
    text = "the layers in a file instead, as `convnotes layers` writes it, and what they add up to in their network"
    option("layers", "FILE", values.place, text)
    option("operations", "A,B", values.names(OPERATIONS), "such as conv2d,max_pool2d (default: all)")
    text = f"of {known} (default: all; on cuda torch), modules as my_package.conv, or files as ./my_conv.py with any "
    text += "of their functions, each in a process of its own; label=./my_conv.py names one"
    option("implementations", "A,B", values.implementations, text)
    text = "cpu or cuda, where torch alone is timed (default: cpu)"
    option("device", "DEVICE", values.one_of("cpu", "cuda"), text)
    option("threads", "N", values.whole(1), "threads for NumPy's BLAS and for torch (default: 1)")
    text = "native, or avx2 for NumPy and torch as on a processor without AVX-512 (default: native)"
    option("isa", "ISA", values.one_of(*isa.VARIABLES), text)
    option("dtype", "DTYPE", values.one_of("float32", "float64"), "float32 or float64 (default: float32)")
    text = "times to go over the whole list of problems (default: 4, quick: 2)"
    option("rounds", "N", values.whole(1, MOST), text)
    text = "timings of a call in a round; calls above 0.1 s get one (default: 3)"
    option("repeats", "N", values.whole(1, MOST), text)
    option("batch", "N", values.whole(1), "images in a batch of a network's layers (default: 1 and 8, quick: 1)")
    text = "do not run what takes longer for one call, plain loops a quarter of it (default: 2, quick: 0.1)"
    option("limit", "SECONDS", values.seconds, text)
    text = "where results are written instead; whatever a benchmark left there is replaced"
    option("out", "FOLDER", values.place, text)
    text = "fewer rounds, a lower limit and, without --cases or --layers, fewer cases, for a first look"
    command.add_argument("--quick", action="store_true", help=text)
    command.add_argument("--resume", action="store_true", help="go on with a run of the same options that was stopped")
    command.add_argument("--list", action="store_true", help="print the names of the cases chosen, and measure nothing")
    return command


def run(given: argparse.Namespace) -> tuple[int, str]:
    """The exit code, and what is to be printed."""
    chosen = options(given)
    if given.list:
        from convnotes.benchmark.measuring.jobs import choose

        names = dict.fromkeys(job.case.name for job in choose(chosen) if not job.is_machine)
        return 0, "".join(f"{name}\n" for name in names)
    if given.out is None:
        places.refuse_other_runs(chosen)
    from convnotes.benchmark.run import run

    return run(chosen)
