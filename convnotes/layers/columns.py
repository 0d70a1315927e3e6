"""The columns of a layers file: reading, writing and the documentation all take them from this one table."""

import textwrap
from dataclasses import dataclass
from typing import Any

from convnotes.layers.kinds import Choice, Flag, Line, Padding, Pair, Real, Whole

WIDTH = 80
REQUIRED = "required"

CONVOLUTIONS = ("conv2d", "conv_transpose2d")
POOLS = ("max_pool2d", "avg_pool2d")
NORMALIZATIONS = ("local_response_norm",)
OPERATIONS = (*CONVOLUTIONS, *POOLS, *NORMALIZATIONS, "bias_add")


@dataclass(frozen=True)
class Column:
    """One column: its name, what it means, its kind, whose it is, and what an empty cell stands for.

    operations: the operations that it belongs to; it is empty for others
    default: REQUIRED where they all need it; None where it follows from other columns, as `derived` says
    option: what the vocabulary calls it; empty where it is no option there
    """

    name: str
    meaning: str
    kind: Any
    operations: tuple[str, ...] = OPERATIONS
    default: object = REQUIRED
    option: str = ""
    derived: str = ""


COLUMNS = (
    Column("name", "what the layer is called, each in its own way", Line()),
    Column("operation", "the forward operation; its gradients go with it", Choice(OPERATIONS)),
    Column("N", "images in a batch", Whole(0)),
    Column("C_in", "channels of the input", Whole(1)),
    Column("H", "rows of the input, in pixels", Whole(1)),
    Column("W", "columns of the input, in pixels", Whole(1)),
    Column("C_out", "channels of the output", Whole(1), CONVOLUTIONS),
    Column("kernel", "size of the kernel or window, in pixels", Pair(1), CONVOLUTIONS + POOLS),
    Column(
        "stride",
        "pixels from one window to the next",
        Pair(1),
        CONVOLUTIONS + POOLS,
        None,
        "stride",
        "1, and the kernel's size for a pool",
    ),
    Column(
        "padding",
        "pixels around the input",
        Padding(),
        CONVOLUTIONS + POOLS,
        0,
        "padding",
    ),
    Column(
        "dilation",
        "pixels from one entry of the kernel to the next",
        Pair(1),
        (*CONVOLUTIONS, "max_pool2d"),
        1,
        "dilation",
    ),
    Column("groups", "groups of channels; C_in of them make it depthwise", Whole(1), CONVOLUTIONS, 1, "groups"),
    Column(
        "output_padding",
        "rows and columns more at the output's end",
        Pair(0),
        ("conv_transpose2d",),
        0,
        "output_padding",
    ),
    Column("ceil_mode", "whether a last window may hang over the end", Flag(), POOLS, False, "ceil_mode"),
    Column(
        "count_include_pad",
        "whether the padding counts in the mean",
        Flag(),
        ("avg_pool2d",),
        True,
        "count_include_pad",
    ),
    Column(
        "divisor_override",
        "what to divide by in place of the window's size",
        Whole(),
        ("avg_pool2d",),
        None,
        "divisor_override",
        "the window's size",
    ),
    Column("size", "channels in the window of the normalization", Whole(1), NORMALIZATIONS, REQUIRED, "size"),
    Column("alpha", "factor of the mean of squares, as in torch", Real(), NORMALIZATIONS, 1e-4, "alpha"),
    Column("beta", "exponent of the normalization", Real(), NORMALIZATIONS, 0.75, "beta"),
    Column("k", "what is added before the power is taken", Real(), NORMALIZATIONS, 1.0, "k"),
    Column("times", "how often the layer occurs in its network", Whole(1), OPERATIONS, 1),
)
BY_NAME = {column.name: column for column in COLUMNS}

# Every layer needs these, so that a file without one of them is no layers file.
ALWAYS = tuple(column.name for column in COLUMNS if column.default is REQUIRED and column.operations == OPERATIONS)


def default(column: Column, operation: str, kernel: Any = None) -> Any:
    """What an empty cell stands for; `kernel` is what the stride of a pool follows."""
    if column.name == "stride":
        return kernel if operation in POOLS else 1
    return column.default


def documentation() -> str:
    """What a layers file is and what its columns hold, in lines of at most 80 characters."""
    text = (
        "A layers file has one layer a line: CSV whose first line names the columns, in any order, or JSON with a "
        "list of objects. Its name ends in .csv or .json. An empty cell, a column left out and JSON's null all stand "
        "for the default, which is torch's. A cell stays empty where its column is none of the operation's. A pair is "
        "a whole number for both axes, or two, vertical x horizontal: 3x5, in JSON also [3, 5]."
    )
    lines = [*textwrap.wrap(text, WIDTH), ""]
    indent = max(len(name) for name in BY_NAME) + 4
    for column in COLUMNS:
        told = "" if column.operations == OPERATIONS else f"of {', '.join(column.operations)}: "
        told += f"{column.meaning}: {column.kind.form} ({_needs(column)})"
        first = f"  {column.name}".ljust(indent)
        lines += textwrap.wrap(told, WIDTH, initial_indent=first, subsequent_indent=" " * indent)
    return "\n".join(lines) + "\n"


def _needs(column: Column) -> str:
    if column.default is REQUIRED:
        return REQUIRED
    return f"default: {column.derived or column.kind.write(column.default)}"
