"""Every algorithm of `fast` by itself: right on all that it takes.

The matrix products stand for the definition: test_equality holds the two equal, and loops over images as large as these
would take minutes.
"""

from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from convnotes import fast, matmul, windows
from convnotes.cases import Case
from convnotes.check import error
from convnotes.fast import dispatch
from convnotes.fast.algorithms import blocks, lowering_work, phases, toom_cook, winograd, winograd_tiles
from convnotes.fast.machine import gemm
from convnotes.proof import arrays, problems
from convnotes.proof.calls import LAYOUTS
from forgetting import forget

pytestmark = pytest.mark.usefixtures("forgetful")

# The algorithms by the names by which they are asked for; "col2im" is one of an input gradient alone.
NAMES = [*dispatch.ALGORITHMS, "col2im"]
GRADIENTS = ("conv2d", "conv2d_grad_input", "conv2d_grad_weight")


def takes(name, p) -> bool:
    return name == "col2im" or dispatch.ALGORITHMS[name].takes(p)


@st.composite
def shapes(draw, name):
    """Convolutions that an algorithm takes: of all that there are, and larger ones."""
    if name == "winograd":
        kernel, image = (draw(st.tuples(*[st.integers(*ends)] * 2)) for ends in ((2, 5), (5, 14)))
        stride = dilation = 1
    elif draw(st.booleans()):
        case = draw(problems.convolutions())
        assume(takes(name, case.windows))
        return case
    else:
        kernel, image = (draw(st.tuples(*[st.integers(1, most)] * 2)) for most in (5, 14))
        stride, dilation = (draw(st.tuples(*[st.integers(1, 3)] * 2)) for _ in range(2))
    padding = draw(st.tuples(*[st.tuples(st.integers(0, 3), st.integers(0, 3))] * 2))
    groups, C, F = draw(st.tuples(st.integers(1, 3), st.integers(1, 5), st.integers(1, 5)))
    padded = [before + n + after for n, (before, after) in zip(image, padding)]
    assume(all(map(lambda n, k, d: n >= windows.extent(k, d), padded, kernel, np.broadcast_to(dilation, 2))))
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    size = draw(problems.batches), C * groups, *image
    case = Case("drawn", "conv2d", size, (F * groups, C, *kernel), options)
    assume(takes(name, case.windows))
    return case


def results(case, operands, algorithm):
    """The convolution, and its gradients, by an algorithm; but `winograd` does not take every phase of a gradient."""
    p = case.windows
    for operation in GRADIENTS if algorithm != "col2im" else ["conv2d_grad_input"]:
        phased = operation == "conv2d_grad_input" and algorithm == "winograd"
        if phased and not all(winograd.takes(q) for *_, q in phases.convolutions(p)):
            continue
        arguments = case.arguments(operation, operands)
        yield operation, arguments, getattr(fast, operation)(**arguments, algorithm=algorithm)


def assert_right(name, examples=100):
    """On what an algorithm takes, against matrix products."""

    @settings(max_examples=examples)
    @given(shapes(name), st.integers(0, 2**32), problems.fills)
    @problems.unwarned
    def matches(case, seed, fill):
        for operation, arguments, result in results(case, problems.operands(case, seed, fill), name):
            assert error(result, getattr(matmul, operation)(**arguments)) < 1e-12, operation

    matches()


@given(problems.convolutions(), st.integers(0, 2**32), problems.fills)
@problems.unwarned
def test_what_is_chosen_for_large_problems_matches_the_definition(case, seed, fill):
    operands = problems.operands(case, seed, fill)
    for operation in GRADIENTS:
        arguments = case.arguments(operation, operands)
        assert error(getattr(fast, operation)(**arguments), getattr(matmul, operation)(**arguments)) < 1e-12, operation


