"""What is measured: results are compared before any clock starts, and every implementation leaves a record."""

import sys
import types

import numpy as np
import pytest

from convnotes import OPERATIONS, check, matmul, naive
from convnotes.benchmark.measuring import ceilings, measurement, steps, timing, torch_calls
from convnotes.benchmark.measuring.estimate import Estimates
from convnotes.benchmark.storing import records, schema
from convnotes.cases import SUITES, Case, select

LEARN = Estimates.learn


@pytest.fixture(autouse=True)
def no_call_is_long(monkeypatch):
    """Nor too long for a definition, whatever else the machine does."""
    monkeypatch.setattr(timing, "LONG", np.inf)
    monkeypatch.setattr(measurement, "DEFINING", np.inf)


OTHERS = [
    Case("dilated", "conv2d", (2, 4, 9, 8), (6, 2, 3, 2), {"dilation": 2, "groups": 2, "padding": "valid"}),
    Case("same", "conv2d", (2, 4, 9, 8), (6, 4, 3, 3), {"padding": "same"}),
    Case("remainder", "conv_transpose2d", (2, 4, 3, 2), (4, 3, 3, 2), {"stride": 3, "output_padding": (2, 1)}),
    Case("ceil", "max_pool2d", (2, 3, 8, 8), None, {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}),
    Case("mean", "avg_pool2d", (2, 3, 7, 8), None, {"kernel_size": 3, "padding": 1, "count_include_pad": False}),
    Case("sum", "avg_pool2d", (2, 3, 7, 8), None, {"kernel_size": 3, "divisor_override": 1}),
]


@pytest.mark.parametrize(
    "case", [*SUITES["founding"], *SUITES["ops"], *select("lenet5/*"), *OTHERS], ids=lambda c: c.name
)
def test_what_is_timed_of_torch_computes_the_operation(case, rng):
    operands = case.operands(rng)
    for operation in case.operations:
        actual = torch_calls.prepare(case, operation, operands)()
        expected = getattr(matmul, operation)(**case.arguments(operation, operands))
        assert check.error(np.asarray(actual), expected) < 1e-12


def test_every_operation_has_a_torch_call():
    assert set(torch_calls._CALLS) == set(OPERATIONS)


def test_a_torch_call_can_be_made_again():
    for name in ("alexnet/pool5", "founding/normalization"):
        (case,) = select(name)
        for operation in case.operations:
            call = torch_calls.prepare(case, operation, case.operands(np.random.default_rng(0), np.float32))
            assert np.array_equal(np.asarray(call()), np.asarray(call()))


@pytest.mark.parametrize(("gradient", "wanted"), [("input", [True, False, False]), ("weight", [False, True, False])])
def test_only_the_gradient_asked_for_is_computed(gradient, wanted, monkeypatch, rng):
    asked = []
    kernel = types.SimpleNamespace(convolution_backward=lambda *arguments: asked.append(arguments[-1]) or arguments)
    monkeypatch.setattr(torch_calls, "aten", kernel)
    (case,) = select("lenet5/conv1")
    torch_calls.prepare(case, f"conv2d_grad_{gradient}", case.operands(rng))()
    assert asked == [wanted]


@pytest.fixture
def registered(monkeypatch):
    """Register a module that offers max_pool2d in some way."""

    def register(function):
        module = types.ModuleType("registered")
        module.max_pool2d = function
        monkeypatch.setitem(sys.modules, "registered", module)
        return {"registered": "registered"}

    return register


def measure(modules, tmp_path, limit=1e9, definition_limit=1e9, repeats=3):
    (case,) = select("founding/pool batch")
    path = tmp_path / "expected.npy"
    modules_of_definition = {"naive": "convnotes.naive", "matmul": "convnotes.matmul"}
    definer = measurement.Worker(modules_of_definition, "float32", "float64", definition_limit, 1)
    definition = definer.define(case, "max_pool2d", path)
    return measurement.Worker(modules, "float32", "float32", limit, 1).measure(
        case, "max_pool2d", definition, path, repeats
    )


def test_a_right_implementation_is_timed(registered, tmp_path):
    rows = measure(registered(matmul.max_pool2d), tmp_path)
    assert [row["repeat"] for row in rows] == [0, 1, 2]
    for row in rows:
        assert row["status"] == "measured"
        assert row["seconds"] > 0
        assert row["error"] == 0
        assert row["definition"] == "naive"
        assert row["peak_bytes"] > 0
        assert row["workspace_bytes"] is None


def test_a_wrong_implementation_is_not_timed(registered, tmp_path):
    calls = []

    def wrong(input, **options):
        calls.append(1)
        return naive.max_pool2d(input, **options) + np.float32(1e-3)

    (row,) = measure(registered(wrong), tmp_path)
    assert row["status"] == "wrong"
    assert 1e-4 < row["error"] < 1e-2
    assert "seconds" not in row


