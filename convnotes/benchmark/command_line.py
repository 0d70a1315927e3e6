"""The options of the command line. Only the standard library is loaded, so that help and refusals come at once."""

import argparse
import textwrap

from convnotes import IMPLEMENTATIONS, OPERATIONS
from convnotes.benchmark import Refused, places
from convnotes.benchmark.storing.options import Options
from convnotes.benchmark.storing.schema import LAYERS
from convnotes.benchmark.terminal import output, values
from convnotes.layers.columns import documentation

# The names of `convnotes.cases.SUITES`, which would load NumPy.
SUITES = ("founding", "scaling", "networks", "ops")
# What chooses among them, or changes what they hold, has no place beside layers of one's own.
OF_SUITES = ("suite", "cases", "batch")

# The names of `convnotes.proof.rules.KINDS`, which would load hypothesis.
RULES = ("values", "finite", "arrays", "refuse", "adjoint")

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
        "dtype": "float32",
        "rounds": 2 if given.quick else 4,
        "repeats": 3,
        "batch": None,
        "limit": 0.1 if given.quick else 2.0,
    }
    chosen = {name: whole[name] if getattr(given, name) is None else getattr(given, name) for name in whole}
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


class Parser(argparse.ArgumentParser):
    """An argument parser that refuses in one sentence, without repeating its usage; `known` holds its options."""

    def __init__(self, **settings):
        self.known = []
        for part in ("description", "epilog"):
            if settings.get(part):
                settings[part] = _filled(settings[part])
        super().__init__(allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **settings)

    def add_argument(self, *names, **settings):
        self.known += [name for name in names if name.startswith("--")]
        return super().add_argument(*names, **settings)

    def print_help(self, file=None):
        output.say(self.format_help())

    def error(self, message):
        if message.startswith("argument "):
            message = message.removeprefix("argument ").replace(": ", " ", 1)
        raise Refused(message)


def _filled(text: str) -> str:
    """A text in lines that fit on a terminal; one whose lines do is left as it is."""
    lines = text.splitlines()
    return text if max(map(len, lines)) <= 80 else textwrap.fill(" ".join(lines), 80)


def parsers() -> dict[str, Parser]:
    """The parser of `convnotes`, under the name "", and those of its commands under theirs."""
    convnotes = Parser(prog="convnotes", description="Prove and measure the layers of a convolutional network.")
    convnotes.add_argument("--version", action="store_true", help="show the version and exit")
    commands = convnotes.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    return {
        "": convnotes,
        "benchmark": _add_benchmark(commands),
        "plot": _add_plot(commands),
        "compare": _add_compare(commands),
        "check": _add_check(commands),
        "template": _add_template(commands),
        "layers": _add_layers(commands),
    }


def parser() -> Parser:
    """The parser of `convnotes` with its commands."""
    return parsers()[""]


def _add_benchmark(commands) -> Parser:
    command = commands.add_parser(
        "benchmark",
        help="measure the implementations on the cases",
        description="Compare every implementation with the definition in float64, then measure how\n"
        "long it takes. Tables, figures, all timings and a description of the machine go\n"
        "to a folder: results for a full run, results/quick for --quick, and for a run\n"
        "that is narrowed in any other way one of its own in results/partial.",
        epilog="With --layers FILE every layer of your network is measured, and their times are\n"
        "summed up, each as often as the layer occurs. convnotes layers writes the file.\n\n"
        "A full run takes about a quarter of an hour, --quick less than a minute. Measure\n"
        "on an idle machine. Every finished measurement is on disk at once: a stopped run\n"
        "goes on with the same command and --resume.",
    )

    def option(name, metavar, convert, text, **settings):
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


def _add_plot(commands) -> Parser:
    command = commands.add_parser(
        "plot",
        help="rebuild tables and figures from earlier measurements",
        description="Rebuild the tables and figures in a folder from its measurements, without measuring.",
    )
    text = "folder with measurements.csv and environment.json (default: results)"
    command.add_argument("folder", metavar="FOLDER", nargs="?", type=values.place, help=text)
    command.add_argument("--out", metavar="FOLDER", type=values.place, help="the same, as `convnotes benchmark` has it")
    return command


def _add_compare(commands) -> Parser:
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


def _add_check(commands) -> Parser:
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


def _add_template(commands) -> Parser:
    command = commands.add_parser(
        "template",
        help="print a file to fill in: the vocabulary's functions, each to be written",
        description="Print a Python file with the signatures and docstrings of the vocabulary, without the bodies:\n"
        "convnotes template --out my_conv.py, then convnotes check my_conv.py.",
    )
    text = "file to write, instead of stdout; one that is there already is never replaced"
    command.add_argument("-o", "--out", metavar="FILE.py", type=values.place, help=text)
    return command


def _add_layers(commands) -> Parser:
    command = commands.add_parser(
        "layers",
        help="write a network's layers as a file, for benchmark --layers",
        description="Run a network once, and write each distinct layer of it that can be measured, with the number of\n"
        "times that it occurs, as CSV. What cannot be measured is counted on stderr.",
        epilog=documentation(),
    )
    text = "module:callable or path.py:callable that returns a torch.nn.Module, or an .onnx file"
    command.add_argument("source", metavar="SOURCE", help=text)
    text = "the shape of the network's input, such as 1,3,224,224"
    command.add_argument("--input", metavar="N,C,H,W", required=True, help=text)
    command.add_argument("-o", "--out", metavar="FILE.csv", type=values.place, help="file to write, instead of stdout")
    return command
