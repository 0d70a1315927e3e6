"""MyGrad: its convolution and max pool for N axes, in NumPy; a gradient is that operation's own step of `backward`.

It takes no stride that leaves a remainder, pads both ends of an axis alike, and its pool knows no padding.
"""

from collections.abc import Callable
from typing import Any

import mygrad
import numpy as np
from mygrad.nnet.layers import conv_nd, max_pool
from numpy.typing import ArrayLike

from convnotes import arguments, peers
from convnotes.annotations import Function
from convnotes.parameters import IntOrPair, PaddingLike, SizeLike


def to_numpy(result: Any) -> np.ndarray:
    """What a call returned, as an array."""
    return np.array(result.data) if isinstance(result, mygrad.Tensor) else result


offered = peers.offered(to_numpy)


def prepare(operation: str, arguments: dict[str, Any]) -> Callable[..., Any]:
    """A call of an operation on tensors that exist."""
    return globals()[operation].__wrapped__(**arguments)


def _tensor(array: Any, constant: bool = True) -> mygrad.Tensor:
    return mygrad.tensor(np.ascontiguousarray(array), constant=constant)


def _gradient(output: mygrad.Tensor, source: mygrad.Tensor, grad_output: ArrayLike) -> Callable[..., Any]:
    """The step of `output.backward` through the operation that made it, which can be done again and again."""
    operation, dY = output.creator, np.ascontiguousarray(grad_output)

    def call() -> np.ndarray:
        source._grad = None
        operation.backward(dY)
        return source._grad

    return call


def _options(p: Any) -> dict[str, Any]:
    if any(p.remainder):
        raise NotImplementedError("a stride must leave no remainder")
    return {"stride": p.stride}


def _of_convolution(p: Any) -> dict[str, Any]:
    if any(before != after for before, after in p.padding):
        raise NotImplementedError("both ends of an axis must be padded alike")
    return _options(p) | {"padding": tuple(before for before, _ in p.padding), "dilation": p.dilation}


@offered
def conv2d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: IntOrPair = 1,
    padding: PaddingLike = 0,
    dilation: IntOrPair = 1,
) -> Function:
    X, K, b, p = arguments.conv2d(input, weight, bias, stride, padding, dilation, 1)
    X, K, options = _tensor(X), _tensor(K), _of_convolution(p)
    if b is None:
        return lambda: conv_nd(X, K, **options)
    b = _tensor(b[:, None, None])
    return lambda: conv_nd(X, K, **options) + b


@offered
def conv2d_grad_input(
    input_size: SizeLike,
    weight: ArrayLike,
    grad_output: ArrayLike,
    stride: IntOrPair = 1,
    padding: PaddingLike = 0,
    dilation: IntOrPair = 1,
) -> Function:
    K, dY, p = arguments.conv2d_grad_input(input_size, weight, grad_output, stride, padding, dilation, 1)
    X = _tensor(np.zeros(input_size, dY.dtype), constant=False)
    return _gradient(conv_nd(X, _tensor(K), **_of_convolution(p)), X, dY)


@offered
def conv2d_grad_weight(
    input: ArrayLike,
    weight_size: SizeLike,
    grad_output: ArrayLike,
    stride: IntOrPair = 1,
    padding: PaddingLike = 0,
    dilation: IntOrPair = 1,
) -> Function:
    X, dY, p = arguments.conv2d_grad_weight(input, weight_size, grad_output, stride, padding, dilation, 1)
    K = _tensor(np.zeros(weight_size, dY.dtype), constant=False)
    return _gradient(conv_nd(_tensor(X), K, **_of_convolution(p)), K, dY)


@offered
def max_pool2d(input: ArrayLike, kernel_size: IntOrPair, stride: IntOrPair | None = None) -> Function:
    X, p = arguments.max_pool2d(input, kernel_size, stride, 0, 1, False)
    X, options = _tensor(X), _options(p)
    return lambda: max_pool(X, p.kernel, **options)


@offered
def max_pool2d_grad_input(
    input: ArrayLike, grad_output: ArrayLike, kernel_size: IntOrPair, stride: IntOrPair | None = None
) -> Function:
    X, dY, p = arguments.max_pool2d_grad_input(input, grad_output, kernel_size, stride, 0, 1, False, ties="first")
    X = _tensor(X, constant=False)
    return _gradient(max_pool(X, p.kernel, **_options(p)), X, dY)
