"""Hypothesis strategies that draw layers from the whole lattice of parameters, or from a part of it, as cases.

An axis is built from the number of windows and the remainder they leave, not from the input's size: so every
remainder of the stride, kernels as large as the padded input and inputs of one pixel come up often.

Each strategy takes the parameters that may be drawn. One that is not among them is left out of the options, so
that whoever does not have it can be asked all the same.
"""

from collections.abc import Iterable, Sequence, Set
from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from convnotes import windows
from convnotes.cases import CASES, Case
from convnotes.parameters import Pair

# The convolutions of real networks.
LAYERS = [case for case in CASES if case.suite == "networks" and case.layer == "conv2d"]

# What may be drawn of each layer. Four are no parameters: "many" images, channels and filters, a batch that may be
# "empty", windows that leave a "remainder", and padding whose "sides" differ.
CONVOLUTION = frozenset({"many", "empty", "stride", "remainder", "padding", "sides", "dilation", "groups"})
TRANSPOSED = frozenset({"many", "empty", "stride", "padding", "output_padding", "dilation", "groups"})
MAX_POOL = frozenset({"many", "empty", "stride", "remainder", "padding", "dilation", "ceil_mode", "ties"})
AVG_POOL = frozenset(
    {"many", "empty", "stride", "remainder", "padding", "ceil_mode", "count_include_pad", "divisor_override"}
)
BIAS = frozenset({"many", "empty"})
# What may be larger than it usually is, for whatever works in blocks: one at a time, so that no layer takes long.
LARGER = frozenset({"images", "channels", "kernels", "windows", "steps"})
NORMALIZATION = frozenset({"many", "empty", "alpha", "beta", "k"})

batches = st.sampled_from([1, 0, 1, 2])


def _transpose(axes: Iterable[Iterable[Any]]) -> list[tuple[Any, ...]]:
    """Two axes' parameters as one pair for each parameter."""
    return [tuple(values) for values in zip(*axes)]


def _up_to(features: Set[str], feature: str, most: int, least: int = 1) -> st.SearchStrategy[int]:
    """Whole numbers up to `most` where the feature may be drawn, else the least alone."""
    return st.integers(least, most) if feature in features else st.just(least)


def _some(features: Set[str], kind: str, least: int, most: int, more: int) -> st.SearchStrategy[int]:
    """Whole numbers up to `most`, and up to `more` where this kind is larger."""
    usual = st.integers(least, most)
    return usual | st.integers(most + 1, more) | st.just(more) if kind in features else usual


def _options(features: Set[str], **options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name in features}