def test_an_implementation_that_raises_leaves_a_record(registered, tmp_path):
    def broken(input, **options):
        raise MemoryError("too large\nby far")

    (row,) = measure(registered(broken), tmp_path)
    assert (row["status"], row["note"]) == ("failed", "MemoryError: too large")


def test_measuring_improves_the_estimate(registered, tmp_path, monkeypatch):
    learnt = []
    keep = lambda self, *facts: learnt.append(facts) or LEARN(self, *facts)  # noqa: E731
    monkeypatch.setattr(measurement.Estimates, "learn", keep)
    rows = measure(registered(matmul.max_pool2d), tmp_path)
    assert learnt[-1][0] == "registered"
    assert learnt[-1][-1] == min(row["seconds"] for row in rows)


def test_what_would_take_too_long_leaves_an_estimate(registered, tmp_path):
    (row,) = measure(registered(matmul.max_pool2d), tmp_path, limit=1e-7)
    assert row["status"] == "not run"
    assert row["estimate_seconds"] > 1e-7
    assert "seconds" not in row


def test_what_took_too_long_against_all_estimates_is_not_timed(registered, tmp_path, monkeypatch):
    monkeypatch.setattr(measurement.Estimates, "seconds", lambda *arguments: 0.0)
    (row,) = measure(registered(matmul.max_pool2d), tmp_path, limit=1e-7)
    assert row["status"] == "not run"
    assert row["estimate_seconds"] > 1e-7
    assert "seconds" not in row


def test_the_definition_is_by_matrix_products_where_loops_would_take_too_long(registered, tmp_path):
    rows = measure(registered(matmul.max_pool2d), tmp_path, definition_limit=1e-7)
    assert {row["definition"] for row in rows} == {"matmul"}


def test_the_definition_starts_from_the_same_rounded_numbers(tmp_path):
    (case,) = select("founding/bias")
    rounded = measurement.Worker({"matmul": "convnotes.matmul"}, "float32", "float64", 1e9, 1)
    single = measurement.Worker({"matmul": "convnotes.matmul"}, "float32", "float32", 1e9, 1)
    wide, narrow = (w.prepare("matmul", case, "bias_add").keywords["input"] for w in (rounded, single))
    assert (wide.dtype, narrow.dtype) == (np.float64, np.float32)
    assert np.array_equal(wide, narrow)


def worker_for(names, limit=1e9):
    return measurement.Worker({name: f"convnotes.{name}" for name in names}, "float32", "float32", limit, 1)


@pytest.fixture
def first_round(tmp_path):
    """A worker, a convolution, and what the first round measured of it."""
    (case,) = select("ops/conv2d grouped")
    path = tmp_path / "expected.npy"
    measurement.Worker({"matmul": "convnotes.matmul", "naive": "convnotes.naive"}, "float32", "float64", 1e9, 1).define(
        case, "conv2d", path
    )
    timed = worker_for(["matmul"])
    return timed, case, timed.measure(case, "conv2d", measurement.Definition("naive"), path, 2)


def test_the_steps_of_the_matrix_products_are_timed_apart(first_round):
    _, _, rows = first_round
    assert [(row["step"], row["round"], row["repeat"]) for row in rows] == [
        (step, 0, repeat) for step in ("", *schema.STEPS) for repeat in (0, 1)
    ]
    for row in rows:
        assert row["seconds"] > 0
        assert (row["multiply_adds"] is None) == (row["step"] in ("im2col", "reshape"))
        assert (row["peak_bytes"] is None) == (row["bytes"] is None) == bool(row["step"])
        assert set(row) <= set(records.COLUMNS)


@pytest.mark.parametrize("name", ["ops/conv2d", "ops/conv2d strided", "ops/conv2d grouped", "ops/conv2d dilated"])
def test_the_steps_make_up_the_convolution(name, rng):
    (case,) = select(name)
    operands = case.operands(rng)
    parts = steps.calls(case, operands)
    columns, products, result = (parts[step]() for step in schema.STEPS)
    assert np.array_equal(result, matmul.conv2d(**case.arguments("conv2d", operands)))
    N, C, kH, kW = len(result), case.input_size[1], *case.weight_size[2:]
    assert columns.shape == (N, C * kH * kW, case.windows.positions)
    assert products.size == result.size


