"""Every algorithm of `fast` by itself: right on all that it takes.

The matrix products stand for the definition: test_equality holds the two equal, and loops over images as large as these
would take minutes.
"""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from convnotes import cases, fast, matmul, windows
from convnotes.cases import Case
from convnotes.check import error
from convnotes.fast import (
    col2im,
    columns,
    depthwise,
    dots,
    normalization,
    phases,
    products,
    rows,
    selection,
    separable,
    shares,
    threads,
    tile_sizes,
    whole,
)
from convnotes.fast.toom_cook import transforms
from convnotes.proof import arrays, problems
from convnotes.proof.calls import LAYOUTS

NAMES = list(selection.ALGORITHMS)
GRADIENTS = ("conv2d", "conv2d_grad_input", "conv2d_grad_weight")


@st.composite
def shapes(draw, name, most_stride=3):
    """Convolutions that an algorithm takes: any, and of its own kind."""
    N = draw(problems.batches)
    padding = draw(st.tuples(*[st.tuples(st.integers(0, 3), st.integers(0, 3))] * 2))
    image = draw(st.tuples(st.integers(3, 14), st.integers(3, 14)))
    C, F = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    match name:
        case "winograd":
            k, groups = draw(st.integers(2, 5)), draw(st.integers(1, 2))
            options = {"padding": padding, "groups": groups}
            image = tuple(size + 2 for size in image)
            case = Case("drawn", "conv2d", (N, C * groups, *image), (F * groups, C, k, k), options)
        case "pointwise":
            groups = draw(st.integers(1, 2))
            options = {"stride": draw(st.tuples(st.integers(1, 3), st.integers(1, 3))), "groups": groups}
            case = Case("drawn", "conv2d", (N, C * groups, *image), (F * groups, C, 1, 1), options)
        case "depthwise":
            stride, kernel, dilation = (draw(st.tuples(*[st.integers(1, n)] * 2)) for n in (most_stride, 3, 3))
            options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": C}
            image = tuple(size + 4 for size in image)
            case = Case("drawn", "conv2d", (N, C, *image), (C, 1, *kernel), options)
        case _:
            case = draw(problems.convolutions())
    assume(selection.ALGORITHMS[name].takes(case.windows))
    return case


@pytest.mark.usefixtures("nothing_is_small")
@given(problems.convolutions(), st.integers(0, 2**32), problems.fills)
@problems.unwarned
def test_what_is_chosen_for_large_problems_matches_the_definition(case, seed, fill):
    operands = problems.operands(case, seed, fill)
    for operation in GRADIENTS:
        arguments = case.arguments(operation, operands)
        assert error(getattr(fast, operation)(**arguments), getattr(matmul, operation)(**arguments)) < 1e-12, operation


