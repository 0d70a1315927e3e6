"""Which algorithm of `fast` is chosen: of all that take a layer the one predicted to be the fastest. No clock runs."""

import numpy as np
import pytest

from convnotes import cases, fast, windows
from convnotes.fast import dispatch
from convnotes.fast.algorithms import lowering, phases, winograd
from convnotes.fast.machine import cost
from convnotes.fast.machine.workspace import space
from forgetting import forget

pytestmark = pytest.mark.usefixtures("forgetful")

MAPS = ("forward", "grad_weight", "grad_input")
# Every convolution there is, of one image and of eight.
LAYERS = {
    f"{suite}, {case.name}, {N}": case.with_batch(N).windows
    for suite, some in cases.SUITES.items()
    for case in some
    if case.layer.startswith("conv")
    for N in (1, 8)
}
# A layer that all algorithms take.
LAYER = windows.convolution((2, 6, 12, 12), (4, 6, 3, 3), padding=1)


class Stand:
    """Stands for an algorithm: tells what it was asked to predict and to make, and predicts what it is told to."""

    def __init__(self, algorithm, predicted=None):
        self.algorithm, self.predicted = algorithm, predicted
        self.asked, self.made = [], []

    def __getattr__(self, name):
        if name in MAPS:
            self.made.append(name)
        return getattr(self.algorithm, name)

    def work(self, p, which):
        self.asked.append((p, which))
        return self.predicted or self.algorithm.work(p, which)


@pytest.fixture
def stands(monkeypatch):
    """One for each registered algorithm and each transpose, by name."""
    found = {}
    for registered in (dispatch.ALGORITHMS, dispatch.TRANSPOSES):
        for name, algorithm in registered.items():
            found[name] = found.get(name) or Stand(algorithm)
            monkeypatch.setitem(registered, name, found[name])
    return found


def choose(p, which, itemsize=4, algorithm="auto"):
    if which == "grad_input":
        return dispatch.transpose(algorithm, p, itemsize)
    return dispatch.choose(algorithm, p, which, itemsize)


def test_the_layers_are_those_of_every_suite():
    assert len(LAYERS) > 200
    assert {name.split(",")[0] for name in LAYERS} == set(cases.SUITES)


@pytest.mark.parametrize("which", MAPS)
def test_the_textbooks_way_is_always_compared_and_no_choice_is_predicted_to_take_longer(which, stands):
    """im2col, or for an input gradient col2im, in no more space than there is: it takes every layer of every suite."""
    textbooks = stands["col2im" if which == "grad_input" else "im2col"]
    assert textbooks.algorithm is lowering.im2col
    for name, p in LAYERS.items():
        for itemsize in (4, 8):
            most = space(p.input_size, p.output_size, itemsize)
            assert textbooks.takes(p), name
            assert textbooks.workspace(p, most) <= most, name
            forget()
            textbooks.asked.clear()
            chosen, seconds = choose(p, which, itemsize)
            assert (p, which) in textbooks.asked, name
            assert 0 < seconds <= lowering.im2col.work(p, which).seconds(itemsize), name
            if chosen is not None:
                assert chosen.takes(p), name
                assert seconds == chosen.algorithm.work(p, which).seconds(itemsize), name
                assert chosen.workspace(p, most) <= most, name


@pytest.mark.parametrize("which", MAPS)
def test_whichever_is_predicted_to_be_the_fastest_is_chosen(which, stands, monkeypatch):
    monkeypatch.setattr(phases, "work", lambda p: cost.Work(calls=2))
    registered = dispatch.TRANSPOSES if which == "grad_input" else dispatch.ALGORITHMS
    assert registered == {name: stands[name] for name in registered}
    for fastest in registered:
        for name in registered:
            stands[name].predicted = cost.Work(calls=1 if name == fastest else 2)
        forget()
        assert choose(LAYER, which) == (stands[fastest], cost.Work(calls=1).seconds())


def test_an_input_gradient_is_one_of_phases_where_all_that_is_done_for_them_takes_less(stands, monkeypatch):
    """Two phases along each axis, of which one has two entries of the kernel: four convolutions, and what is beside."""
    p = windows.convolution((2, 6, 12, 12), (4, 6, 3, 3), stride=2, padding=1)
    assert len(list(phases.convolutions(p))) == 4
    monkeypatch.setattr(phases, "work", lambda p: cost.Work(calls=3))
    for calls, phased in ((6, False), (8, True)):
        for name, stand in stands.items():
            stand.predicted = cost.Work(calls=1)
            if name in dispatch.TRANSPOSES:
                stand.work = lambda p, which, calls=calls: cost.Work(calls=calls if which == "grad_input" else 1)
        forget()
        chosen, seconds = choose(p, "grad_input")
        assert (chosen is None) == phased
        assert seconds == pytest.approx(cost.Work(calls=min(calls, 7)).seconds())


def test_what_takes_a_layer_with_stride_and_dilation_has_no_phases(stands, monkeypatch):
    p = windows.convolution((2, 6, 12, 12), (4, 6, 3, 3), stride=2, dilation=2)
    assert not phases.takes(p)
    monkeypatch.setattr(phases, "convolutions", lambda p: pytest.fail("there are none"))
    assert choose(p, "grad_input")[0] in stands.values()


@pytest.mark.parametrize("which", MAPS)
def test_the_algorithm_that_is_asked_for_is_the_one_that_runs(which, stands, rng):
    X, K, dY = (rng.standard_normal(size) for size in (LAYER.input_size, LAYER.weight_size, LAYER.output_size))
    calls = {
        "forward": lambda **by: fast.conv2d(X, K, padding=1, **by),
        "grad_weight": lambda **by: fast.conv2d_grad_weight(X, K.shape, dY, padding=1, **by),
        "grad_input": lambda **by: fast.conv2d_grad_input(X.shape, K, dY, padding=1, **by),
    }
    for name in [*dispatch.ALGORITHMS, *(["col2im"] if which == "grad_input" else [])]:
        for stand in stands.values():
            stand.made.clear()
        calls[which](algorithm=name)
        # An input gradient by an algorithm that makes none by itself is a convolution.
        phased = which == "grad_input" and name not in dispatch.TRANSPOSES
        made = {other: stand.made for other, stand in stands.items() if stand.made}
        assert made == {name: ["forward" if phased else which]}


def test_every_registered_algorithm_says_all_it_must():
    (p,) = (case.windows for case in cases.select("alexnet/conv3"))
    assert dispatch.ALGORITHMS["winograd"] is winograd
    for name, algorithm in dispatch.ALGORITHMS.items():
        assert algorithm.rule, name
        assert algorithm.takes.__doc__, name
        assert algorithm.takes(p), name
        transposes = algorithm in dispatch.TRANSPOSES.values()
        for which in MAPS if transposes else MAPS[:2]:
            assert algorithm.work(p, which).seconds(8) > algorithm.work(p, which).seconds(4) > 0, (name, which)
            assert hasattr(algorithm, which), name
        assert 0 < algorithm.workspace(p, 2**20) <= algorithm.workspace(p, float("inf")), name


def test_a_choice_hangs_on_predictions_alone():
    """That of the same layer is the same in whatever order layers come."""
    some = list(LAYERS.values())[::7]
    first = [choose(p, which) for p in some for which in MAPS]
    forget()
    last = [choose(p, which) for p in some[::-1] for which in MAPS[::-1]]
    assert first == last[::-1]
    assert len({np.asarray(chosen is None).item() for chosen, _ in first}) == 2