def test_a_later_round_times_what_the_first_one_measured(first_round):
    timed, case, rows = first_round
    known = [(row, timing.Plan(row["seconds"], row["loops"], 2)) for row in rows if row["repeat"] == 0]
    again = timed.repeat(case, "conv2d", 3, known)
    assert [(row["step"], row["repeat"]) for row in again] == [(row["step"], row["repeat"]) for row in rows]
    assert {row["round"] for row in again} == {3}
    for before, after in zip(rows, again):
        assert before | {"round": 3, "seconds": after["seconds"]} == after


def test_what_fails_in_a_later_round_leaves_a_record_and_spares_the_others(first_round, monkeypatch):
    timed, case, rows = first_round
    known = [(row, timing.Plan(row["seconds"], row["loops"], 2)) for row in rows if row["repeat"] == 0]
    calls = steps.calls(case, timed.operands(case))

    def broken():
        raise MemoryError("too large")

    monkeypatch.setattr(steps, "calls", lambda *arguments: calls | {schema.PRODUCT: broken})
    again = timed.repeat(case, "conv2d", 3, known)
    (failed,) = (row for row in again if row["step"] == schema.PRODUCT)
    assert (failed["status"], failed["note"], failed["round"]) == ("failed", "MemoryError: too large", 3)
    assert failed["repeat"] is failed["seconds"] is None
    others = [row for row in rows if row["step"] != schema.PRODUCT]
    assert [(row["step"], row["status"]) for row in again if row is not failed] == [
        (row["step"], "measured") for row in others
    ]


def test_plain_loops_get_a_quarter_of_the_limit(tmp_path, monkeypatch):
    (case,) = select("founding/pool batch")
    both = worker_for(("naive", "matmul"), limit=1e6)
    np.save(tmp_path / "expected.npy", both.prepare("naive", case, "max_pool2d")())
    monkeypatch.setattr(measurement.Estimates, "seconds", lambda *arguments: 0.3e6)
    rows = both.measure(case, "max_pool2d", measurement.Definition("naive"), tmp_path / "expected.npy", 1)
    assert [(row["implementation"], row["status"]) for row in rows] == [("naive", "not run"), ("matmul", "measured")]


def test_a_long_call_is_not_made_again_after_it_was_planned(monkeypatch, registered, tmp_path):
    monkeypatch.setattr(timing, "LONG", 0.0)
    monkeypatch.setattr(timing, "take_turns", lambda calls, *others, **settings: {key: [] for key in calls})
    (row,) = measure(registered(matmul.max_pool2d), tmp_path)
    assert (row["repeat"], row["status"]) == (0, "measured")


@pytest.mark.parametrize(("threads", "awake"), [(1, 0), (2, timing.AWAKE)])
def test_several_threads_are_woken_first(threads, awake, monkeypatch, tmp_path):
    (case,) = select("founding/pool batch")
    both = measurement.Worker({"matmul": "convnotes.matmul"}, "float32", "float32", 1e9, threads)
    np.save(tmp_path / "expected.npy", both.prepare("matmul", case, "max_pool2d")())
    seen = []
    monkeypatch.setattr(
        timing,
        "take_turns",
        lambda calls, plans, stopwatch, awake, catching: seen.append(awake) or {key: [1.0] for key in calls},
    )
    both.measure(case, "max_pool2d", measurement.Definition("matmul"), tmp_path / "expected.npy", 1)
    assert seen == [awake]


@pytest.mark.parametrize("name", ["ops/conv2d grouped", "ops/conv_transpose2d", "ops/bias", "founding/normalization"])
def test_the_definition_image_by_image_is_that_of_the_batch(name, tmp_path):
    (case,) = select(name)
    defining = measurement.Worker(
        {name: f"convnotes.{name}" for name in ("naive", "matmul")}, "float32", "float64", 1e-9, 1
    )
    for operation in case.operations:
        assert defining.define(case, operation, tmp_path / "expected.npy").by == "matmul"
        expected = defining.prepare("naive", case, operation)()
        assert check.error(np.load(tmp_path / "expected.npy"), expected) < 1e-12


def test_a_ceiling_has_a_row_for_each_timing(monkeypatch):
    monkeypatch.setattr(ceilings, "SIDE", 8)
    monkeypatch.setattr(ceilings, "COPIED", 1000)
    monkeypatch.setattr(ceilings, "STEPS", 10)
    costs_of_all = (512, 768), (None, 2000), (None, None)
    for (case, name), costs in zip(ceilings.on("cpu"), costs_of_all, strict=True):
        rows = ceilings.measure(case, 1, 2, "float32", "cpu", 2)
        assert [(row["round"], row["repeat"]) for row in rows] == [(1, 0), (1, 1)]
        assert {(row.get("multiply_adds"), row.get("bytes")) for row in rows} == {costs}
        assert {row["implementation"] for row in rows} == {name}
        assert all(row["seconds"] > 0 and set(row) <= set(records.COLUMNS) for row in rows)