@pytest.mark.parametrize("store", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("case", [c for c in arrays.LAYERS if c.layer.startswith("conv")], ids=lambda c: c.name)
def test_every_algorithm_takes_any_memory_layout(case, store):
    drawn = problems.operands(case, seed=15)
    for operation, algorithm in product(case.operations, ["auto", *NAMES]):
        stored = {name: store(drawn[name]) for name in arrays.operands(operation)}
        try:
            result = getattr(fast, operation)(**case.arguments(operation, drawn | stored), algorithm=algorithm)
        except ValueError as refused:
            assert str(refused).startswith("algorithm"), operation  # noqa: PT017 - not all take every layer
            assert algorithm not in ("auto", "im2col"), operation
            continue
        assert error(result, getattr(matmul, operation)(**case.arguments(operation, drawn))) < 1e-12


@pytest.mark.parametrize("name", NAMES)
def test_an_algorithm_by_itself_matches_the_definition(name):
    assert_right(name)


@pytest.fixture
def small_products(monkeypatch):
    """Products of a few numbers are made of scalar products, and these of chains, as larger ones are."""
    monkeypatch.setattr(gemm, "TINY", 3)
    monkeypatch.setattr(gemm, "CHAIN", 3)


def cut_small(monkeypatch):
    """Blocks of a few entries each."""
    small = {
        lowering_work: {"ENTRIES": 1},
        blocks: {"COLUMNS": 3, "ALONE": 4, "FILTERS": 2},
        winograd_tiles: {"ENTRIES": 1, "FILTERS": 100, "MANY": 1},
    }
    for module, values in small.items():
        for name, value in values.items():
            monkeypatch.setattr(module, name, value)
    forget()


@pytest.mark.usefixtures("small_products")
@pytest.mark.parametrize("name", NAMES)
def test_so_it_does_in_the_smallest_blocks(name, monkeypatch):
    cut_small(monkeypatch)
    assert_right(name, 60)


@pytest.mark.parametrize(("name", "most", "axes"), [
    ("im2col", np.inf, "groups images rows channels"),
    ("balanced", np.inf, "groups images rows channels"),
    ("winograd", np.inf, "groups images rows filters"),
    ("im2col", 1, "groups images rows filters columns channels down across"),
    ("balanced", 1, "groups images rows filters columns channels down across"),
    ("winograd", 1, "groups images rows filters columns channels"),
])  # fmt: skip
def test_blocks_are_cut_along_every_axis(name, most, axes, monkeypatch):
    """In the smallest blocks along some axes; where there is no space along all that can be cut."""
    p = windows.convolution((3, 640, 9, 9), (8, 320, 3, 3), padding=1, groups=2)
    cut_small(monkeypatch)
    if name == "winograd":
        sizes = winograd_tiles.sizes_of(p, most)
    else:
        sizes = lowering_work.sizes_of(p, dispatch.ALGORITHMS[name].lowers(p), most)
    whole = blocks.whole(p)
    assert {axis for axis in whole._fields if getattr(sizes, axis) < getattr(whole, axis)} == set(axes.split())


@given(problems.convolutions(), st.data())
def test_blocks_of_any_sizes_are_all_of_a_convolution(case, data):
    p = case.windows
    assume(p.input_size[0])
    whole = blocks.whole(p)
    sizes = blocks.Sizes(*(data.draw(st.integers(1, max(1, n))) for n in whole))
    unit = data.draw(st.sampled_from([(1, 1), (2, 3)]))
    seen, began = np.zeros(whole, int), np.zeros(whole, int)
    for block in blocks.blocks(p, sizes, unit):
        seen[block.cut] += 1
        began[block.cut] += block.begins
        assert (block.p.count, block.p.kernel) == tuple(
            tuple(len(range(n)[part]) for n, part in zip(some, parts))
            for some, parts in ((p.count, (block.cut.rows, block.cut.columns)), (p.kernel, block.cut[-2:]))
        )
    assert (seen == 1).all()
    # A result's first part, before others are added, is one alone.
    assert (began.max((5, 6, 7)) == 1).all()


def test_no_kernel_is_taken_whose_tiles_have_more_inputs_than_are_exact_enough():
    """None has more than those that test_precision looks at."""
    for kernel in product(range(1, 8), repeat=2):
        p = windows.convolution((1, 2, 20, 20), (2, 2, *kernel))
        assert winograd.takes(p) == (2 <= min(kernel) and max(kernel) <= 5)
        if winograd.takes(p):
            assert max(winograd_tiles.inputs(p)) <= 8


def assert_products(most=150):
    """Stacks of products, and single ones, of matrices whose rows are runs, lie apart, or are turned round."""

    @settings(max_examples=most)
    @given(*[st.integers(1, 7)] * 2, st.integers(1, 20), st.integers(1, 70), st.integers(0, 2**32), st.integers(0, 3))
    def same(S, M, K, N, seed, layout):
        rng = np.random.default_rng(seed)
        four = [rng.standard_normal(shape) for shape in ((S, M, K), (S, K, N), (S, M, N), (S, K, N))]
        change = [np.asarray, np.asfortranarray, lambda each: np.repeat(each, 2, 1)[:, ::2], lambda each: each[0]]
        A, B, long, wide = map(change[layout], four)
        # What lies beside the result is left alone.
        room = np.full((*A.shape[:-1], 2 * N + 1), np.nan)
        gemm.multiply(A, B, room[..., :N])
        assert error(room[..., :N], A @ B) < 1e-12
        assert np.isnan(room[..., N:]).all()
        for add, before in ((False, np.nan), (True, 1.0)):
            room = np.full((*A.shape[:-1], K + 1), before)
            gemm.multiply_transposed(long, wide, room[..., :K], add)
            assert error(room[..., :K], long @ wide.swapaxes(-1, -2) + add) < 1e-12
            assert np.array_equal(room[..., K:], np.full_like(room[..., K:], before), equal_nan=True)

    same()


@pytest.mark.usefixtures("small_products")
def test_small_products_are_products():
    assert_products()


def test_products_are_products():
    assert_products()


@pytest.mark.parametrize(("M", "N"), [(2, 2), (8, 8), (2, 8), (8, 3), (1, 5), (5, 1), (9, 2)])
@pytest.mark.parametrize("K", [8, 9, 300, 2**15 + 1])
@pytest.mark.parametrize("add", [False, True])
def test_few_scalar_products_are_products(M, N, K, add, rng):
    A, B = rng.standard_normal((2, M, K)), rng.standard_normal((2, N, K))
    out = np.full((2, M, N), 1.0 if add else np.nan)
    gemm.multiply_transposed(A, B, out, add)
    assert error(out, A @ B.swapaxes(1, 2) + add) < 1e-12


@pytest.mark.parametrize(("m", "k"), [(m, k) for m, k in product(range(1, 8), repeat=2) if m + k <= 9])
def test_transforms_make_a_correlation(m, k, rng):
    Q_Y, Q_K, Q_X = toom_cook.transforms(m, k, "float64")
    K, X = rng.standard_normal(k), rng.standard_normal(m + k - 1)
    assert error(Q_Y @ ((Q_K @ K) * (Q_X @ X)), np.correlate(X, K, "valid")) < 1e-12


@pytest.mark.parametrize(("m", "k"), [((2, 3), (3, 2)), ((1, 2), (1, 7)), ((4, 4), (3, 3)), ((3, 1), (5, 1))])
def test_those_of_two_axes_do(m, k, rng):
    Q_Y, Q_K, Q_X = toom_cook.in_two_axes(m, k, "float64")
    K, X = rng.standard_normal(k), rng.standard_normal([m + k - 1 for m, k in zip(m, k)])
    expected = matmul.conv2d(X[None, None], K[None, None])
    assert error((Q_Y @ ((Q_K @ K.ravel()) * (Q_X @ X.ravel()))).reshape(expected.shape), expected) < 1e-12


def test_too_large_a_tile_is_refused():
    with pytest.raises(ValueError, match="m \\+ k must be at most 9, got m 8 and k 3"):
        toom_cook.transforms(8, 3, "float64")


@given(*[st.integers(1, 5)] * 4, *[st.integers(0, 4)] * 3, st.sampled_from([0, 1]))
def test_phases_pair_every_input_with_the_outputs_and_entries_that_meet_it(K, S, D, number, before, after, rest, axis):
    S, D = (S, 1) if S >= D else (1, D)
    size = (number - 1) * S + windows.extent(K, D) + min(rest, S - 1) - before - after
    assume(size > 0)
    both = [(size, K, S, D, (before, after), number), (1, 1, 1, 1, (0, 0), 1)]
    p = windows.Windows(*zip(*(both[::-1] if axis else both)))
    meetings = [(y * S + i * D - before, y, i) for y in range(number) for i in range(K)]
    found, places = [], []
    for some in phases._along(p, axis):
        outputs = [None] * some.padding[0] + list(range(number)[some.met]) + [None] * some.padding[1]
        assert len(outputs) == some.count + D * (some.taps - 1)
        for phase in range(some.first, some.first + some.number):
            # The kernel is turned round: the last entry of a phase comes first.
            entries = range(K)[phase::S][::-1]
            assert len(entries) == some.taps
            for m in range(some.count):
                h = (some.start + m) * S + phase - before
                if 0 <= h < size:
                    places.append(h)
                    reads = [(outputs[m + u * D], i) for u, i in enumerate(entries)]
                    found += [(h, y, i) for y, i in reads if y is not None]
    assert sorted(found) == sorted(meeting for meeting in meetings if 0 <= meeting[0] < size)
    assert len(set(places)) == len(places)


@given(problems.convolutions())
def test_phases_are_convolutions_without_a_stride(case):
    p = case.windows
    assume(phases.takes(p))
    for row, column, q in phases.convolutions(p):
        assert q.stride == (1, 1)
        assert q == windows.convolution(q.input_size, q.weight_size, 1, q.padding, q.dilation, q.groups)
        assert q.size == tuple(some.met.stop - some.met.start for some in (row, column))


# Windows wholly on the padding, and none of the stride without a dilation; and what an algorithm takes, in words.
FEW_WINDOWS = {"stride": 2, "dilation": 2, "padding": 8}
REFUSALS = {
    "balanced": "windows that all meet the image",
    "winograd": "kernels of 2 to 5 rows and columns, without stride or dilation",
}


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("im2col", "col2im")])
@pytest.mark.parametrize("operation", GRADIENTS)
def test_an_algorithm_is_refused_where_it_does_not_serve(name, operation):
    X, K = np.ones((1, 2, 5, 5)), np.ones((2, 2, 2, 2))
    p = windows.convolution(X.shape, K.shape, **FEW_WINDOWS)
    dY = np.ones(p.output_size)
    args = {"conv2d": (X, K), "conv2d_grad_input": (X.shape, K, dY), "conv2d_grad_weight": (X, K.shape, dY)}
    with pytest.raises(ValueError, match=r"^algorithm") as refused:
        getattr(fast, operation)(*args[operation], **FEW_WINDOWS, algorithm=name)
    assert str(refused.value) == (
        f"algorithm '{name}' must be used for {REFUSALS[name]}, got weight (2, 2, 2, 2), stride (2, 2), "
        "padding ((8, 8), (8, 8)), dilation (2, 2) and groups 1"
    )


