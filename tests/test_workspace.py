"""What `fast` holds beside its arguments and its result: within the bound, whichever parameter is large."""

import tracemalloc
from contextlib import nullcontext, suppress
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convnotes import OPERATIONS, fast, naive, windows
from convnotes.cases import Case
from convnotes.check import error
from convnotes.fast import bias, dispatch
from convnotes.fast.algorithms import planes, shares, sliding
from convnotes.fast.machine import threads, workspace
from convnotes.proof import arrays, problems
from convnotes.proof.calls import LAYOUTS
from test_fast import NAMES, assert_right

pytestmark = pytest.mark.usefixtures("forgetful")

# The bound: DESIGN has it in bytes, and so does this test, rather than to read it where it is used.
BOUND = 64 * 2**20


def peak(call):
    tracemalloc.start()
    try:
        result = call()
        return tracemalloc.get_traced_memory()[1] - result.nbytes
    finally:
        tracemalloc.stop()


def conv(input_size, weight_size, gradients=True, **options):
    return Case("conv2d", "conv2d", input_size, weight_size, options, gradients=gradients)


def transposed(input_size, weight_size, **options):
    return Case("conv_transpose2d", "conv_transpose2d", input_size, weight_size, options)


def pools(input_size, *kinds, **options):
    return [Case(kind, kind, input_size, None, options) for kind in kinds or ("max_pool2d", "avg_pool2d")]


def norm(input_size, **options):
    return [Case("local_response_norm", "local_response_norm", input_size, None, options)]


def bias_of(input_size):
    return [Case("bias_add", "bias_add", input_size)]


