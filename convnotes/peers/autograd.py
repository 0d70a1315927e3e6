"""autograd: `autograd.scipy.signal.convolve` over two axes, summed over channels; gradients are its own vjps.

It has neither stride, padding, dilation nor groups. What it convolves with is turned first: it is no correlation.
"""

from collections.abc import Callable
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd import make_vjp
from autograd.scipy.signal import convolve
from numpy.typing import ArrayLike

from convnotes import arguments, peers
from convnotes.annotations import Function
from convnotes.parameters import SizeLike

to_numpy = np.array
offered = peers.offered(to_numpy)


def prepare(operation: str, arguments: dict[str, Any]) -> Callable[..., Any]:
    """A call of an operation; that of a gradient begins after the forward pass."""
    return globals()[operation].__wrapped__(**arguments)


def _correlate(X: Any, K: Any) -> Any:
    return convolve(X, K[:, :, ::-1, ::-1], axes=([2, 3], [2, 3]), dot_axes=([1], [1]), mode="valid")


@offered
def conv2d(input: ArrayLike, weight: ArrayLike, bias: ArrayLike | None = None) -> Function:
    X, K, b, _ = arguments.conv2d(input, weight, bias, 1, 0, 1, 1)
    return lambda: _correlate(X, K) if b is None else anp.add(_correlate(X, K), b[:, None, None])


@offered
def conv2d_grad_input(input_size: SizeLike, weight: ArrayLike, grad_output: ArrayLike) -> Function:
    K, dY, p = arguments.conv2d_grad_input(input_size, weight, grad_output, 1, 0, 1, 1)
    vjp, _ = make_vjp(lambda X: _correlate(X, K))(np.zeros(p.input_size, dY.dtype))
    return lambda: vjp(dY)


@offered
def conv2d_grad_weight(input: ArrayLike, weight_size: SizeLike, grad_output: ArrayLike) -> Function:
    X, dY, p = arguments.conv2d_grad_weight(input, weight_size, grad_output, 1, 0, 1, 1)
    vjp, _ = make_vjp(lambda K: _correlate(X, K))(np.zeros(p.weight_size, dY.dtype))
    return lambda: vjp(dY)