@pytest.mark.parametrize("N", [0, 1])
@pytest.mark.parametrize("operation", GRADIENTS)
def test_an_unknown_algorithm_is_refused(operation, N):
    X, K = np.ones((N, 1, 2, 2)), np.ones((1, 1, 1, 1))
    args = {"conv2d": (X, K), "conv2d_grad_input": (X.shape, K, X), "conv2d_grad_weight": (X, K.shape, X)}
    names = "im2col, balanced, winograd" + (", col2im" if operation == "conv2d_grad_input" else "")
    with pytest.raises(ValueError, match=f"^algorithm must be auto or one of {names}, got 'magic'$"):
        getattr(fast, operation)(*args[operation], algorithm="magic")


def test_an_input_gradient_of_weights_that_are_too_large_to_copy_is_made_by_a_transpose_alone():
    X, K = np.ones((1, 2048, 2, 2), np.float32), np.zeros((2048, 1024, 2, 2), np.float32)
    dY = np.ones((1, 2048, 1, 1), np.float32)
    with pytest.raises(ValueError, match=r"^algorithm 'winograd' must be used for windows without both a stride"):
        fast.conv2d_grad_input(X.shape, K, dY, groups=2, algorithm="winograd")
    assert not fast.conv2d_grad_input(X.shape, K, dY, groups=2, algorithm="im2col").any()
