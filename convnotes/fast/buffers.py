"""Space that is used again and again, and rows in it that do not get in each other's way.

Memory that is new to a process is slow: the operating system hands it out page by page, and clears each page first.
"""

import numpy as np

# The entries of a line of a cache, in float32.
LINE = 16


def rows(buffer: np.ndarray, number: int, length: int) -> np.ndarray:
    """The first part of a buffer, as so many rows.

    They begin an odd number of lines apart: a power of two apart they would all compete for the same places in a cache.
    """
    step = apart(length)
    return buffer[: number * step].reshape(number, step)[:, :length]


def apart(length: int) -> int:
    """How many entries lie from the beginning of a row to that of the next."""
    return LINE * (-(-length // LINE) | 1)


def copy_rows(source: np.ndarray, out: np.ndarray) -> None:
    """Copy rows, each as one value of many bytes: short ones in half the time.

    Not rows of one entry, or with gaps in them; and those that follow one another are one run as they are.
    """
    width, both = out.shape[-1], (source, out)
    in_runs = all(A.strides[-1] == A.itemsize for A in both)
    follow = all(A.strides[-2] == width * A.itemsize for A in both)
    if width == 1 or not in_runs or follow:
        out[...] = source
        return
    row = np.dtype((np.void, width * out.itemsize))
    out.view(row)[...] = source.view(row)
