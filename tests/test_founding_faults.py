"""The known faults of the founding notebook: each test shows the fault in its code and its absence in ours."""

import numpy as np
import pytest
import torch

import founding
from convnotes import IMPLEMENTATIONS, implementation, layout, matmul, naive, reference
from convnotes.check import error

OURS = [name for name in IMPLEMENTATIONS if name != "torch"]


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize(("padding", "dX_founding", "dK_founding"), [(0, (17, 24), (7, 10)), (1, (18, 26), (6, 8))])
def test_gradients_when_the_stride_leaves_a_remainder(name, padding, dX_founding, dK_founding, rng):
    X, K = rng.standard_normal((2, 3, 19, 26)), rng.standard_normal((4, 3, 5, 8))
    module, stride = implementation(name), (3, 4)
    dY = rng.standard_normal(reference.conv2d(X, K, stride=stride, padding=padding).shape)
    assert founding.conv2d_padded_dx(K, dY, *stride, padding, padding).shape[2:] == dX_founding
    assert founding.conv2d_padded_dk(X, dY, *stride, padding, padding).shape[2:] == dK_founding
    dX = module.conv2d_grad_input(X.shape, K, dY, stride, padding)
    dK = module.conv2d_grad_weight(X, K.shape, dY, stride, padding)
    assert error(dX, reference.conv2d_grad_input(X.shape, K, dY, stride, padding)) < 1e-12
    assert error(dK, reference.conv2d_grad_weight(X, K.shape, dY, stride, padding)) < 1e-12


@pytest.mark.parametrize("name", OURS)
def test_without_a_remainder_the_founding_gradients_were_right(name, rng):
    X, K = rng.standard_normal((2, 3, 17, 24)), rng.standard_normal((4, 3, 5, 8))
    dY, module = rng.standard_normal((2, 4, 9, 9)), implementation(name)
    dX = module.conv2d_grad_input(X.shape, K, dY, (3, 4), (6, 8))
    dK = module.conv2d_grad_weight(X, K.shape, dY, (3, 4), (6, 8))
    assert error(founding.conv2d_padded_dx(K, dY, 3, 4, 6, 8), dX) < 1e-12
    assert error(founding.conv2d_padded_dk(X, dY, 3, 4, 6, 8), dK) < 1e-12


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("size", [3, 5, 7])
def test_local_response_norm_of_odd_size(name, size, rng):
    """The founding sum leaves out the last channel of an odd window: n = 5 sums 4 channels."""
    X = rng.standard_normal((2, 14, 3, 2))
    options = {"alpha": 0.5 * size, "beta": 0.75, "k": 1.0}
    expected = torch.nn.functional.local_response_norm(torch.tensor(X), size, **options).numpy()
    assert error(founding.local_response_norm(size, 0.5, 0.75, 1.0, X), expected) > 1e-3
    assert error(implementation(name).local_response_norm(X, size, **options), expected) < 1e-12


@pytest.mark.parametrize("name", OURS)
def test_the_two_conventions_of_alpha(name, rng):
    """The founding alpha is the paper's, torch's is divided by the size; for even sizes the windows agree."""
    X, size, alpha = rng.standard_normal((2, 14, 3, 2)), 6, 0.3
    expected = founding.local_response_norm(size, alpha, 0.75, 1.0, X)
    ours = implementation(name).local_response_norm
    assert error(ours(X, size, alpha, 0.75, 1.0), expected) > 1e-3
    assert error(ours(X, size, alpha * size, 0.75, 1.0), expected) < 1e-12


@pytest.mark.parametrize("name", OURS)
def test_the_missing_backward_of_local_response_norm(name, rng, monkeypatch):
    X, dY = rng.standard_normal((2, 14, 3, 2)), rng.standard_normal((2, 14, 3, 2))
    expected = reference.local_response_norm_grad_input(X, dY, 5, 0.5)
    monkeypatch.setattr(np, "empty", lambda shape: np.full(shape, np.nan))
    assert np.isnan(founding.local_response_norm_dX(5, 0.1, 0.75, 1.0, X, dY)).all(), "nothing is ever written to it"
    monkeypatch.undo()
    assert error(implementation(name).local_response_norm_grad_input(X, dY, 5, 0.5), expected) < 1e-12


@pytest.mark.parametrize("name", OURS)
def test_ties_in_max_pooling(name):
    """The founding code gives each of four equal maxima the whole gradient: four times what came in."""
    X, dY = np.ones((1, 1, 2, 2)), np.array([[[[3.0]]]])
    module = implementation(name)
    everywhere = founding.maxpool_dk(X, module.max_pool2d(X, 2), dY, 2, 2, 2, 2)
    assert np.array_equal(everywhere, np.full_like(X, 3))
    assert np.array_equal(module.max_pool2d_grad_input(X, dY, 2), [[[[3, 0], [0, 0]]]])
    assert np.array_equal(reference.max_pool2d_grad_input(X, dY, 2), [[[[3, 0], [0, 0]]]])
    assert np.array_equal(module.max_pool2d_grad_input(X, dY, 2, ties="all"), everywhere)


@pytest.mark.parametrize("name", OURS)
def test_single_precision_stays_single(name, rng):
    X, K = rng.standard_normal((1, 1, 3, 3), np.float32), rng.standard_normal((1, 1, 2, 2), np.float32)
    assert founding.conv2d(X, K, 1, 1).dtype == np.float64
    assert implementation(name).conv2d(X, K).dtype == np.float32


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_channels_and_bias_do_not_broadcast_by_accident(name, rng):
    """The founding transpose trick takes a bias of one number, or of a whole image, for one number per channel."""
    X, K = rng.standard_normal((1, 3, 4, 4)), rng.standard_normal((2, 1, 2, 2))
    for wrong in (np.ones(1), np.ones((4, 4, 3))):
        assert founding.conv2d_bias_add(X, wrong).shape == X.shape
        with pytest.raises(ValueError, match=r"^bias must have shape \(3,\), got"):
            implementation(name).bias_add(X, wrong)
    founding.conv2d(X, K, 1, 1)  # one kernel channel: two of the input's three are silently left out
    with pytest.raises(ValueError, match=r"^weight must have C_in/groups = 3/1 channels per filter"):
        implementation(name).conv2d(X, K)


def test_what_was_right_is_kept(rng):
    """pad_tensor, stride0, rot180, x2mat and the bias are here under their new names."""
    X, K = rng.standard_normal((2, 3, 7, 8)), rng.standard_normal((4, 3, 3, 2))
    assert np.array_equal(layout.pad(X, ((1, 2), (3, 0))), founding.pad_tensor(X, 1, 2, 3, 0))
    assert np.array_equal(layout.dilate(X, (3, 2)), founding.stride0(X, 2, 1))
    assert np.array_equal(layout.rot180(X), founding.rot180(X))
    columns = matmul.im2col(X, (3, 2), (2, 3))
    assert np.array_equal(columns.transpose(0, 2, 1).reshape(-1, 18), founding.x2mat(X, K, 2, 3))
    assert np.array_equal(naive.bias_add(X, np.arange(3.0)), founding.conv2d_bias_add(X, np.arange(3.0)))