@st.composite
def _axis(draw: st.DrawFn, features: Set[str]) -> tuple[int, int, int, int, Pair]:
    """Size, kernel, stride, dilation and padding of one axis, whose windows leave a drawn remainder."""
    more = "steps" in features
    kernel, stride = draw(_some(features, "kernels", 1, 4, 7)), draw(_up_to(features, "stride", 4 + more))
    dilation, most = draw(_up_to(features, "dilation", 3 + more)), 3 + 2 * more
    number = draw(_some(features, "windows", 1, 3, 17))
    remainder = draw(_up_to(features, "remainder", stride - 1, 0))
    padded = (number - 1) * stride + windows.extent(kernel, dilation) + remainder
    if "sides" in features:
        before = draw(_up_to(features, "padding", min(most, padded - 1), 0))
        after = draw(_up_to(features, "padding", min(most, padded - 1 - before), 0))
    else:
        before = after = draw(_up_to(features, "padding", min(most, (padded - 1) // 2), 0))
    return padded - before - after, kernel, stride, dilation, (before, after)


@st.composite
def _groups(draw: st.DrawFn, features: Set[str]) -> tuple[int, int, int]:
    """Groups with the channels per group before and after, depthwise layers among them."""
    if not features & {"many", "groups"}:
        return 1, 1, 1
    groups = draw(_up_to(features, "groups", 3 + ("steps" in features)))
    more = [(1, 1), (9, 5), (5, 9)] if "channels" in features else [(1, 1), (1, 2), (2, 1), (2, 3)]
    return groups, *draw(st.sampled_from(more))


def _images(features: Set[str]) -> st.SearchStrategy[int]:
    if "empty" in features:
        return batches
    return _some(features, "images", 1, 2, 5) if "many" in features else st.just(1)


@st.composite
def convolutions(draw: st.DrawFn, features: Set[str] = CONVOLUTION) -> Case:
    image, kernel, stride, dilation, padding = _transpose([draw(_axis(features)), draw(_axis(features))])
    groups, C, F = draw(_groups(features))
    if "sides" not in features:
        padding = tuple(before for before, _ in padding)
    options = _options(features, stride=stride, padding=padding, dilation=dilation, groups=groups)
    size = (draw(_images(features)), C * groups, *image)
    return Case("drawn", "conv2d", size, (F * groups, C, *kernel), options)


@st.composite
def transposed_convolutions(draw: st.DrawFn, features: Set[str] = TRANSPOSED) -> Case:
    most = 3 + ("steps" in features)
    image = draw(st.tuples(*[_some(features, "windows", 1, 3, 17)] * 2))
    kernel = draw(st.tuples(*[_some(features, "kernels", 1, 3, 6)] * 2))
    stride, dilation = (draw(st.tuples(*[_up_to(features, name, most)] * 2)) for name in ("stride", "dilation"))
    rest = tuple(draw(_up_to(features, "output_padding", max(S, D) - 1, 0)) for S, D in zip(stride, dilation))
    uncropped = [
        (H - 1) * S + windows.extent(K, D) + more for H, S, K, D, more in zip(image, stride, kernel, dilation, rest)
    ]
    padding = tuple(draw(_up_to(features, "padding", min(3, (length - 1) // 2), 0)) for length in uncropped)
    groups, F, C = draw(_groups(features))
    options = _options(features, stride=stride, padding=padding, output_padding=rest, groups=groups, dilation=dilation)
    size = (draw(_images(features)), F * groups, *image)
    return Case("drawn", "conv_transpose2d", size, (F * groups, C, *kernel), options)


@st.composite
def _pools(draw: st.DrawFn, layer: str, features: Set[str]) -> Case:
    """A pool; with ceil_mode its kernel may be larger than the padded input, as far as one window fits."""
    ceil_mode = draw(st.booleans()) if "ceil_mode" in features else False
    apart = "stride" in features and draw(st.integers(0, 3)) < 3
    axes = []
    for _ in range(2):
        kernel, dilation = draw(_some(features, "kernels", 1, 4, 7)), draw(_up_to(features, "dilation", 3))
        stride = draw(st.integers(1, 4)) if apart else kernel
        padding = draw(_up_to(features, "padding", kernel // 2, 0))
        shortest = windows.extent(kernel, dilation) - 2 * padding - (stride - 1 if ceil_mode else 0)
        if "remainder" in features:
            size = shortest + draw(_some(features, "windows", 0, 2 * stride, 16 * stride))
        else:
            further = draw(_some(features, "windows", 0, 2, 16))
            size = windows.extent(kernel, dilation) - 2 * padding + stride * further
        axes.append((max(1, size), kernel, stride, dilation, padding))
    image, kernels, strides, dilations, paddings = _transpose(axes)
    options = _options(
        features | {"kernel_size"}, kernel_size=kernels, stride=strides, padding=paddings, ceil_mode=ceil_mode,
        dilation=dilations,
    )  # fmt: skip
    if not apart and "stride" in features:
        options["stride"] = None
    channels = draw(_some(features, "channels", 2, 2, 9)) if "many" in features else 1
    case = Case("drawn", layer, (draw(_images(features)), channels, *image), None, options)
    assume(_exists(case))
    return case


def _exists(case: Case) -> bool:
    """False where, with ceil_mode, the only window would start beyond the input."""
    try:
        return case.windows is not None
    except ValueError:
        return False


@st.composite
def max_pools(draw: st.DrawFn, features: Set[str] = MAX_POOL) -> Case:
    case = draw(_pools("max_pool2d", features))
    options = _options(features, ties=draw(st.sampled_from(["first", "all"])))
    return Case(case.name, case.layer, case.input_size, None, {**case.options, **options})


@st.composite
def avg_pools(draw: st.DrawFn, features: Set[str] = AVG_POOL) -> Case:
    case = draw(_pools("avg_pool2d", features))
    options = _options(
        features,
        count_include_pad=draw(st.booleans()),
        divisor_override=draw(st.sampled_from([None, None, 3, -2, 1])),
    )
    return Case(case.name, case.layer, case.input_size, None, {**case.options, **options})


@st.composite
def normalizations(draw: st.DrawFn, features: Set[str] = NORMALIZATION, sizes: Sequence[int] = range(1, 10)) -> Case:
    pixels = draw(st.tuples(st.integers(1, 2), st.integers(1, 3)))
    options = {"size": draw(st.sampled_from(sizes))} | _options(
        features,
        alpha=draw(st.sampled_from([0.0, 1e-4, 0.5, 2])),
        beta=draw(st.sampled_from([0.5, 0.75, 1.0, 2.0])),
        k=draw(st.sampled_from([0.5, 1.0, 2])),
    )
    input_size = (draw(_images(features)), draw(_some(features, "channels", 1, 7, 17)), *pixels)
    return Case("drawn", "local_response_norm", input_size, None, options)


@st.composite
def biases(draw: st.DrawFn, features: Set[str] = BIAS) -> Case:
    axes = [_some(features, kind, 1, 4, 17) for kind in ("channels", "windows", "windows")]
    return Case("drawn", "bias_add", (draw(_images(features)), *draw(st.tuples(*axes))))


layers = st.one_of(convolutions(), transposed_convolutions(), max_pools(), avg_pools(), normalizations(), biases())

# Small whole numbers make ties, in max pooling, likely; normal numbers make them impossible. Not-a-numbers and
# infinities must stand in the result where the definition puts them, and nowhere else.
fills = st.sampled_from(["whole", "normal", "not finite"])
NOT_FINITE = (np.nan, np.inf, -np.inf)

# What the definition does with infinities is no news: infinity less infinity, zero times infinity, and overflow.
UNWARNED: dict[str, Any] = {"invalid": "ignore", "over": "ignore"}
unwarned = np.errstate(**UNWARNED)


def operands(case: Case, seed: int, fill: str = "normal") -> dict[str, Any]:
    """The case's random operands.

    fill: "normal" numbers; an input of -1, 0 and 1 ("whole"); "digits" in all operands, which read well, or "distinct"
    ones in the input; some entries that are "not finite" in any of them; or an input of "minus infinity"
    """
    rng = np.random.default_rng(seed)
    drawn = case.operands(rng)
    if fill == "whole" or (fill == "not finite" and rng.random() < 0.5):
        drawn["input"] = rng.integers(-1, 2, case.input_size).astype(float)
    if fill in ("digits", "distinct"):
        for name, array in drawn.items():
            if isinstance(array, np.ndarray):
                drawn[name] = rng.integers(1, 10, array.shape).astype(float)
        few = rng.integers(-2, 3, case.input_size)
        drawn["input"] = (few if fill == "digits" else rng.permutation(few.size).reshape(few.shape)).astype(float)
    if fill == "minus infinity":
        drawn["input"][...] = -np.inf
    if fill == "not finite":
        for array in drawn.values():
            if isinstance(array, np.ndarray) and array.size and rng.random() < 0.5:
                fewer = rng.integers(1, 4)
                array.flat[rng.integers(array.size, size=fewer)] = rng.choice(NOT_FINITE, fewer)
    return drawn
