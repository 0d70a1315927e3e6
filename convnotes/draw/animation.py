"""A window on its way over the padded input, as a moving picture: shown in a notebook, or written to a file."""

import os
from collections import Counter
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from convnotes.draw.walk import Board, sliding

_FORMATS = {".gif": "GIF", ".png": "PNG"}
_DOTS_PER_INCH = 100
_COLORS = 32


@dataclass(frozen=True)
class Animation:
    """Frames of one size, each shown for as many seconds; at the end of a cell it plays, over and over."""

    frames: tuple[Image.Image, ...]
    seconds: float

    def __repr__(self) -> str:
        return f"Animation of {len(self.frames)} frames"

    def _repr_png_(self) -> bytes:
        """An animated PNG: browsers play it, and like every PNG it is not compared when a notebook is tested."""
        return self._encoded("PNG")

    def save(self, path: str | os.PathLike) -> None:
        """Write the animation as GIF or as animated PNG, whichever the name ends with; at once, or not at all."""
        path = _writable(path)
        new = path.with_name(f".{path.name}.{os.getpid()}.new")
        try:
            new.write_bytes(self._encoded(_FORMATS[path.suffix.lower()]))
            os.replace(new, path)
        finally:
            new.unlink(missing_ok=True)

    def _encoded(self, form: str) -> bytes:
        buffer = BytesIO()
        first, *rest = self.frames
        first.save(
            buffer, form, save_all=True, append_images=rest, duration=round(1000 * self.seconds), loop=0, optimize=True
        )
        return buffer.getvalue()


def animate(
    size, kernel_size, stride=1, padding=0, dilation=1, X=None, Y=None, path=None, seconds: float = 0.7
) -> Animation:
    """The window at one position after the other, in row-major order; parameters as in `walk`.

    Y: the output's numbers, each of which appears with its window
    path: a file to write the animation to as well, ending in .gif or .png
    seconds: how long the window stays at a position
    """
    if path is not None:
        path = _writable(path)
    if not seconds > 0:
        raise ValueError(f"seconds must be above 0, got {seconds!r}")
    p = sliding(size, kernel_size, stride, padding, dilation, X, Y)
    board, frames = Board(p, X), []
    for position in np.ndindex(p.count):
        board.write(Y, [position])
        marks = board.mark([position])
        frames.append(_photograph(board.fig))
        for mark in marks:
            mark.remove()
    plt.close(board.fig)
    animation = Animation(_with_few_colors(frames), seconds)
    if path is not None:
        animation.save(path)
    return animation


def _photograph(fig) -> Image.Image:
    buffer = BytesIO()
    fig.savefig(buffer, format="png", dpi=_DOTS_PER_INCH)
    return Image.open(buffer).convert("RGB")


def _with_few_colors(frames: list[Image.Image]) -> tuple[Image.Image, ...]:
    """The frames in their commonest colours, the same for all: few bytes, and a white that stays white."""
    found = Counter()
    for frame in frames:
        found.update({color: number for number, color in frame.getcolors(frame.width * frame.height)})
    # Pillow takes neighbouring colours for one another: with none of them, each of these stays what it is.
    chosen = []
    for color, _ in found.most_common():
        if all(max(map(abs, np.subtract(color, other))) >= 16 for other in chosen) and len(chosen) < _COLORS:
            chosen.append(color)
    palette = Image.new("P", (1, 1))
    palette.putpalette([channel for color in chosen for channel in color])
    return tuple(frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames)


def _writable(path) -> Path:
    path = Path(path)
    if path.suffix.lower() not in _FORMATS:
        raise ValueError(f"path must end in .gif or .png, got {str(path)!r}")
    if not path.parent.is_dir():
        raise ValueError(f"path must lie in a folder that exists, got {str(path)!r}")
    if path.is_dir():
        raise ValueError(f"path must be a file, got the folder {str(path)!r}")
    return path
