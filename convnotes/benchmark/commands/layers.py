"""`convnotes layers`: a network's own layers as a file."""

from argparse import Namespace
from typing import Any

from convnotes.benchmark import Refused
from convnotes.benchmark.terminal import output, values
from convnotes.benchmark.terminal.parser import Parser
from convnotes.layers.columns import documentation

# The extra that has what it needs beside NumPy.
EXTRA = "torch"


def add(commands: Any) -> Parser:
    """Add the command's parser to those of `convnotes`."""
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


def run(given: Namespace) -> tuple[int, str]:
    """The exit code, and what is to be printed."""
    from convnotes.layers import LayersError
    from convnotes.layers.command import input_size, layers

    try:
        text, left_out = layers(given.source, input_size(given.input), given.out)
    except LayersError as problem:
        raise Refused(str(problem)) from None
    if left_out:
        output.complain(left_out)
    return 0, f"Written to {given.out}\n" if given.out else text
