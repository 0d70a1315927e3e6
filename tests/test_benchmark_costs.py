"""Costs on paper, against numbers worked out by hand, and estimates from the calls of a clock that is made up."""

from itertools import pairwise

import pytest

from convnotes.benchmark.measuring import estimate
from convnotes.benchmark.measuring.estimate import Estimates
from convnotes.benchmark.storing.costs import compulsory_bytes, facts, multiply_adds, result_size, workspace_bytes
from convnotes.cases import CASES, Case, select

# Two images of 4 channels, 5 x 6, padded to 7 x 8; 6 filters in 2 groups of 3 x 3; windows 3 x 3 at stride 2.
CONV = Case("conv", "conv2d", (2, 4, 5, 6), (6, 2, 3, 3), {"stride": 2, "padding": 1, "groups": 2})
# 3 x 3 windows overlap on one image of 2 channels, 5 x 5: 2 x 2 of them at stride 2.
POOL = Case("pool", "max_pool2d", (1, 2, 5, 5), None, {"kernel_size": 3, "stride": 2})
# Of 4 channels the windows of 3 hold 2, 3, 3 and 2.
NORM = Case("norm", "local_response_norm", (2, 4, 3, 1), None, {"size": 3})
BIAS = Case("bias", "bias_add", (2, 3, 4, 5))
# 3 x 3 inputs stamp 2 x 2 weights at stride 2 on a canvas of 6 x 6, cropped by 1 to 4 x 4.
TRANSPOSED = Case("transposed", "conv_transpose2d", (1, 3, 3, 3), (3, 2, 2, 2), {"stride": 2, "padding": 1})


@pytest.mark.parametrize(
    ("case", "operation", "expected"),
    [
        (CONV, "conv2d", 2 * 6 * 3 * 3 * 2 * 3 * 3),
        (CONV, "conv2d_grad_input", 2 * 6 * 3 * 3 * 2 * 3 * 3),
        (TRANSPOSED, "conv_transpose2d", 3 * 3 * 3 * 2 * 2 * 2),
        (POOL, "max_pool2d", 2 * 4 * 9),
        (NORM, "local_response_norm", 2 * 3 * 10),
        (NORM, "local_response_norm_grad_input", 2 * 2 * 3 * 10),
        (BIAS, "bias_grad", 120),
    ],
)
def test_multiply_adds(case, operation, expected):
    assert multiply_adds(case, operation) == expected


@pytest.mark.parametrize(
    ("case", "operation", "entries"),
    [
        (CONV, "conv2d", 2 * 4 * 5 * 6 + 6 * 2 * 9 + 6 + 2 * 6 * 9),
        (CONV, "conv2d_grad_input", 6 * 2 * 9 + 2 * 6 * 9 + 2 * 4 * 5 * 6),
        (CONV, "conv2d_grad_weight", 2 * 4 * 5 * 6 + 2 * 6 * 9 + 6 * 2 * 9),
        (TRANSPOSED, "conv_transpose2d", 27 + 24 + 2 + 2 * 16),
        (POOL, "max_pool2d_grad_input", 50 + 8 + 50),
        (BIAS, "bias_grad", 120 + 3),
        (NORM, "local_response_norm", 24 + 24),
    ],
)
def test_compulsory_bytes(case, operation, entries):
    assert compulsory_bytes(case, operation, 8) == 8 * entries


@pytest.mark.parametrize(
    ("case", "operation", "implementation", "entries"),
    [
        (CONV, "conv2d", "naive", 2 * 4 * 7 * 8),
        (CONV, "conv2d_grad_input", "matmul", 2 * 4 * 9 * 9),
        (TRANSPOSED, "conv_transpose2d", "naive", 2 * 6 * 6),
        (TRANSPOSED, "conv_transpose2d_grad_weight", "matmul", 2 * 4 * 9),
        (POOL, "max_pool2d", "naive", 0),
        (POOL, "max_pool2d_grad_input", "matmul", 2 * 2 * 9 * 4),
        (NORM, "local_response_norm", "matmul", 16),
        (BIAS, "bias_add", "matmul", 60),
        (BIAS, "bias_grad", "matmul", 20),
    ],
)
def test_workspace(case, operation, implementation, entries):
    assert workspace_bytes(case, operation, implementation, 4) == 4 * entries


def test_an_implementation_without_a_prediction_has_none():
    assert workspace_bytes(CONV, "conv2d", "torch", 4) is None


