"""How a convolution is shared among threads: images of a batch, or bands of rows of a large image.

What takes so little time that it would be over before threads are awake is not shared. Then, and where bands do not
pay, products are left to the threads of BLAS.
"""

from math import prod

from convnotes.fast.algorithms.blocks import in_units
from convnotes.fast.machine import threads
from convnotes.fast.machine.workspace import spans
from convnotes.windows import Convolution

Share = tuple[slice, slice, slice, Convolution]
# The seconds that a problem should take on one core, at least, to be shared.
LONG = 2e-3
# The rows of a band are a multiple of this, so that whole tiles fit.
BAND = 4


def parts_of(p: Convolution, seconds: float, bands: bool = True) -> list[Share]:
    """What each thread does: some images of a batch, or else a band of rows of each."""
    (N, *_), all_rows = p.input_size, slice(0, p.count[0])
    if seconds < LONG or (number := threads.number()) == 1:
        return [part_of(p, slice(0, N), all_rows)]
    if N >= number or not bands or prod(p.weight_size[1:]) > p.positions:
        return [part_of(p, images, all_rows) for images in spans(N, -(-N // number))]
    rows = in_units(p.count[0], -(-p.count[0] // (number // N)), BAND)
    return [part_of(p, slice(n, n + 1), band) for n in range(N) for band in rows]


def part_of(p: Convolution, images: slice, rows: slice) -> Share:
    """The images, the rows of inputs that are met, the rows of outputs, and the convolution of these."""
    # With all rows of windows those of the input too that no window covers: an input gradient has them.
    met, q = (slice(None), p) if rows.stop - rows.start == p.count[0] else p.of_rows(rows)
    N = images.stop - images.start
    input_size, output_size = (N, p.input_size[1], *q.size), (N, p.output_size[1], *q.count)
    of = q.size, q.kernel, q.stride, q.dilation, q.padding, q.count
    return images, met, rows, Convolution(*of, input_size, p.weight_size, output_size, p.groups)