@pytest.mark.usefixtures("nothing_is_small")
@pytest.mark.parametrize("store", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("case", [c for c in arrays.LAYERS if c.layer.startswith("conv")], ids=lambda c: c.name)
def test_algorithms_for_large_problems_take_any_memory_layout(case, store):
    drawn = problems.operands(case, seed=15)
    for operation in case.operations:
        stored = {name: store(drawn[name]) for name in arrays.operands(operation)}
        result = getattr(fast, operation)(**case.arguments(operation, drawn | stored))
        assert error(result, getattr(matmul, operation)(**case.arguments(operation, drawn))) < 1e-12


@given(shapes("depthwise", most_stride=1), st.integers(0, 2**32))
def test_scalar_products_of_lines_are_the_weight_gradient(case, seed):
    p, drawn = case.windows, problems.operands(case, seed)
    arguments = case.arguments("conv2d_grad_weight", drawn)
    dK = dots.correlate(drawn["input"], drawn["grad_output"], p)
    assert error(dK, matmul.conv2d_grad_weight(**arguments)) < 1e-12


@pytest.mark.parametrize("store", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("planes", [0, 2, 8, 100], ids=["not at all", "channels", "images", "all"])
def test_scalar_products_of_lines_in_parts(store, planes, monkeypatch, rng):
    X, dY = rng.standard_normal((3, 4, 30, 31)), rng.standard_normal((3, 4, 28, 33))
    options = {"padding": (0, 2), "groups": 4}
    p = windows.convolution(X.shape, (4, 1, 3, 3), **options)
    monkeypatch.setattr(dots, "ENTRIES", planes * 30 * 35)
    monkeypatch.setattr(whole, "takes", lambda p: False)
    assert dots.takes(p) == (planes > 0)
    dK = fast.conv2d_grad_weight(store(X), (4, 1, 3, 3), store(dY), **options)
    assert error(dK, matmul.conv2d_grad_weight(X, (4, 1, 3, 3), dY, **options)) < 1e-12


def results(case, operands, algorithm):
    """The convolution, and its gradients; the input gradient's phases are by `algorithm` where it takes them all."""
    for operation in GRADIENTS:
        arguments = case.arguments(operation, operands)
        try:
            yield operation, arguments, getattr(fast, operation)(**arguments, algorithm=algorithm)
        except ValueError:
            assert operation == "conv2d_grad_input"


@pytest.mark.parametrize("name", NAMES)
def test_an_algorithm_by_itself_matches_the_definition(name):
    @given(shapes(name), st.integers(0, 2**32), problems.fills)
    @problems.unwarned
    def matches(case, seed, fill):
        for operation, arguments, result in results(case, problems.operands(case, seed, fill), name):
            assert error(result, getattr(matmul, operation)(**arguments)) < 1e-12, operation

    matches()


def cut_small(monkeypatch):
    """Products of a few numbers are cut, too, as they are for one thread."""
    monkeypatch.setattr(threads, "number", lambda: 1)
    small = {"SMALL": 12, "ROWS": 2, "COLUMNS": 2, "VECTOR": 1, "FEW": 1, "LONG": 3, "SHORT": 2}
    for name, value in small.items():
        monkeypatch.setattr(products, name, value)


@pytest.mark.parametrize("name", NAMES)
def test_so_it_does_in_the_smallest_blocks(name, monkeypatch):
    monkeypatch.setattr(columns, "ENTRIES", 1)
    monkeypatch.setattr(columns, "COLUMNS", 3)
    monkeypatch.setattr(rows, "ENTRIES", 1)
    monkeypatch.setattr(col2im, "ENTRIES", 1)
    monkeypatch.setattr(rows, "COLUMNS", 1)
    monkeypatch.setattr(tile_sizes, "ENTRIES", 1)
    monkeypatch.setattr(tile_sizes, "LEAST", 2)
    monkeypatch.setattr(tile_sizes, "FILTERS", 100)
    monkeypatch.setattr(depthwise, "ENTRIES", 200)
    cut_small(monkeypatch)
    for module in (separable, normalization):
        monkeypatch.setattr(module, "CACHE", 100)
    test_an_algorithm_by_itself_matches_the_definition(name)


@pytest.mark.parametrize("m", tile_sizes.RESULTS)
def test_so_do_tiles_of_every_size(m, monkeypatch):
    monkeypatch.setattr(tile_sizes, "RESULTS", (m,))
    test_an_algorithm_by_itself_matches_the_definition("winograd")


@pytest.mark.parametrize("kept", ["rows", "columns"])
def test_products_in_blocks_are_products(kept, monkeypatch):
    cut_small(monkeypatch)

    @given(*[st.integers(1, 7)] * 2, st.integers(1, 20), st.integers(1, 70), st.integers(0, 2**32), st.booleans())
    def same(S, M, K, N, seed, add):
        rng = np.random.default_rng(seed)
        A, B = rng.standard_normal((S, M, K)), rng.standard_normal((S, K, N))
        if kept == "columns":
            A, B = np.asfortranarray(A), np.asfortranarray(B)
        out = np.full((S, M, 2 * N), np.nan)[..., :N]
        products.multiply(A, B, out)
        assert error(out, A @ B) < 1e-12
        long, wide = rng.standard_normal((M, N)), rng.standard_normal((K, N))
        total, before = np.ones((M, K)), int(add)
        products.multiply_transposed(long, wide, total, add)
        assert error(total, long @ wide.T + before) < 1e-12

    same()


@pytest.mark.parametrize(("m", "r"), [(2, 3), (4, 3), (3, 4), (6, 3), (1, 1)])
def test_transforms_make_a_correlation(m, r, rng):
    A, G, B = transforms(m, r, "float64")
    g, d = rng.standard_normal(r), rng.standard_normal(m + r - 1)
    assert error(A @ ((G @ g) * (B @ d)), np.correlate(d, g, "valid")) < 1e-12


def test_too_large_a_tile_is_refused():
    with pytest.raises(ValueError, match="m \\+ r must be at most 9, got m 8 and r 3"):
        transforms(8, 3, "float64")


@given(*[st.integers(1, 5)] * 4, st.integers(0, 4), st.integers(0, 4))
def test_phases_pair_every_input_with_the_outputs_that_meet_it(K, S, D, number, before, rest):
    size = (number - 1) * S + windows.extent(K, D) + rest - before
    assume(size > 0)
    met = {(y, i): y * S + i * D - before for y in range(number) for i in range(K)}
    expected = sorted((h, y, i) for (y, i), h in met.items() if 0 <= h < size)
    found, places = [], []
    for phase in phases.phases(size, K, S, D, before, number):
        inputs, entries = range(size)[phase.places], range(K)[phase.entries]
        places += inputs
        outputs = [None] * phase.padding[0] + list(range(number)[phase.outputs]) + [None] * phase.padding[1]
        for m, h in enumerate(inputs):
            reads = [(outputs[m + u * phase.dilation], i) for u, i in enumerate(entries)]
            found += [(h, y, i) for y, i in reads if y is not None]
    assert sorted(found) == expected
    assert len(set(places)) == len(places)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("columns", "whole")])