def test_a_row_names_its_problem_and_its_sizes():
    names = ("suite", "case", "batch", "channels_in", "channels_out", "side", "kernel", "stride", "groups", "operation")
    assert tuple(facts(CONV, "conv2d").items()) == tuple(zip(names, ("", "conv", 2, 4, 6, 5, 3, 2, 2, "conv2d")))
    assert tuple(facts(TRANSPOSED, "conv_transpose2d").values())[2:9] == (1, 3, 2, 3, 2, 2, 1)
    assert tuple(facts(POOL, "max_pool2d").values())[2:9] == (1, 2, 2, 5, 3, 2, 1)
    assert tuple(facts(NORM, "local_response_norm").values())[2:9] == (2, 4, 4, 3, 0, 1, 1)
    assert tuple(facts(BIAS, "bias_grad").values())[2:9] == (2, 3, 3, 4, 0, 1, 1)


def test_every_result_has_the_size_that_the_operation_returns(rng):
    from convnotes import matmul

    for case in [CONV, POOL, NORM, BIAS, TRANSPOSED]:
        operands = case.operands(rng)
        for operation in case.operations:
            result = getattr(matmul, operation)(**case.arguments(operation, operands))
            assert result.shape == result_size(case, operation)


class Machine:
    """A clock that only calls move: by a fixed overhead, and by a rate for each multiply-add."""

    def __init__(self, rate, overhead=0.0):
        self.now, self.rate, self.overhead, self.calls = 0.0, rate, overhead, []

    def prepare(self, implementation, case, operation):
        def call():
            self.calls.append(case.name)
            self.now += self.overhead + self.rate * multiply_adds(case, operation)

        return call

    def clock(self):
        return self.now


def test_plain_loops_are_estimated_by_one_small_case():
    machine = Machine(rate=5e-7)
    estimates = Estimates(machine.prepare, machine.clock)
    (large,) = select("alexnet/conv1")
    expected = pytest.approx(5e-7 * multiply_adds(large, "conv2d"))
    assert estimates.seconds("naive", large, "conv2d", limit=1) == expected
    (name,) = set(machine.calls)
    assert multiply_adds(*select(name), "conv2d") <= estimate.SMALL
    seen = len(machine.calls)
    assert estimates.seconds("naive", large, "conv2d", limit=1) == expected
    assert len(machine.calls) == seen


def test_overhead_does_not_make_a_fast_implementation_look_slow():
    machine = Machine(rate=1e-11, overhead=1e-3)
    estimates = Estimates(machine.prepare, machine.clock)
    (large,) = select("alexnet/conv2")
    assert estimates.seconds("matmul", large, "conv2d", limit=1) < 1


def test_a_better_estimate_is_by_few_cases_and_by_others_where_some_are_not_offered():
    """Each is STEP times the size of the one before, or the next one above that where it is not offered."""
    sizes = {case.name: multiply_adds(case, "conv2d") for case in CASES if case.layer == "conv2d"}
    large = max(CASES, key=lambda case: sizes.get(case.name, 0))

    def tried(lacking):
        machine = Machine(rate=1e-11, overhead=1e-3)

        def prepare(implementation, case, operation):
            if case.name in lacking:
                raise NotImplementedError
            return machine.prepare(implementation, case, operation)

        estimates = Estimates(prepare, machine.clock)
        estimates.seconds("matmul", large, "conv2d", limit=1e-9)
        return list(dict.fromkeys(machine.calls))

    names = tried(())
    assert all(sizes[b] >= estimate.STEP * sizes[a] for a, b in pairwise(names))
    others = tried(names[1:])
    assert len(others) >= len(names) - 1 > 2
    assert not {*others} & {*names[1:]}


def test_a_measurement_improves_the_estimate():
    machine = Machine(rate=1e-6)
    estimates = Estimates(machine.prepare, machine.clock)
    case = CASES[0]
    assert estimates.seconds("naive", case, "conv2d", limit=100) == pytest.approx(multiply_adds(case, "conv2d") * 1e-6)
    estimates.learn("naive", case, "conv2d", seconds=multiply_adds(case, "conv2d") * 1e-8)
    assert estimates.seconds("naive", case, "conv2d", limit=100) == pytest.approx(multiply_adds(case, "conv2d") * 1e-8)


def test_an_estimate_that_failed_is_tried_again():
    machine, faults = Machine(rate=1e-6), [MemoryError("for once")]

    def prepare(*problem):
        if faults:
            raise faults.pop()
        return machine.prepare(*problem)

    estimates, case = Estimates(prepare, machine.clock), CASES[0]
    with pytest.raises(MemoryError, match="for once"):
        estimates.seconds("naive", case, "conv2d", limit=100)
    assert estimates.seconds("naive", case, "conv2d", limit=100) == pytest.approx(multiply_adds(case, "conv2d") * 1e-6)
