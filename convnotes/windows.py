"""Where sliding windows lie: how many there are, which entries they cover, what they leave over.

Along one axis, window y covers the entries  y*S + i*D  for 0 <= i < K  of the padded input: S is the
stride, D the dilation, K the kernel's size. Pairs are (vertical, horizontal) throughout.

Source: Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", arXiv 1603.07285.
Derived in notebooks/01_convolution.ipynb.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from convnotes import parameters
from convnotes.parameters import IntOrPair, Padding, PaddingLike, Pair, Size, SizeLike, both


def extent(kernel: int, dilation: int = 1) -> int:
    """The length that a dilated window spans along one axis, D(K - 1) + 1."""
    return dilation * (kernel - 1) + 1


def count(padded: int, kernel: int, stride: int = 1, dilation: int = 1) -> int:
    """The number of windows that fit on a padded axis, floor((H + 2P - D(K-1) - 1) / S) + 1; below 1 if none fits."""
    return (padded - extent(kernel, dilation)) // stride + 1


def inside(start: int, step: int, count: int, size: int) -> tuple[slice, slice]:
    """Which of the `count` places start, start + step, ... lie on an axis of `size`, and where on it they lie."""
    # Comparisons, since min and max take twice as long, and every call asks this for every tap.
    low = -(start // step) if start < 0 else 0
    if low > count:
        low = count
    high = (size - 1 - start) // step + 1
    if high > count:
        high = count
    first = start + low * step
    if high <= low:
        return slice(low, low), slice(0, 0, step)
    return slice(low, high), slice(first, first + (high - low - 1) * step + 1, step)


@dataclass(frozen=True)
class Windows:
    """Windows on an image of `size` (H, W), `count` (H_Y, W_Y) of them along each axis."""

    size: Pair
    kernel: Pair
    stride: Pair
    dilation: Pair
    padding: Padding
    count: Pair

    @property
    def area(self) -> int:
        """The number of entries of a window, kH * kW."""
        return self.kernel[0] * self.kernel[1]

    @property
    def positions(self) -> int:
        """The number of windows, H_Y * W_Y."""
        return self.count[0] * self.count[1]

    @property
    def covered(self) -> Pair:
        """The length from the first window's start to the last one's end, (H_Y - 1)S + D(K-1) + 1."""
        return both(
            (number - 1) * S + extent(K, D)
            for number, K, S, D in zip(self.count, self.kernel, self.stride, self.dilation)
        )

    @property
    def remainder(self) -> Pair:
        """Rows and columns of the padded input after the last window; negative where the last window overhangs."""
        return both(
            before + size + after - covered
            for size, (before, after), covered in zip(self.size, self.padding, self.covered)
        )

    @property
    def uncovered(self) -> Padding:
        """The remainder as a padding: what to crop from the padded input to keep just the covered part."""
        return both((0, max(0, rest)) for rest in self.remainder)

    @property
    def canvas_padding(self) -> Padding:
        """The padding, enlarged at the bottom and right where a window of ceil_mode overhangs it."""
        return both((before, after + max(0, -rest)) for (before, after), rest in zip(self.padding, self.remainder))

    def along(self, axis: int) -> tuple[int, int, int, int, int]:
        """Of an axis the image's size, the kernel's, the stride, the dilation, and the padding before the image."""
        before, _ = self.padding[axis]
        return self.size[axis], self.kernel[axis], self.stride[axis], self.dilation[axis], before

    def on_padded_input(self) -> "Windows":
        """The same windows, with the padding taken as part of the input."""
        size = both(before + size + after for size, (before, after) in zip(self.size, self.padding))
        return Windows(size, self.kernel, self.stride, self.dilation, ((0, 0), (0, 0)), self.count)

    def meet_input(self, axis: int) -> list[bool]:
        """Which windows cover an entry of the input along an axis; dilated ones can lie wholly on the padding."""
        size, K, S, D, before = self.along(axis)
        return [any(0 <= y * S + i * D - before < size for i in range(K)) for y in range(self.count[axis])]

    def all_meet_input(self) -> bool:
        """Whether every window covers an entry of the input."""
        return all(self._begin_or_end_on_input(axis) or all(self.meet_input(axis)) for axis in (0, 1))

    def _begin_or_end_on_input(self, axis: int) -> bool:
        """Whether windows neither end before the input nor begin behind it, nor step over it: enough to meet it."""
        size, K, S, D, before = self.along(axis)
        return before < extent(K, D) and (self.count[axis] - 1) * S - before < size and D <= size

    def first_on_input(self, axis: int, k: int) -> list[int]:
        """The windows whose entries before the k-th lie on the padding that comes first, and whose k-th does not."""
        _, _, S, D, before = self.along(axis)
        windows = range(min(self.count[axis], -(-before // S)))
        return [y for y in windows if -(-(before - y * S) // D) == k]

    def overlap(self) -> bool:
        """Whether windows are longer than they lie apart, so that an entry can belong to several."""
        return any(extent(K, D) > S for K, D, S in zip(self.kernel, self.dilation, self.stride))

    def meetings(self, axis: int) -> Iterator[tuple[slice, slice]]:
        """For every entry of the kernel along an axis, the windows whose entry lies on the input, and where it lies.

        Both are empty where no window has that entry on the input.
        """
        size, K, S, D, before = self.along(axis)
        for i in range(K):
            yield inside(i * D - before, S, self.count[axis], size)

    def of_rows(self, rows: slice) -> tuple[slice, "Windows"]:
        """A band of windows as a problem of its own: the rows of the input that they meet, and the windows on these."""
        met, padding = self._met(0, rows, slice(0, self.kernel[0]))
        size, count = (met.stop - met.start, self.size[1]), (rows.stop - rows.start, self.count[1])
        return met, Windows(size, self.kernel, self.stride, self.dilation, (padding, self.padding[1]), count)

    def part(
        self, outputs: tuple[slice, slice], taps: tuple[slice, slice] | None = None
    ) -> tuple[tuple[slice, slice], "Windows"]:
        """Some windows, with all of the kernel or some of its rows and columns, as a problem of its own.

        Returns the rows and columns of the input that they meet, and the windows on these. An axis of which nothing is
        left out stays as it is.
        """
        taps = taps or both(slice(0, K) for K in self.kernel)
        met: list[slice] = []
        padding: list[Pair] = []
        for axis, (some, entries) in enumerate(zip(outputs, taps)):
            whole = some == slice(0, self.count[axis]) and entries == slice(0, self.kernel[axis])
            lies = (slice(0, self.size[axis]), self.padding[axis]) if whole else self._met(axis, some, entries)
            met.append(lies[0])
            padding.append(lies[1])
        size, count, kernel = (both(part.stop - part.start for part in pair) for pair in (met, outputs, taps))
        return both(met), Windows(size, kernel, self.stride, self.dilation, both(padding), count)

    def _met(self, axis: int, outputs: slice, taps: slice) -> tuple[slice, Pair]:
        """What some taps of some windows meet along an axis, and the padding around that."""
        size, _, S, D, before = self.along(axis)
        first = outputs.start * S + taps.start * D - before
        last = first + (outputs.stop - outputs.start - 1) * S + extent(taps.stop - taps.start, D)
        start = min(size, max(0, first))
        stop = max(start, min(size, last))
        return slice(start, stop), (start - first, last - stop)

    def entries(self, y: int, x: int, on_padding: bool = False) -> Iterator[Pair]:
        """The entries (h, w) that window (y, x) covers, in row-major order.

        Those of the input, or with `on_padding` those of the padded input, where h and w can be negative.
        """
        (S_H, S_W), (D_H, D_W), ((top, _), (left, _)) = self.stride, self.dilation, self.padding
        rows, columns = (
            range(-before, size + after) if on_padding else range(size)
            for size, (before, after) in zip(self.size, self.padding)
        )
        for i in range(self.kernel[0]):
            for j in range(self.kernel[1]):
                h, w = y * S_H + i * D_H - top, x * S_W + j * D_W - left
                if h in rows and w in columns:
                    yield h, w


@dataclass(frozen=True)
class Convolution(Windows):
    """The windows of a convolution, with the sizes of its input, its weight (F, C/G, kH, kW) and its output."""

    input_size: Size
    weight_size: Size
    output_size: Size
    groups: int

    def first_channel(self, f: int) -> int:
        """The first input channel that filter f reads: filters of group g read the g-th share of the channels."""
        return f // (self.weight_size[0] // self.groups) * self.weight_size[1]


def sliding(
    input_size: SizeLike,
    kernel_size: IntOrPair,
    stride: IntOrPair = 1,
    padding: PaddingLike = 0,
    dilation: IntOrPair = 1,
    *,
    name: str = "kernel_size",
) -> Windows:
    """The windows that fit on the padded input; an error about the kernel's size calls it `name`."""
    image = parameters.size("input_size", input_size)[2:]
    kernel = parameters.pair(name, kernel_size, 1)
    S, D = parameters.pair("stride", stride, 1), parameters.pair("dilation", dilation, 1)
    sides = parameters.padding(padding, kernel, S, D)
    padded = [before + size + after for size, (before, after) in zip(image, sides)]
    counts = both(map(count, padded, kernel, S, D))
    _refuse_empty(counts, name, kernel, D, padded)
    return Windows(image, kernel, S, D, sides, counts)


