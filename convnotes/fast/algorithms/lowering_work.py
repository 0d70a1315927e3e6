"""How large the blocks of a convolution by lowering are, what they hold, and what they cost."""

from functools import lru_cache
from math import prod

from convnotes.fast.algorithms import taps
from convnotes.fast.algorithms.blocks import Sizes, fitting, number, whole
from convnotes.fast.machine.cost import LONG, Work, product
from convnotes.windows import Convolution

# The entries that a block should hold: they fit in the cache that all cores share.
ENTRIES = 2**20
# An entry between gaps takes as long as so many in a run, and one that is added as so many that are copied.
GAPS, ADDED = 2, 1.3


def _places(p: Convolution, axes: tuple, s: Sizes) -> tuple[tuple, list, list]:
    """The rows and columns of a block's outputs, of the inputs that they meet, and of what is multiplied."""
    count, kernel = (s.rows, s.columns), (s.down, s.across)
    met = [
        min(size, (n - 1) * S + (K - 1) * D + 1)
        for size, n, S, K, D in zip(p.size, count, p.stride, kernel, p.dilation)
    ]
    return count, met, [met[axis] if axis in taps.lifted(p, axes) else count[axis] for axis in (0, 1)]


def _steps(p: Convolution, axes: tuple, s: Sizes) -> list[tuple]:
    """Of every step the entries that it copies or adds, their runs' length, its taps, gaps, whether of the input."""
    count, met, inner = _places(p, axes, s)
    steps = []
    for of_input, channels, mine in ((True, s.channels, axes), (False, s.filters, taps.lifted(p, axes))):
        planes = s.groups * s.images * channels
        active = [axis for axis in mine if taps.active(p, axis)]
        if 1 in active:
            # Before rows are lowered, or after they are lifted.
            height = inner[0] if 0 not in active else (met if of_input else count)[0]
            in_line = p.size[1] == p.stride[1] * s.columns
            run = inner[1] * (height if in_line else 1)
            steps.append((planes * s.across * height * inner[1], run, s.across, p.stride[1] > 1, of_input))
        if 0 in active:
            run = inner[1] * (inner[0] if p.stride[0] == 1 else 1)
            each = s.down * (s.across if 1 in active else 1)
            steps.append((planes * each * prod(inner), run, s.down, False, of_input))
    return steps


def _product(p: Convolution, axes: tuple, s: Sizes) -> tuple[int, int, int]:
    """The rows, terms and columns of a block's product for each of its groups."""
    kernel, lifted = (s.down, s.across), taps.lifted(p, axes)
    M = s.filters * prod(kernel[axis] for axis in lifted)
    K = s.channels * prod(kernel[axis] for axis in (0, 1) if axis not in lifted)
    return M, K, s.images * prod(_places(p, axes, s)[2])


def held(p: Convolution, axes: tuple, s: Sizes, copies: bool = True) -> int:
    """The entries that a block holds; `copies`: whether its part of the weight is copied, though it is all of it."""
    M, K, N = _product(p, axes, s)
    copies = copies or taps.lifted(p, axes) or s.matrix < prod(p.weight_size)
    weight = s.matrix * (2 + N // LONG) if copies else 0
    return s.groups * N * (M + K) + sum(entries for entries, *_ in _steps(p, axes, s)) + weight


@lru_cache(maxsize=1024)
def sizes_of(p: Convolution, axes: tuple, most: float, copies: bool) -> Sizes:
    """The sizes of blocks that hold `most` entries at most."""

    def cached(s: Sizes) -> int:
        M, K, N = _product(p, axes, s)
        return s.groups * N * (K if axes == (0, 1) else max(K, M))

    return fitting(whole(p), cached, ENTRIES, lambda s: held(p, axes, s, copies), most)


@lru_cache(maxsize=1024)
def work_of(p: Convolution, axes: tuple, which: str) -> Work:
    """What a map does: "forward", "grad_weight" or "grad_input"."""
    sizes = sizes_of(p, axes, float("inf"), copies=True)
    total = Work(calls=6)
    for entries, run, each, gaps, of_input in _steps(p, axes, sizes):
        lowers = which == "grad_weight" or of_input == (which == "forward")
        price = entries * ((GAPS if gaps else 1) if lowers else ADDED)
        total += Work(price, entries / max(1, run), each)
    if taps.lifted(p, axes):
        # The weight is turned, so that taps that are lifted belong to its filters.
        total += Work(copied=sizes.matrix, runs=sizes.matrix / (sizes.across if 1 in axes else 1))
    M, K, N = _product(p, axes, sizes)
    shape = {"forward": (M, K, N), "grad_weight": (M, N, K), "grad_input": (K, M, N)}[which]
    return (total + product(*shape, sizes.groups)) * number(p, sizes)
