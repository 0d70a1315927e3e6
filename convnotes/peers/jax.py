"""JAX: the convolutions and windows of `jax.lax`, compiled by XLA for the CPU; gradients are their transposes and vjps.

The mean of a window is its sum over its count, as Flax has it. jax.lax has no local response normalization.
"""

import os
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from convnotes import arguments, peers
from convnotes.annotations import Function
from convnotes.parameters import IntOrPair, PaddingLike, SizeLike

# Read when jax is loaded. The flags of XLA_FLAGS for this, as of earlier versions, no longer hold matrix products and
# windows to one thread (seen with jaxlib 0.10.2); this does.
os.environ["NPROC"] = str(peers.threads())

import jax
import jax.numpy as jnp
from jax import lax

jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_enable_x64", True)

# A copy, since what JAX hands out is read-only.
to_numpy = np.array
offered = peers.offered(to_numpy)


def prepare(operation: str, arguments: dict[str, Any]) -> Callable[..., Any]:
    """A call of an operation, compiled for its arguments; its result is there when it returns."""
    return globals()[operation].__wrapped__(**arguments)


@lru_cache(1000)
def _compiled(function: Callable[..., Any], options: tuple[Any, ...], shapes: tuple[Any, ...]) -> Callable[..., Any]:
    return jax.jit(partial(function, *options)).lower(*shapes).compile()


def _call(function: Callable[..., Any], options: tuple[Any, ...], *arrays: Any) -> Callable[..., Any]:
    """The call of a function of some options and arrays."""
    own = [None if array is None else jnp.array(array) for array in arrays]
    shapes = (None if array is None else jax.ShapeDtypeStruct(array.shape, array.dtype) for array in own)
    compiled = _compiled(function, tuple(options), tuple(shapes))
    return lambda: compiled(*own).block_until_ready()


def _with_bias(Y: Any, b: Any) -> Any:
    return Y if b is None else Y + b[:, None, None]


def _correlate(p: Any, X: Any, K: Any, b: Any = None) -> Any:
    # An output padding of a stride or more would make room for further windows.
    padding = [(before, after - rest // S * S) for (before, after), rest, S in zip(p.padding, p.remainder, p.stride)]
    options = {"rhs_dilation": p.dilation, "feature_group_count": p.groups}
    return _with_bias(lax.conv_general_dilated(X, K, p.stride, padding, **options), b)


def _to_input(p: Any, dY: Any, K: Any, b: Any = None) -> Any:
    X = jax.ShapeDtypeStruct(p.input_size, dY.dtype)
    return _with_bias(jax.linear_transpose(lambda X: _correlate(p, X, K), X)(dY)[0], b)


def _to_weight(p: Any, X: Any, dY: Any) -> Any:
    K = jax.ShapeDtypeStruct(p.weight_size, dY.dtype)
    return jax.linear_transpose(lambda K: _correlate(p, X, K), K)(dY)[0]


@offered
def conv2d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: IntOrPair = 1,
    padding: PaddingLike = 0,
    dilation: IntOrPair = 1,
    groups: int = 1,
) -> Function:
    X, K, b, p = arguments.conv2d(input, weight, bias, stride, padding, dilation, groups)
    return _call(_correlate, (p,), X, K, b)


@offered
def conv2d_grad_input(
    input_size: SizeLike,
    weight: ArrayLike,
    grad_output: ArrayLike,
    stride: IntOrPair = 1,
    padding: PaddingLike = 0,
    dilation: IntOrPair = 1,
    groups: int = 1,
) -> Function:
    K, dY, p = arguments.conv2d_grad_input(input_size, weight, grad_output, stride, padding, dilation, groups)
    return _call(_to_input, (p,), dY, K)


@offered
def conv2d_grad_weight(
    input: ArrayLike,
    weight_size: SizeLike,
    grad_output: ArrayLike,
    stride: IntOrPair = 1,
    padding: PaddingLike = 0,
    dilation: IntOrPair = 1,
    groups: int = 1,
) -> Function:
    X, dY, p = arguments.conv2d_grad_weight(input, weight_size, grad_output, stride, padding, dilation, groups)
    return _call(_to_weight, (p,), X, dY)


@offered
def conv_transpose2d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: IntOrPair = 1,
    padding: IntOrPair = 0,
    output_padding: IntOrPair = 0,
    groups: int = 1,
    dilation: IntOrPair = 1,
) -> Function:
    X, K, b, p = arguments.conv_transpose2d(input, weight, bias, stride, padding, output_padding, groups, dilation)
    return _call(_to_input, (p,), X, K, b)