def convolution(
    input_size: SizeLike,
    weight_size: SizeLike,
    stride: IntOrPair = 1,
    padding: PaddingLike = 0,
    dilation: IntOrPair = 1,
    groups: int = 1,
) -> Convolution:
    """The windows of conv2d; ValueError where the sizes and parameters do not go together."""
    N, C, *_ = input_size = parameters.size("input", input_size)
    F, C_K, *kernel = weight_size = parameters.size("weight", weight_size, "(C_out, C_in/groups, kH, kW)")
    groups = parameters.integer("groups", groups, 1)
    if C % groups or F % groups:
        raise ValueError(f"groups must divide C_in and C_out, got groups {groups} for C_in {C} and C_out {F}")
    if C != C_K * groups:
        raise ValueError(f"weight must have C_in/groups = {C}/{groups} channels per filter, got shape {weight_size}")
    p = sliding(input_size, kernel, stride, padding, dilation, name="weight")
    return Convolution(
        **vars(p), input_size=input_size, weight_size=weight_size, output_size=(N, F, *p.count), groups=groups
    )


def transposed_convolution(
    input_size: SizeLike,
    weight_size: SizeLike,
    stride: IntOrPair = 1,
    padding: IntOrPair = 0,
    output_padding: IntOrPair = 0,
    groups: int = 1,
    dilation: IntOrPair = 1,
) -> Convolution:
    """The convolution whose transpose conv_transpose2d is: its *output* is the transposed convolution's input.

    The transposed convolution's own output, of size (H_X - 1)S - 2P + D(K-1) + 1 + output_padding, is
    this convolution's `input_size`, and the output padding is the remainder its windows leave over.
    """
    N, F, *counts = input_size = parameters.size("input", input_size)
    C_in, C_K, *kernel = weight_size = parameters.size("weight", weight_size, "(C_in, C_out/groups, kH, kW)")
    stride, dilation = parameters.pair("stride", stride, 1), parameters.pair("dilation", dilation, 1)
    cropped = parameters.pair("padding", padding, 0)
    output_padding = parameters.pair("output_padding", output_padding, 0)
    groups = parameters.integer("groups", groups, 1)
    if C_in != F:
        raise ValueError(f"weight must have C_in = {F} channels along its first axis, got shape {weight_size}")
    if F % groups:
        raise ValueError(f"groups must divide C_in, got groups {groups} for C_in {F}")
    if any(rest >= max(S, D) for rest, S, D in zip(output_padding, stride, dilation)):
        raise ValueError(
            f"output_padding must be below max(stride, dilation), got {output_padding} "
            f"with stride {stride} and dilation {dilation}"
        )
    image = both(
        (number - 1) * S - 2 * P + extent(K, D) + rest
        for number, S, P, K, D, rest in zip(counts, stride, cropped, kernel, dilation, output_padding)
    )
    if min(image) < 1:
        raise ValueError(
            f"padding must leave an output of at least one pixel, got {padding!r} for an output of {image}"
        )
    sides = both((P, P) for P in cropped)
    output_size = (N, C_K * groups, *image)
    return Convolution(
        image, both(kernel), stride, dilation, sides, both(counts), output_size, weight_size, input_size, groups
    )


