"""How a convolution is shared among threads: images of a batch, or bands of rows of a large image.

What takes so little time that it would be over before threads are awake is not shared. Then, and where bands do not
pay, products are left to the threads of BLAS.
"""

from math import prod

from convnotes.fast.machine import threads
from convnotes.fast.machine.workspace import spans
from convnotes.windows import Convolution

# The seconds that a problem should take on one core, at least, to be shared.
LONG = 2e-3
# The rows of a band are a multiple of this, so that whole tiles fit.
BAND = 4


def parts_of(p: Convolution, seconds: float, bands: bool = True) -> list[tuple]:
    """What each thread does: some images of a batch, or else a band of rows of each."""
    (N, *_), all_rows = p.input_size, slice(0, p.count[0])
    if seconds < LONG or (number := threads.number()) == 1:
        return [part_of(p, slice(0, N), all_rows)]
    if N >= number or not bands or prod(p.weight_size[1:]) > p.positions:
        return [part_of(p, images, all_rows) for images in spans(N, -(-N // number))]
    rows = list(spans(-(-p.count[0] // BAND), -(-p.count[0] // BAND // (number // N))))
    return [
        part_of(p, slice(n, n + 1), slice(part.start * BAND, min(part.stop * BAND, p.count[0])))
        for n in range(N)
        for part in rows
    ]


def part_of(p: Convolution, images: slice, rows: slice) -> tuple[slice, slice, slice, Convolution]:
    """The images, the rows of inputs that are met, the rows of outputs, and the convolution of these."""
    if (images.stop - images.start, rows.stop - rows.start) == (p.input_size[0], p.count[0]):
        return images, slice(None), rows, p
    met, q = p.of_rows(rows)
    N, sizes = images.stop - images.start, (p.input_size[1], p.output_size[1])
    return (
        images,
        met,
        rows,
        Convolution(*vars(q).values(), (N, sizes[0], *q.size), p.weight_size, (N, sizes[1], *q.count), p.groups),
    )
