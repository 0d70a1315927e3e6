"""`convnotes layers`: from the source of a network to a layers file."""

import re
from pathlib import Path

from convnotes import parameters
from convnotes.layers import LayersError, sources
from convnotes.layers.kinds import MOST
from convnotes.wording import quote


def input_size(text: str) -> tuple[int, int, int, int]:
    """The shape (N, C, H, W) in a text such as "1,3,224,224"; LayersError where it is none."""
    lengths = [one.strip() for one in text.split(",")]
    if not all(re.fullmatch("[0-9]{1,10}", one) for one in lengths):
        raise LayersError(f"--input must be four whole numbers N,C,H,W such as 1,3,224,224, got {quote(text)}")
    try:
        size = parameters.size("--input", tuple(map(int, lengths)))
    except ValueError as problem:
        raise LayersError(f"{problem}") from None
    if max(size) > MOST:
        raise LayersError(f"--input must hold numbers of at most {MOST}, got {quote(text)}")
    return size


def layers(source: str, input_size: tuple[int, ...], path: Path | None = None) -> tuple[str, str]:
    """The layers file of a network, as text and at `path` if one is given, and a sentence on what stands not in it.

    source: `module:callable` or `file.py:callable` for torch, or a file that ends in .onnx
    input_size: the shape (N, C, H, W) of the network's input
    LayersError where the network cannot be used, holds no layer, or its file cannot be written.
    """
    # Reading and writing load NumPy.
    from convnotes.layers.writing import write

    if source.lower().endswith(".onnx"):
        from convnotes.layers.trace_onnx import trace
    else:
        from convnotes.layers.trace_torch import trace
    found = trace(source, input_size)
    if not found.layers:
        reason = found.sentence()
        raise LayersError(f"{sources.shown(source)} has no layer to measure" + (f" ({reason})" if reason else ""))
    return write(found.layers, path), found.sentence()