def test_an_algorithm_is_refused_where_it_does_not_serve(name, rng):
    X, K = rng.standard_normal((1, 2, 5, 5)), rng.standard_normal((2, 2, 2, 2))
    with pytest.raises(ValueError, match=f"^algorithm '{name}' must be used for .*, got weight .* stride .2, 2.*"):
        fast.conv2d(X, K, stride=2, algorithm=name)


@given(problems.convolutions(), st.integers(0, 2**32), problems.fills)
@problems.unwarned
def test_col2im_by_itself_matches_the_definition(case, seed, fill):
    arguments = case.arguments("conv2d_grad_input", problems.operands(case, seed, fill))
    result = fast.conv2d_grad_input(**arguments, algorithm="col2im")
    assert error(result, matmul.conv2d_grad_input(**arguments)) < 1e-12


def test_an_unknown_algorithm_is_refused(rng):
    with pytest.raises(ValueError, match=r"^algorithm must be auto or one of whole, pointwise, .*, got 'magic'$"):
        fast.conv2d(np.ones((1, 1, 2, 2)), np.ones((1, 1, 1, 1)), algorithm="magic")


def test_every_registered_algorithm_says_all_it_must():
    (p,) = (case.windows for case in cases.select("alexnet/conv3"))
    for name, module in selection.ALGORITHMS.items():
        assert module.takes.__doc__.count("\n") == 0, name
        if module.takes(p):
            assert module.work(p).seconds() > 0, name


def test_what_a_thread_raises_is_raised(monkeypatch):
    monkeypatch.setattr(threads, "number", lambda: 2)

    def fails(part):
        if part == 3:
            raise ValueError("part 3")
        return part

    assert threads.share(fails, [0, 1, 2]) == [0, 1, 2]
    with pytest.raises(ValueError, match="part 3"):
        threads.share(fails, range(5))


