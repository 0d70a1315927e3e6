"""How much space there is, and how a large problem is cut into blocks: bands of output rows, or several whole images.

Every algorithm works block by block, so that what it holds beside input and output has a bound, and so that
what one step writes is still in a cache when the next one reads it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import numpy as np

from convnotes import windows
from convnotes.windows import Windows

# What a call may hold at most beside its arguments and its result, in bytes, unless one image's share is more,
BOUND = 64 * 2**20
# and what each of its threads may hold all the same, where they are more than four.
THREAD = 16 * 2**20
# The positions of an image that shares no product with others: its columns would have to be copied beside theirs.
ALONE = 2**11


@dataclass(frozen=True)
class Block:
    """The output rows `rows` of the images `images`."""

    images: slice
    rows: slice

    @property
    def count(self) -> int:
        """The number of images."""
        return length(self.images)

    @property
    def height(self) -> int:
        """The number of output rows in each image."""
        return length(self.rows)


def space(
    input_size: tuple,
    output_size: tuple,
    itemsize: int,
    threads: int = 1,
) -> int:
    """The entries that each of so many threads of a call may hold beside its arguments and its result.

    One image's share is that of which it consists: its input and its output.
    """
    share = prod(input_size[1:]) + prod(output_size[1:])
    entries = max(BOUND, threads * THREAD) // itemsize
    return max(entries, share) // max(1, threads)


def sides(N: int, rows: int, most: int) -> tuple[int, int]:
    """The images and the rows of the largest block."""
    images = max(1, min(N, most // max(1, rows)))
    height = rows if images > 1 else max(1, min(rows, most))
    # Bands of about the same height, rather than a thin one at the end.
    return images, -(-rows // -(-rows // height)) if rows else 0


def number(N: int, rows: int, most: int) -> int:
    """How many blocks there are."""
    images, height = sides(N, rows, most)
    return -(-N // images) * -(-rows // (height or 1))


def blocks(N: int, rows: int, most: int) -> Iterator[Block]:
    """All N images of so many rows, in blocks of at most `most` rows but of no fewer than one.

    A block has several whole images, or one image or a band of it.
    """
    images, height = sides(N, rows, most)
    for n in range(0, N, images):
        for y in range(0, rows, height or 1):
            yield Block(
                slice(n, min(n + images, N)),
                slice(y, min(y + height, rows)),
            )


def spans(count: int, most: int) -> Iterator[slice]:
    """A range of `count` in slices of about the same length, each of at most `most` but of no fewer than one."""
    parts = max(1, -(-count // max(1, most)))
    each = -(-count // parts)
    for start in range(0, count, each or 1):
        yield slice(start, min(start + each, count))


def halves(part: slice) -> tuple[slice, slice]:
    """The two halves of a slice whose ends are known."""
    middle = (part.start + part.stop) // 2
    return slice(part.start, middle), slice(middle, part.stop)


def length(part: slice) -> int:
    """The number of entries of a slice whose ends are known."""
    return part.stop - part.start


def beside(part: slice, size: int) -> list[slice]:
    """What lies before and after a slice of an axis of `size`, where there is any."""
    rest = []
    if part.start > 0:
        rest.append(slice(0, part.start))
    if part.stop < size:
        rest.append(slice(part.stop, size))
    return rest


def padded(
    X: np.ndarray,
    p: Windows,
    block: Block,
    height: int | None = None,
    width: int | None = None,
) -> np.ndarray:
    """The rows of the padded input that a block's windows cover, (images, C, height, width).

    A view where there is nothing to pad. `height` and `width` ask for more zeros at the bottom and right.
    """
    (H, W), (S, _), ((top, _), (left, right)) = (
        p.size,
        p.stride,
        p.padding,
    )
    first = block.rows.start * S - top
    height = height or (block.height - 1) * S + windows.extent(
        p.kernel[0], p.dilation[0]
    )
    width = width or left + W + right
    # Rows of which none is on the image are all zeros.
    start = min(H, max(0, first))
    inside = slice(start, max(start, min(H, first + height)))
    if (
        first >= 0
        and first + height <= H
        and left == 0
        and width <= W
    ):
        return X[block.images, :, inside]
    canvas = np.zeros(
        (block.count, X.shape[1], height, width), X.dtype
    )
    W = min(W, width - left)
    canvas[
        :, :, start - first : inside.stop - first, left : left + W
    ] = X[block.images, :, inside, :W]
    return canvas


def canvases(p: Windows, C: int, count: int, height: int) -> int:
    """The entries of the padded rows of a block of C channels, while those of the next are laid out."""
    if not any(map(any, p.padding)):
        return 0
    rows = (height - 1) * p.stride[0] + windows.extent(
        p.kernel[0], p.dilation[0]
    )
    return 2 * count * C * rows * p.on_padded_input().size[1]
