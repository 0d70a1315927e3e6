"""Hypothesis strategies that draw layers from the whole lattice of parameters, as cases.

An axis is built from the number of windows and the remainder they leave, not from the input's size: so
every remainder of the stride, kernels as large as the padded input and inputs of one pixel come up often.
"""

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from convnotes import windows
from convnotes.cases import CASES, Case

# The convolutions of real networks.
LAYERS = [case for case in CASES if case.suite == "networks" and case.layer == "conv2d"]

batches = st.sampled_from([0, 1, 1, 2])


def _transpose(axes):
    """Two axes' parameters as one pair for each parameter."""
    return [tuple(values) for values in zip(*axes)]


@st.composite
def _axis(draw):
    """Size, kernel, stride, dilation and padding of one axis, whose windows leave a drawn remainder."""
    kernel, stride, dilation = draw(st.integers(1, 4)), draw(st.integers(1, 4)), draw(st.integers(1, 3))
    number, remainder = draw(st.integers(1, 3)), draw(st.integers(0, stride - 1))
    padded = (number - 1) * stride + windows.extent(kernel, dilation) + remainder
    before = draw(st.integers(0, min(3, padded - 1)))
    after = draw(st.integers(0, min(3, padded - 1 - before)))
    return padded - before - after, kernel, stride, dilation, (before, after)


@st.composite
def _groups(draw):
    """Groups with the channels per group before and after, depthwise layers among them."""
    groups = draw(st.integers(1, 3))
    inside, outside = draw(st.sampled_from([(1, 1), (1, 2), (2, 1), (2, 3)]))
    return groups, inside, outside


@st.composite
def convolutions(draw):
    image, kernel, stride, dilation, padding = _transpose([draw(_axis()), draw(_axis())])
    groups, C, F = draw(_groups())
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return Case("drawn", "conv2d", (draw(batches), C * groups, *image), (F * groups, C, *kernel), options)


@st.composite
def transposed_convolutions(draw):
    image = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    kernel, stride, dilation = (draw(st.tuples(st.integers(1, 3), st.integers(1, 3))) for _ in range(3))
    output_padding = tuple(draw(st.integers(0, max(S, D) - 1)) for S, D in zip(stride, dilation))
    uncropped = [
        (H - 1) * S + windows.extent(K, D) + rest
        for H, S, K, D, rest in zip(image, stride, kernel, dilation, output_padding)
    ]
    padding = tuple(draw(st.integers(0, min(3, (length - 1) // 2))) for length in uncropped)
    groups, F, C = draw(_groups())
    options = {
        "stride": stride,
        "padding": padding,
        "output_padding": output_padding,
        "groups": groups,
        "dilation": dilation,
    }
    return Case("drawn", "conv_transpose2d", (draw(batches), F * groups, *image), (F * groups, C, *kernel), options)


@st.composite
def _pools(draw, layer, dilations):
    """A pool; with ceil_mode its kernel may be larger than the padded input, as far as one window fits."""
    ceil_mode = draw(st.booleans())
    axes = []
    for _ in range(2):
        kernel, stride, dilation = draw(st.integers(1, 4)), draw(st.integers(1, 4)), draw(dilations)
        padding = draw(st.integers(0, kernel // 2))
        shortest = windows.extent(kernel, dilation) - 2 * padding - (stride - 1 if ceil_mode else 0)
        size = max(1, shortest + draw(st.integers(0, 2 * stride)))
        axes.append((size, kernel, stride, dilation, padding))
    image, kernel, stride, dilation, padding = _transpose(axes)
    options = {"kernel_size": kernel, "stride": stride, "padding": padding, "ceil_mode": ceil_mode}
    if layer == "max_pool2d":
        options["dilation"] = dilation
    case = Case("drawn", layer, (draw(batches), 2, *image), None, options)
    assume(_exists(case))
    return case


def _exists(case: Case) -> bool:
    """False where, with ceil_mode, the only window would start beyond the input."""
    try:
        return case.windows is not None
    except ValueError:
        return False


@st.composite
def max_pools(draw):
    case = draw(_pools("max_pool2d", st.integers(1, 3)))
    return Case(
        case.name, case.layer, case.input_size, None, {**case.options, "ties": draw(st.sampled_from(["first", "all"]))}
    )


@st.composite
def avg_pools(draw):
    case = draw(_pools("avg_pool2d", st.just(1)))
    options = {"count_include_pad": draw(st.booleans()), "divisor_override": draw(st.sampled_from([None, None, 3, -2]))}
    return Case(case.name, case.layer, case.input_size, None, {**case.options, **options})


@st.composite
def normalizations(draw):
    input_size = (draw(batches), draw(st.integers(1, 7)), *draw(st.tuples(st.integers(1, 2), st.integers(1, 3))))
    options = {
        "size": draw(st.integers(1, 9)),
        "alpha": draw(st.sampled_from([0.0, 1e-4, 0.5, 2.0])),
        "beta": draw(st.sampled_from([0.5, 0.75, 2.0])),
        "k": draw(st.sampled_from([0.5, 1.0, 2.0])),
    }
    return Case("drawn", "local_response_norm", input_size, None, options)


@st.composite
def biases(draw):
    return Case("drawn", "bias_add", (draw(batches), *draw(st.tuples(*[st.integers(1, 4)] * 3))))


layers = st.one_of(convolutions(), transposed_convolutions(), max_pools(), avg_pools(), normalizations(), biases())

# Small whole numbers make ties, in max pooling, likely; normal numbers make them impossible. Not-a-numbers and
# infinities must stand in the result where the definition puts them, and nowhere else.
fills = st.sampled_from(["normal", "whole", "not finite"])
NOT_FINITE = (np.nan, np.inf, -np.inf)

# What the definition does with infinities is no news: infinity less infinity, zero times infinity, and overflow.
UNWARNED = {"invalid": "ignore", "over": "ignore"}
unwarned = np.errstate(**UNWARNED)


def operands(case: Case, seed: int, fill: str = "normal") -> dict:
    """The case's random operands; grad_output is never whole, and any of them can have entries that are not finite."""
    rng = np.random.default_rng(seed)
    drawn = case.operands(rng)
    if fill == "whole" or (fill == "not finite" and rng.random() < 0.5):
        drawn["input"] = rng.integers(-1, 2, case.input_size).astype(float)
    if fill == "not finite":
        for array in drawn.values():
            if isinstance(array, np.ndarray) and array.size and rng.random() < 0.5:
                few = rng.integers(1, 4)
                array.flat[rng.integers(array.size, size=few)] = rng.choice(NOT_FINITE, few)
    return drawn