# The textbook's way, which takes every layer, and another; all of them together would take minutes.
ALL = "im2col balanced"
# A layer for each parameter at its extreme, the others moderate; and the algorithms asked for beside the one chosen.
CONVOLUTIONS = {
    "batch": (conv((4096, 8, 8, 8), (8, 8, 3, 3), padding=1, stride=2), ALL),
    "channels in": (conv((1, 200_000, 3, 3), (1, 200_000, 3, 3), padding=1), "im2col"),
    "channels in, one pixel": (conv((1, 2**20, 2, 2), (2, 2**20, 1, 1)), ALL),
    "channels out": (conv((1, 4, 5, 5), (60_000, 4, 3, 3), padding=1), "im2col"),
    "channels in and out": (conv((1, 1500, 2, 2), (1500, 1500, 3, 3), padding=1), ALL),
    "channels in and out, several images": (conv((2, 1500, 4, 4), (1500, 1500, 3, 3), padding=1), ALL),
    "channels in and out, stride": (conv((1, 2048, 4, 4), (2048, 2048, 3, 3), padding=1, stride=2), ALL),
    "channels in and out, one pixel": (conv((2, 4500, 1, 1), (4500, 4500, 1, 1)), ALL),
    "a weight as large as its images": (conv((1, 512, 7, 7), (700, 512, 7, 7)), "im2col"),
    "width": (conv((1, 4, 1, 2**20), (4, 4, 1, 3), padding=(0, 1)), ALL),
    "width, 3 x 3": (conv((1, 2, 3, 2**20), (2, 2, 3, 3), padding=1), ALL),
    "height": (conv((1, 4, 2**20, 1), (4, 4, 3, 1), padding=(1, 0)), ALL),
    "one channel": (conv((1, 1, 2048, 2048), (1, 1, 3, 3), padding=1), ALL),
    "stride": (conv((1, 4, 4, 2**20), (4, 4, 3, 3), stride=(1, 1000), padding=1), ALL),
    "stride and padding": (conv((1, 64, 10, 10), (4, 64, 3, 3), stride=1000, padding=2000), ALL),
    "padding": (conv((1, 64, 8, 8), (1, 64, 3, 3), padding=300), ALL),
    "padding below": (conv((1, 64, 8, 8), (1, 64, 2, 2), padding=((0, 1000), (0, 100))), ALL),
    "dilation": (conv((1, 16, 1024, 40), (4, 16, 3, 3), dilation=(500, 15)), ALL),
    "dilation across": (conv((1, 16, 40, 1024), (4, 16, 3, 3), dilation=(15, 500)), ALL),
    "dilation and padding": (conv((1, 16, 10, 10), (1, 16, 2, 2), dilation=700, padding=700, stride=50), ""),
    "kernel": (conv((1, 2, 1001, 1001), (1, 2, 1000, 1000)), ""),
    "kernel, by im2col": (conv((1, 1, 1002, 1002), (1, 1, 1000, 1000), gradients=False), "im2col"),
    "kernel wide": (conv((1, 2, 4, 4096), (2, 2, 1, 4000), padding=(0, 5)), ""),
    "kernel high": (conv((1, 2, 4096, 4), (2, 2, 4000, 1), padding=(5, 0)), ""),
    "kernel of the image": (conv((1, 8, 1024, 1024), (1, 8, 1024, 1024)), ""),
    "kernel of the image, by im2col": (conv((1, 5, 2048, 2048), (1, 5, 2048, 2048), gradients=False), "im2col"),
    "kernel on padding": (conv((1, 4, 8, 8), (1, 4, 1200, 1200), padding=597), ""),
    "groups": (conv((1, 4096, 8, 8), (4096, 4, 3, 3), padding=1, groups=1024), ALL),
    "groups with large weights": (conv((1, 3000, 2, 2), (3000, 1500, 2, 2), groups=2), ALL),
    "depthwise, channels": (conv((1, 2**16, 8, 8), (2**16, 1, 3, 3), padding=1, groups=2**16), ALL),
    "depthwise, side": (conv((1, 2, 2048, 2048), (2, 1, 3, 3), padding=1, groups=2), ALL),
    "depthwise, width": (conv((1, 2, 2, 2**20), (2, 1, 1, 5), padding=(0, 2), groups=2, stride=2), ALL),
    "depthwise, height": (conv((1, 2, 2**20, 2), (2, 1, 5, 1), padding=(2, 0), groups=2), ALL),
    "depthwise, kernel": (conv((1, 2, 900, 900), (2, 1, 899, 899), groups=2, gradients=False), ""),
    "depthwise, dilation": (conv((1, 2, 1100, 1100), (2, 1, 3, 3), groups=2, dilation=500), ""),
    "depthwise, padding": (conv((1, 16, 8, 8), (16, 1, 3, 3), groups=16, padding=500), ALL),
    "transposed, batch": (transposed((8192, 8, 4, 4), (8, 8, 4, 4), stride=2, padding=1), ALL),
    "transposed, stride": (transposed((1, 8, 4, 4), (8, 1, 3, 3), stride=1000), ALL),
    "transposed, stride down": (transposed((1, 8, 4, 1000), (8, 1, 3, 3), stride=(1000, 1)), ALL),
    "transposed, output padding": (transposed((1, 8, 3, 3), (8, 1, 2, 2), stride=1000, output_padding=999), ALL),
    "transposed, dilation": (transposed((1, 8, 3, 3), (8, 1, 2, 2), dilation=900, output_padding=899), ""),
    "transposed, kernel": (transposed((1, 4, 4, 4), (4, 1, 900, 900)), "col2im"),
    "transposed, padding": (transposed((1, 16, 800, 800), (16, 1, 3, 3), padding=390), ALL),
    "transposed, width": (transposed((1, 2, 1, 2**20), (2, 2, 1, 4), stride=(1, 2), padding=(0, 1)), ALL),
}
OTHERS = {
    "batch": pools((2**17, 8, 4, 4), kernel_size=2),
    "batch of windows": pools((2**21, 2, 1, 2), kernel_size=(1, 2)),
    "one channel": pools((1, 1, 3000, 3000), kernel_size=3, stride=2, padding=1),
    "stride 1": pools((1, 1, 3000, 3000), kernel_size=3, stride=1, padding=1),
    "all ties": pools((1, 1, 3000, 3000), "max_pool2d", kernel_size=3, stride=1, padding=1, ties="all"),
    "width": pools((1, 1, 1, 2**23), kernel_size=(1, 3), stride=1, padding=(0, 1)),
    "height": pools((1, 1, 2**23, 1), kernel_size=(3, 1), stride=1, padding=(1, 0)),
    "kernel": pools((1, 1, 1010, 1010), kernel_size=1000, stride=1),
    "kernel of many channels": pools((1, 4, 1024, 1024), kernel_size=700, stride=50),
    "kernel of a large image": pools((1, 1, 4096, 4096), kernel_size=(4090, 3), stride=(3, 500)),
    "kernel wide": pools((1, 1, 1, 2**14), kernel_size=(1, 2**14 - 2), stride=1),
    "kernel of the image": pools((1, 1, 4096, 4096), kernel_size=4096),
    "padding, ceil_mode": pools((1, 1, 2000, 2000), kernel_size=2000, stride=300, padding=1000, ceil_mode=True),
    "stride, ceil_mode": pools((1, 4, 1000, 1000), kernel_size=10, stride=999, ceil_mode=True),
    "dilation": pools((1, 1, 3000, 3000), "max_pool2d", kernel_size=3, stride=1, dilation=1000, padding=1),
    "dilation on padding": pools((1, 8, 1000, 1000), "max_pool2d", kernel_size=2, stride=1, dilation=1001, padding=1),
    "divisor": pools((1, 1, 3000, 3000), "avg_pool2d", kernel_size=3, stride=1, padding=1, divisor_override=7),
    "no padding counts": pools((1, 1, 3000, 3000), "avg_pool2d", kernel_size=2, padding=1, count_include_pad=False),
    "size": norm((1, 4, 512, 512), size=10_000),
    "size beyond all": norm((1, 4, 64, 64), size=10**7),
    "channels": norm((1, 2**22, 1, 1), size=5),
    "channels and size": norm((1, 2**22, 1, 1), size=2**20, beta=0.6),
    "images": norm((2**15, 8, 2, 2), size=5),
    "pixels": norm((1, 1, 2048, 2048), size=5),
    "images of one pixel": bias_of((2**20, 20, 1, 1)),
    "channels of one pixel": bias_of((1, 2**23, 1, 1)),
    "one channel of many pixels": bias_of((1, 1, 4096, 4096)),
}
ROWS = [(f"{layer.name}, {name}", layer, asked) for name, (layer, asked) in CONVOLUTIONS.items()]
ROWS += [(f"{layer.name}, {name}", layer, "") for name, layers in OTHERS.items() for layer in layers]


