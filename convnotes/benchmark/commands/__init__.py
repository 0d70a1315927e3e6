"""The commands: each file adds one command's parser, and says what the command does.

Only the standard library is loaded, so that help and refusals come at once; what a command needs it loads itself.
"""

from convnotes.benchmark.commands import benchmark, check, compare, layers, plot, template
from convnotes.benchmark.terminal.parser import Parser

COMMANDS = {
    "benchmark": benchmark,
    "plot": plot,
    "compare": compare,
    "check": check,
    "template": template,
    "layers": layers,
}


def parsers() -> dict[str, Parser]:
    """The parser of `convnotes`, under the name "", and those of its commands under theirs."""
    convnotes = Parser(prog="convnotes", description="Prove and measure the layers of a convolutional network.")
    convnotes.add_argument("--version", action="store_true", help="show the version and exit")
    commands = convnotes.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    return {"": convnotes} | {name: command.add(commands) for name, command in COMMANDS.items()}


def parser() -> Parser:
    """The parser of `convnotes` with its commands."""
    return parsers()[""]
