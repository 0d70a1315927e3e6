"""How large the blocks of a convolution by lowering are, what they hold, and what they cost."""

from functools import lru_cache
from math import prod

from convnotes.fast.algorithms.blocks import Sizes, fitting, number, whole
from convnotes.fast.algorithms.taps import active
from convnotes.fast.machine.cost import Work, product
from convnotes.windows import Convolution, Windows

# The entries that a block should hold: they fit in the cache that all cores share.
ENTRIES = 2**20
# An entry between gaps takes as long as so many in a run, and one that is added as so many that are copied.
GAPS, ADDED = 2, 1.3
# The pixels from which on an image that needs no copy at all has a product of its own.
PIXELS = 2**7


def lifted_axes(p: Windows, axes: tuple[int, ...]) -> tuple[int, ...]:
    """The axes that are not lowered, but need to be one or the other."""
    return tuple(axis for axis in (0, 1) if axis not in axes and active(p, axis))


def _shape(p: Convolution, axes: tuple[int, ...], s: Sizes) -> tuple[int, int, int, int]:
    """The rows, terms and columns of a block's product for each of its groups, and the columns of one row of places."""
    kernel, count, lifted = (s.down, s.across), (s.rows, s.columns), lifted_axes(p, axes)
    height, width = (
        min(p.size[axis], (count[axis] - 1) * p.stride[axis] + (kernel[axis] - 1) * p.dilation[axis] + 1)
        if axis in lifted
        else count[axis]
        for axis in (0, 1)
    )
    M = s.filters * prod(kernel[axis] for axis in lifted)
    K = s.channels * prod(kernel[axis] for axis in (0, 1) if axis not in lifted)
    return M, K, s.images * height * width, width


def held(p: Convolution, axes: tuple[int, ...], s: Sizes, copies: bool = True) -> int:
    """The entries that a block holds; `copies`: whether its part of the weight is copied, though it is all of it."""
    M, K, N, _ = _shape(p, axes, s)
    copies = copies or bool(lifted_axes(p, axes)) or s.matrix < prod(p.weight_size)
    weight = 2 * s.matrix if copies else 0
    total = s.groups * N * (M + K) + weight
    if len(axes) < 2:
        return total
    # A padded input, or results of which rows are lifted.
    high, wide = (
        (n - 1) * S + (k - 1) * D + 1
        for n, S, k, D in zip((s.rows, s.columns), p.stride, (s.down, s.across), p.dilation)
    )
    return total + s.groups * s.images * s.channels * high * max(wide, s.across * s.columns)


@lru_cache(maxsize=1024)
def sizes_of(p: Convolution, axes: tuple[int, ...], most: float, copies: bool = True) -> Sizes:
    """The sizes of blocks that hold `most` entries at most."""

    def cached(s: Sizes) -> int:
        M, K, N, _ = _shape(p, axes, s)
        return s.groups * N * (K if len(axes) == 2 else max(K, M))

    sizes = whole(p)
    if p.positions >= PIXELS and not (copies or active(p, 0) or active(p, 1)):
        sizes = sizes._replace(images=min(1, sizes.images))
    return fitting(sizes, cached, ENTRIES, lambda s: held(p, axes, s, copies), most)


@lru_cache(maxsize=1024)
def work_of(p: Convolution, axes: tuple[int, ...], which: str) -> Work:
    """What a map does: "forward", "grad_weight" or "grad_input"."""
    s, lifted, total = sizes_of(p, axes, float("inf")), lifted_axes(p, axes), Work(calls=6)
    M, K, N, width = _shape(p, axes, s)
    # Inputs are lowered and results lifted; in the input gradient it is the other way round; both are lowered for dK.
    for rows, mine, lowers in (
        (K, [axis for axis in axes if which == "grad_input" or active(p, axis)], which != "grad_input"),
        (M, lifted, which != "forward"),
    ):
        if mine:
            entries = s.groups * rows * N
            price = (GAPS if p.stride[1] > 1 and 1 in mine else 1) * (1 if lowers else ADDED * len(mine))
            calls = 3 if lowers and len(mine) == 2 else 2 * sum((s.down, s.across)[axis] for axis in mine)
            # Rows are the longer runs of memory.
            run = width if 1 in mine else N // max(1, s.images)
            total += Work(entries * price, entries / max(1, run), calls)
    if lifted:
        # The weight is turned, so that taps that are lifted belong to its filters.
        total += Work(copied=s.matrix, runs=s.matrix / (s.across if 1 in axes else 1))
    shape = {"forward": (M, K, N), "grad_weight": (M, N, K), "grad_input": (K, M, N)}[which]
    return (total + product(*shape, s.groups)) * number(p, s)