@pytest.mark.parametrize("case", ["lenet5/conv2", "mobilenet/depthwise 512 stride 2", "alexnet/pool5"])
def test_threads_change_nothing(case, monkeypatch):
    (case,) = cases.select(case)
    case = case.with_batch(3)
    operands = case.operands(np.random.default_rng(0))
    for operation in case.operations:
        arguments = case.arguments(operation, operands)
        alone = getattr(fast, operation)(**arguments)
        with monkeypatch.context() as patched:
            patched.setattr(threads, "number", lambda: 2)
            assert error(getattr(fast, operation)(**arguments), alone) < 1e-12


@pytest.mark.parametrize("algorithm", ["columns", "winograd"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"padding": 1},
        {"padding": ((3, 1), (0, 2)), "groups": 2},
        {"stride": (3, 2), "padding": (1, 0), "dilation": (2, 1)},
    ],
    ids=str,
)
@pytest.mark.parametrize("N", [1, 2])
def test_bands_of_an_image_change_nothing(algorithm, options, N, monkeypatch, rng):
    """Three threads share one or two images of 29 rows."""
    X, K = rng.standard_normal((N, 4, 29, 12)), rng.standard_normal((6, 4 // options.get("groups", 1), 3, 3))
    b, p = rng.standard_normal(6), windows.convolution(X.shape, K.shape, **options)
    if not selection.ALGORITHMS[algorithm].takes(p):
        return
    dY, shared = rng.standard_normal(p.output_size), []
    monkeypatch.setattr(shares, "MANY", 0)
    monkeypatch.setattr(shares, "LONG", 0)
    monkeypatch.setattr(shares.whole, "takes", lambda p: False)
    monkeypatch.setattr(threads, "number", lambda: 3)
    share = threads.share
    monkeypatch.setattr(threads, "share", lambda function, parts: shared.append(len(parts)) or share(function, parts))
    Y = fast.conv2d(X, K, b, **options, algorithm=algorithm)
    assert error(Y, matmul.conv2d(X, K, b, **options)) < 1e-12
    dK = fast.conv2d_grad_weight(X, K.shape, dY, **options, algorithm=algorithm)
    assert error(dK, matmul.conv2d_grad_weight(X, K.shape, dY, **options)) < 1e-12
    if p.stride == (1, 1):
        dX = fast.conv2d_grad_input(X.shape, K, dY, **options, algorithm=algorithm)
        assert error(dX, matmul.conv2d_grad_input(X.shape, K, dY, **options)) < 1e-12
    assert min(shared) > N


@pytest.mark.parametrize("operation", ["conv2d", "conv2d_grad_input", "conv2d_grad_weight"])
@pytest.mark.parametrize(("bound", "parts"), [(1.1, 1), (0.9, 3)])
def test_only_what_takes_long_is_shared(operation, bound, parts, monkeypatch, rng):
    """Nine images, whose predicted time is less than the bound or more."""
    monkeypatch.setattr(shares.whole, "takes", lambda p: False)
    X, K, shared = rng.standard_normal((9, 8, 16, 16)), rng.standard_normal((24, 8, 3, 3)), []
    p, correlating = windows.convolution(X.shape, K.shape, 2, 1), operation == "conv2d_grad_weight"
    seconds = selection.fastest(p, X.dtype, correlating).work(p, correlating).seconds(8)
    monkeypatch.setattr(shares, "LONG", bound * seconds)
    monkeypatch.setattr(threads, "number", lambda: 3)
    monkeypatch.setattr(threads, "share", lambda function, parts: shared.append(len(parts)) or [*map(function, parts)])
    dY = rng.standard_normal(p.output_size)
    arguments = {"conv2d": (X, K, None), "conv2d_grad_input": (X.shape, K, dY), "conv2d_grad_weight": (X, K.shape, dY)}
    result = getattr(fast, operation)(*arguments[operation], stride=2, padding=1)
    assert error(result, getattr(matmul, operation)(*arguments[operation], stride=2, padding=1)) < 1e-12
    assert shared == [parts]
