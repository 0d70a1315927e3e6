"""The figures of a report, drawn from the summary alone; each is None where the measurements hold nothing for it."""

from functools import partial
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from convnotes.benchmark.reporting.figures import (
    error,
    heatmap,
    network,
    parts,
    ratio,
    roofline,
    scaling,
    speedup,
    steps,
    time,
    workspace,
)
from convnotes.benchmark.storing.records import FIGURES
from convnotes.benchmark.terminal.output import progress

# Inches; a row for each of hundreds of layers makes a figure that nobody reads, and that no file can hold in the end.
HIGHEST = 100


class Picture(NamedTuple):
    """A figure that was drawn: the name of its files, its title, and what it shows."""

    name: str
    title: str
    caption: str


_MODULES = {
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


def write(summary: pd.DataFrame, provenance: str, folder: Path) -> list[Picture]:
    """Write every figure as PNG and as SVG; returns those there are, in the order of `records.FIGURES`."""
    written = []
    with parts.drawing():
        for name in progress(FIGURES, "figure", "drawing {}".format):
            draw, title, caption = _recipe(name, "your layers" if "times" in summary else "other cases")
            if (figure := draw(summary)) is not None and figure.get_figheight() <= HIGHEST:
                parts.sign(figure, provenance)
                figure.savefig(folder / f"{name}.png")
                figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
                written.append(Picture(name, title, caption))
    return written


def _recipe(name: str, others: str):
    """How a figure is drawn, its title and its caption. What stands after a line in its name is what it is drawn of."""
    name, _, subject = name.partition("_")
    module = _MODULES[name]
    draw = partial(module.draw, of=subject) if subject else module.draw
    about = subject or (others if module is ratio else "")
    return draw, f"{module.TITLE}: {about}" if about else module.TITLE, module.CAPTION
