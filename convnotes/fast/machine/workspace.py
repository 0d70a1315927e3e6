"""How much a call may hold beside its arguments and its result, and how an axis is cut so that it holds no more.

Every algorithm works block by block, so that its workspace has a bound, and so that what one step writes is still in a
cache when the next one reads it.
"""

from collections.abc import Iterator, Sequence
from math import prod

import numpy as np

# The bytes that a call may hold, unless one image's share is more,
BOUND = 64 * 2**20
# and those that each of its threads may hold all the same, where they are more than four.
THREAD = 16 * 2**20

# glibc hands freed memory back to the system, which clears it anew, page by page, for the next call. Once an array as
# large as this has been freed it keeps up to 64 MiB instead: see M_MMAP_THRESHOLD in mallopt(3).
np.empty(2**25 - 2**13, np.uint8)


def space(input_size: Sequence[int], output_size: Sequence[int], itemsize: int, threads: int = 1) -> int:
    """The entries that each of so many threads of a call may hold.

    One image's share is that of which it consists: its input and its output.
    """
    share = prod(input_size[1:]) + prod(output_size[1:])
    entries = max(BOUND, threads * THREAD) // itemsize
    return max(entries, share) // max(1, threads)


def spans(count: int, most: float) -> Iterator[slice]:
    """A range of `count` in slices of about the same length, each of at most `most` but of no fewer than one."""
    parts = max(1, -int(-count // max(1, most)))
    each = -(-count // parts)
    for start in range(0, count, each or 1):
        yield slice(start, min(start + each, count))


def length(part: slice) -> int:
    """The number of entries of a slice whose ends are known."""
    return part.stop - part.start