def fractional(p: Convolution) -> Windows:
    """The windows of a transposed convolution on its input with S - 1 zeros between the entries: stride 1, one for each
    entry of its output.

    p: from `transposed_convolution`. The padding is D(K-1) - P, with the output padding added at the end; where P is
    larger than D(K-1) it is negative, and windows do not read the outermost entries.
    """
    size = both(S * (number - 1) + 1 for number, S in zip(p.count, p.stride))
    padding = both(
        (extent(K, D) - 1 - before, extent(K, D) - 1 - after + rest)
        for K, D, (before, after), rest in zip(p.kernel, p.dilation, p.padding, p.remainder)
    )
    return Windows(size, p.kernel, (1, 1), p.dilation, padding, p.size)


def pool(
    input_size: SizeLike,
    kernel_size: IntOrPair,
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
    dilation: IntOrPair = 1,
    ceil_mode: bool = False,
) -> Windows:
    """The windows of a pool; a stride of None is the kernel's size.

    With ceil_mode a last window may hang over the padding's end if it starts inside the input or
    the padding before it.
    """
    image = parameters.size("input", input_size)[2:]
    kernel = parameters.pair("kernel_size", kernel_size, 1)
    stride = kernel if stride is None else parameters.pair("stride", stride, 1)
    pads = parameters.pair("padding", padding, 0)
    dilation = parameters.pair("dilation", dilation, 1)
    ceil_mode = parameters.flag("ceil_mode", ceil_mode)
    if any(P > K // 2 for P, K in zip(pads, kernel)):
        raise ValueError(
            f"padding must be at most half of kernel_size, got {padding!r} for kernel_size {kernel_size!r}"
        )
    padded = [size + 2 * P for size, P in zip(image, pads)]
    counts = []
    for size, P, whole, K, S, D in zip(image, pads, padded, kernel, stride, dilation):
        number = count(whole + (S - 1 if ceil_mode else 0), K, S, D)
        starts_beyond = (number - 1) * S >= size + P
        counts.append(number - 1 if ceil_mode and starts_beyond else number)
    _refuse_empty(counts, "kernel_size", kernel, dilation, padded)
    return Windows(image, kernel, stride, dilation, both((P, P) for P in pads), both(counts))


def channels(c: int, size: int, C: int) -> range:
    """The channels that normalize channel c of C: from c - size//2 to c + (size-1)//2, as far as they exist."""
    return range(max(0, c - size // 2), min(C, c + (size - 1) // 2 + 1))


def _refuse_empty(counts: Sequence[int], name: str, kernel: Pair, dilation: Pair, padded: Sequence[int]) -> None:
    if min(counts) < 1:
        spans = tuple(map(extent, kernel, dilation))
        raise ValueError(
            f"{name} must not be larger than the padded input, got a kernel that spans {spans} on {tuple(padded)}"
        )