def excess(case, operation, dtype=np.float32, **options):
    """By how many bytes a call goes beyond the bound; below 0 it does not."""
    shapes = {"input": case.input_size, "weight": case.weight_size, "grad_output": case.output_size}
    shapes["bias"] = case.output_size[1:2]
    drawn = {name: np.zeros(shape, dtype) for name, shape in shapes.items() if shape and name in OPERATIONS[operation]}
    arguments = case.arguments(operation, drawn | {"input_size": case.input_size, "weight_size": case.weight_size})
    share = np.dtype(dtype).itemsize * (prod(case.input_size[1:]) + prod(case.output_size[1:]))
    # Python's own objects beside.
    return peak(lambda: getattr(fast, operation)(**arguments, **options)) - max(BOUND, share) - 2**17


@pytest.mark.parametrize(("case", "asked"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_what_is_held_has_a_bound(case, asked, monkeypatch):
    """For two threads together."""
    monkeypatch.setattr(threads, "number", lambda: 2)
    found = {}
    for operation in case.operations:
        transposes = operation in ("conv2d_grad_input", "conv_transpose2d")
        names = [name for name in asked.split() if name != "col2im" or transposes]
        for algorithm in ["auto", *names] if case.weight_size else [None]:
            options = {} if algorithm is None else {"algorithm": algorithm}
            # Of an input gradient's phases an algorithm that is asked for need not take all.
            with suppress(ValueError) if algorithm not in ("auto", None) else nullcontext():
                found[operation, algorithm] = excess(case, operation, **options)
    assert {key: over / 2**20 for key, over in found.items() if over > 0} == {}


@pytest.mark.parametrize("algorithm", NAMES)
@pytest.mark.parametrize("count", [1, 2, 8])
def test_so_it_has_for_any_number_of_threads_and_in_double_precision(count, algorithm, monkeypatch):
    """A batch that threads share; beyond four they may hold 16 MiB each."""
    monkeypatch.setattr(threads, "number", lambda: count)
    case = conv((8, 256, 14, 14), (256, 256, 3, 3), padding=1)
    for operation in case.operations if algorithm != "col2im" else ["conv2d_grad_input"]:
        over = excess(case, operation, np.float64, algorithm=algorithm)
        assert over <= max(0, count * 2**24 - BOUND), operation


SMALL_IMAGES = [case for case in problems.LAYERS if prod(case.input_size) < 2**18 and case.options["groups"] < 512]


# Beside its arrays, Python's own objects, and what NumPy holds of the three operands of an addition.
BESIDE = 2**16 + 3 * 4 * np.getbufsize()


@pytest.mark.parametrize("case", SMALL_IMAGES, ids=lambda case: case.name)
@pytest.mark.parametrize("name", NAMES)
def test_the_workspace_is_what_an_algorithm_says(name, case, monkeypatch):
    """In as much space as there is, and in a quarter of that where it has a way to cut the problem so far."""
    monkeypatch.setattr(threads, "number", lambda: 1)
    case = case.with_batch(3)
    p, algorithm = case.windows, {**dispatch.ALGORITHMS, **dispatch.TRANSPOSES}[name]
    if not algorithm.takes(p):
        return
    X, K, dY = (np.zeros(size, np.float32) for size in (p.input_size, p.weight_size, p.output_size))
    for most in (workspace.space(p.input_size, p.output_size, 4), workspace.BOUND // 16):
        said = algorithm.workspace(p, most)
        calls = {
            "forward": lambda Y, most=most: algorithm.forward(X, K, p, Y, most) or Y,
            "grad_weight": lambda dK, most=most: algorithm.grad_weight(X, dY, p, dK, most) or dK,
            "grad_input": lambda dX, most=most: algorithm.grad_input(K, dY, p, dX, most) or dX,
        }
        results = {"forward": dY, "grad_weight": K, "grad_input": X}
        for which in calls if name in dispatch.TRANSPOSES else ["forward", "grad_weight"]:
            out = np.zeros_like(results[which])
            held = peak(lambda call=calls[which], out=out: call(out)) + out.nbytes
            assert held <= 4 * said + BESIDE, (which, most)


LARGER = [case.with_batch(N).windows for case in problems.LAYERS for N in (1, 8)]


@pytest.mark.parametrize("p", LARGER, ids=str)
@pytest.mark.parametrize("which", ["forward", "grad_weight", "grad_input"])
def test_what_is_chosen_stays_within_the_bound(p, which):
    one = 4 * (prod(p.input_size[1:]) + prod(p.output_size[1:]))
    most = workspace.space(p.input_size, p.output_size, 4)
    assert 4 * most <= max(BOUND, one)
    chosen, _ = dispatch.transpose("auto", p) if which == "grad_input" else dispatch.choose("auto", p, which)
    if chosen is not None:
        assert 4 * chosen.workspace(p, most) <= max(BOUND, one)


@pytest.mark.parametrize("operation", ["conv2d", "max_pool2d", "local_response_norm"])
def test_a_large_image_needs_little_more_than_itself(operation):
    X = np.ones((1, 16, 1024, 1024), np.float32)
    calls = {
        "conv2d": lambda: fast.conv2d(X, np.ones((4, 16, 3, 3), np.float32), padding=1),
        "max_pool2d": lambda: fast.max_pool2d(X, 3, 2, 1),
        "local_response_norm": lambda: fast.local_response_norm(X, 5),
    }
    assert peak(calls[operation]) <= BOUND


@pytest.fixture(params=[1, 3], ids=["alone", "shared"])
def little_space(request, monkeypatch):
    """So little that small problems are cut, too."""
    monkeypatch.setattr(threads, "number", lambda: request.param)
    monkeypatch.setattr(workspace, "BOUND", 2**9 * request.param**2)
    monkeypatch.setattr(workspace, "THREAD", 2**8)
    monkeypatch.setattr(planes, "BLOCK", 2**9)
    monkeypatch.setattr(bias, "MOST", 4)
    monkeypatch.setattr(shares, "LONG", 0)


def assert_layers_right(layer, examples):
    """On drawn layers of a kind, against the definition."""

    @settings(max_examples=examples)
    @given(getattr(problems, layer)(), st.integers(0, 2**32), problems.fills)
    def matches(case, seed, fill):
        drawn = problems.operands(case, seed, fill)
        for operation in case.operations:
            arguments = case.arguments(operation, drawn)
            result = getattr(fast, operation)(**arguments)
            assert error(result, getattr(naive, operation)(**arguments)) < 1e-12, operation

    matches()


DRAWN = ["convolutions", "transposed_convolutions", "max_pools", "avg_pools", "normalizations", "biases"]


# What the definition does with infinities is no news, in whichever thread.
unwarned = pytest.mark.filterwarnings("ignore:invalid value", "ignore:overflow")


@unwarned
@pytest.mark.usefixtures("little_space")
@pytest.mark.parametrize("layer", DRAWN)
def test_parts_that_fit_in_little_space_make_the_whole(layer):
    assert_layers_right(layer, 40)


@pytest.mark.usefixtures("little_space")
@pytest.mark.parametrize("store", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("case", arrays.LAYERS, ids=lambda case: case.name)
def test_so_do_those_of_any_memory_layout(case, store):
    drawn = problems.operands(case, seed=15)
    for operation in case.operations:
        stored = {name: store(drawn[name]) for name in arrays.operands(operation)}
        result = getattr(fast, operation)(**case.arguments(operation, drawn | stored))
        assert error(result, getattr(naive, operation)(**case.arguments(operation, drawn))) < 1e-12


@unwarned
@pytest.mark.usefixtures("little_space")
@pytest.mark.parametrize("name", NAMES)
def test_so_do_those_of_every_algorithm(name):
    assert_right(name, 30)


def test_windows_wholly_below_the_image_are_zeros(rng):
    X, K = rng.standard_normal((1, 64, 8, 8)), rng.standard_normal((1, 64, 3, 3))
    options = {"padding": ((0, 400), (0, 60))}
    for name in ("auto", "im2col", "winograd"):
        Y = fast.conv2d(X, K, **options, algorithm=name)
        assert error(Y[:, :, :8, :8], naive.conv2d(X, K, padding=((0, 2), (0, 2)))) < 1e-12
        assert abs(Y[:, :, 8:]).max() < 1e-12


@unwarned
@pytest.mark.usefixtures("little_space")
@pytest.mark.parametrize("layer", ["max_pools", "avg_pools"])
def test_so_do_the_smallest_parts_of_a_pool(layer, monkeypatch):
    monkeypatch.setattr(planes, "BLOCK", 2**4)
    assert_layers_right(layer, 60)


def test_of_a_long_kernel_few_entries_are_known_at_a_time():
    p = windows.pool((1, 1, 1, 2**14), (1, 2**14 - 1), 1)
    X, Y = np.zeros((1, 1, 2**14)), np.empty((1, 1, 2))
    assert peak(lambda: sliding.reduce(np.maximum, -np.inf, X, Y, p) or Y) < 2**20
