"""The figures of a report, drawn from the summary alone; each is None where the measurements hold nothing for it."""

import io
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from matplotlib.figure import Figure
from PIL import Image

from convnotes.benchmark.reporting.figures import (
    error,
    heatmap,
    network,
    overview,
    parts,
    ratio,
    roofline,
    scaling,
    speedup,
    steps,
    time,
    workspace,
)
from convnotes.benchmark.storing.records import FIGURES, PNG, SVG
from convnotes.benchmark.terminal.output import progress

# Inches; a row for each of hundreds of layers makes a figure that nobody reads, and that no file can hold in the end.
HIGHEST = 100
# A picture of so many colours takes a third of the bytes, and looks the same.
COLOURS = 128


class Picture(NamedTuple):
    """A figure that was drawn.

    name: that of its files
    about: what of several figures of one title it shows, if there are several
    """

    name: str
    title: str
    about: str
    caption: str


_MODULES = {
    "overview": overview,
    "network": network,
    "time": time,
    "scaling": scaling,
    "speedup": speedup,
    "ratio": ratio,
    "steps": steps,
    "workspace": workspace,
    "roofline": roofline,
    "error": error,
    "heatmap": heatmap,
}


def write(summary: pd.DataFrame, provenance: str, folder: Path, kinds: Iterable[str] = (PNG,)) -> list[Picture]:
    """Write every figure, as SVG too if that is among the kinds; returns those there are, in their order."""
    written = []
    with parts.drawing():
        for name in progress(FIGURES, "figure", "drawing {}".format):
            draw, picture = _recipe(name, "your layers" if "times" in summary else "other cases")
            if (figure := draw(summary)) is not None and figure.get_figheight() <= HIGHEST:
                parts.sign(figure, provenance)
                _write_png(figure, folder / f"{name}.{PNG}")
                if SVG in kinds:
                    figure.savefig(folder / f"{name}.{SVG}", metadata={"Date": None})
                written.append(picture)
    return written


def _write_png(figure: Figure, path: Path) -> None:
    """Write a figure with few colours."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format=PNG)
    picture = Image.open(drawn).convert("RGB")
    picture.quantize(COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(path, PNG, optimize=True)


def _recipe(name: str, others: str) -> tuple[Callable[..., Any], Picture]:
    """How a figure is drawn, and what is told of it. What stands after a line in its name is what it is drawn of."""
    kind, _, subject = name.partition("_")
    module = _MODULES[kind]
    draw = partial(module.draw, of=subject) if subject else module.draw
    about = subject or (others if module is ratio else "")
    return draw, Picture(name, module.TITLE, about, module.CAPTION)