@offered
def conv_transpose2d_grad_input(
    input_size: SizeLike,
    weight: ArrayLike,
    grad_output: ArrayLike,
    stride: IntOrPair = 1,
    padding: IntOrPair = 0,
    output_padding: IntOrPair = 0,
    groups: int = 1,
    dilation: IntOrPair = 1,
) -> Function:
    options = stride, padding, output_padding, groups, dilation
    K, dY, p = arguments.conv_transpose2d_grad_input(input_size, weight, grad_output, *options)
    return _call(_correlate, (p,), dY, K)


@offered
def conv_transpose2d_grad_weight(
    input: ArrayLike,
    weight_size: SizeLike,
    grad_output: ArrayLike,
    stride: IntOrPair = 1,
    padding: IntOrPair = 0,
    output_padding: IntOrPair = 0,
    groups: int = 1,
    dilation: IntOrPair = 1,
) -> Function:
    options = stride, padding, output_padding, groups, dilation
    X, dY, p = arguments.conv_transpose2d_grad_weight(input, weight_size, grad_output, *options)
    return _call(_to_weight, (p,), dY, X)


@offered
def bias_add(input: ArrayLike, bias: ArrayLike) -> Function:
    return _call(_with_bias, (), *arguments.bias_add(input, bias))


def _over_images(dY: Any) -> Any:
    return dY.sum((0, 2, 3))


@offered
def bias_grad(grad_output: ArrayLike) -> Function:
    return _call(_over_images, (), arguments.bias_grad(grad_output))


def _reduce(p: Any, X: Any, start: Any, operation: str) -> Any:
    options = {"window_dilation": (1, 1, *p.dilation)}
    padding = (0, 0), (0, 0), *p.canvas_padding
    start = np.array(start, X.dtype)
    return lax.reduce_window(X, start, operation, (1, 1, *p.kernel), (1, 1, *p.stride), padding, **options)


def _maximum(p: Any, X: Any) -> Any:
    return _reduce(p, X, -np.inf, lax.max)


def _to_maxima(p: Any, X: Any, dY: Any) -> Any:
    return jax.vjp(partial(_maximum, p), X)[1](dY)[0]


@offered
def max_pool2d(
    input: ArrayLike,
    kernel_size: IntOrPair,
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
    dilation: IntOrPair = 1,
    ceil_mode: bool = False,
) -> Function:
    X, p = arguments.max_pool2d(input, kernel_size, stride, padding, dilation, ceil_mode)
    return _call(_maximum, (p,), X)


@offered
def max_pool2d_grad_input(
    input: ArrayLike,
    grad_output: ArrayLike,
    kernel_size: IntOrPair,
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
    ceil_mode: bool = False,
) -> Function:
    options = kernel_size, stride, padding, 1, ceil_mode
    X, dY, p = arguments.max_pool2d_grad_input(input, grad_output, *options, ties="first")
    return _call(_to_maxima, (p,), X, dY)


def _mean(p: Any, count_include_pad: bool, divisor_override: int | None, X: Any) -> Any:
    q = p.on_padded_input() if count_include_pad else p
    count = divisor_override or _reduce(q, jnp.ones((1, 1, *q.size), X.dtype), 0, lax.add)
    return _reduce(p, X, 0, lax.add) / count


def _to_means(p: Any, count_include_pad: bool, divisor_override: int | None, dY: Any) -> Any:
    X = jax.ShapeDtypeStruct((*dY.shape[:2], *p.size), dY.dtype)
    return jax.linear_transpose(partial(_mean, p, count_include_pad, divisor_override), X)(dY)[0]


@offered
def avg_pool2d(
    input: ArrayLike,
    kernel_size: IntOrPair,
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Function:
    options = kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    X, *rest = arguments.avg_pool2d(input, *options)
    return _call(_mean, tuple(rest), X)


@offered
def avg_pool2d_grad_input(
    input_size: SizeLike,
    grad_output: ArrayLike,
    kernel_size: IntOrPair,
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Function:
    options = kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    dY, *rest = arguments.avg_pool2d_grad_input(input_size, grad_output, *options)
    return _call(_to_means, tuple(rest), dY)
