"""The reference gives torch's results whatever the caller has set in torch."""

import contextlib

import numpy as np
import pytest
import torch

from convnotes import arguments, reference
from convnotes.proof import arrays

CALLS = [(case, operation) for case in arrays.LAYERS for operation in case.operations]


@contextlib.contextmanager
def default(setter, value, before):
    setter(value)
    try:
        yield
    finally:
        setter(before)


SETTINGS = {
    "no_grad": torch.no_grad,
    "inference_mode": torch.inference_mode,
    "set_grad_enabled": lambda: torch.set_grad_enabled(False),
    "autocast": lambda: torch.autocast("cpu"),
    "device": lambda: torch.device("meta"),
    "set_default_device": lambda: default(torch.set_default_device, "meta", None),
    "set_default_dtype": lambda: default(torch.set_default_dtype, torch.float16, torch.float32),
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_no_setting_changes_a_result(setting):
    for case, operation in CALLS:
        drawn = case.operands(np.random.default_rng(16), np.float32)
        expected = getattr(reference, operation)(**case.arguments(operation, drawn))
        with SETTINGS[setting]():
            result = getattr(reference, operation)(**case.arguments(operation, drawn))
        assert result.dtype == np.float32
        assert np.array_equal(result, expected), operation


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_call_leaves_the_setting_as_it_was(setting):
    def state():
        return (
            torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.is_autocast_enabled("cpu"),
            torch.get_default_device(), torch.get_default_dtype(),
        )  # fmt: skip

    with SETTINGS[setting]():
        before = state()
        reference.bias_grad(np.ones((1, 2, 2, 2)))
        assert state() == before


def test_a_tensor_that_asks_for_gradients_is_refused():
    """NumPy cannot read it, and says so with an error of a kind of its own."""
    with pytest.raises(TypeError, match=r"^input must be an array of numbers, got Tensor \(Can't call numpy"):
        arguments.bias_add(torch.ones((1, 1, 1, 1), requires_grad=True), [1.0])
    X, _ = arguments.bias_add(torch.ones((1, 1, 1, 1)), [1.0])
    assert X.tolist() == [[[[1.0]]]]
