"""What the arrays of an operation may be: real numbers in one common precision, in shapes that fit the windows.

Each function takes the arguments of the operation it is named after and returns its arrays, converted,
and its windows; TypeError for a wrong kind, ValueError for a wrong shape or parameter.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convnotes import parameters, windows
from convnotes.annotations import Array, ArrayLike, IntOrPair, SizeLike
from convnotes.windows import Convolution, Windows


def arrays(**named: ArrayLike | None) -> list[Any]:
    """The named values as arrays of numpy.result_type(*values, float32), in order; a value of None stays None.

    float32 stays float32 and float64 stays float64; integers and float16 are promoted.
    """
    given = {name: _array(name, value) for name, value in named.items() if value is not None}
    dtype = np.result_type(*given.values(), np.float32)
    return [given[name].astype(dtype, copy=False) if name in given else None for name in named]


def _array(name: str, value: ArrayLike) -> NDArray[Any]:
    try:
        array = np.asarray(unmasked(name, value))
    except ValueError:
        raise ValueError(f"{name} must be an array of numbers, got nested sequences of unequal lengths") from None
    except RuntimeError as problem:  # such as of a tensor that asks for gradients
        raise TypeError(f"{name} must be an array of numbers, got {type(value).__name__} ({problem})") from None
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold real numbers, got dtype {array.dtype}")
    return array


def unmasked(name: str, value: Any) -> Any:
    """`value`, unless it is a masked array or holds one: its mask would be lost."""
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{name} must be an array without a mask, got a masked array (see numpy.ma.filled)")
    if isinstance(value, list | tuple):
        for entry in value:
            unmasked(name, entry)
    return value


def expect_shape(name: str, array: NDArray[Any] | None, shape: SizeLike) -> None:
    """Refuse an array of another shape than `shape`; None passes."""
    if array is not None and array.shape != tuple(shape):
        raise ValueError(f"{name} must have shape {tuple(shape)}, got {array.shape}")


# A convolution's result has its windows' output size; a transposed one's has their input size.


Geometry = Callable[..., Convolution]


def _forward(
    geometry: Geometry, result: str, input: ArrayLike, weight: ArrayLike, bias: ArrayLike | None, *options: Any
) -> tuple[Array, Array, Array | None, Convolution]:
    X, K, b = arrays(input=input, weight=weight, bias=bias)
    p = geometry(X.shape, K.shape, *options)
    expect_shape("bias", b, getattr(p, result)[1:2])
    return X, K, b, p


def _grad_input(
    geometry: Geometry, result: str, input_size: SizeLike, weight: ArrayLike, grad_output: ArrayLike, *options: Any
) -> tuple[Array, Array, Convolution]:
    K, dY = arrays(weight=weight, grad_output=grad_output)
    p = geometry(parameters.size("input_size", input_size), K.shape, *options)
    expect_shape("grad_output", dY, getattr(p, result))
    return K, dY, p


def _grad_weight(
    geometry: Geometry, result: str, input: ArrayLike, weight_size: SizeLike, grad_output: ArrayLike, *options: Any
) -> tuple[Array, Array, Convolution]:
    X, dY = arrays(input=input, grad_output=grad_output)
    p = geometry(X.shape, parameters.size("weight_size", weight_size, "(C, C/groups, kH, kW)"), *options)
    expect_shape("grad_output", dY, getattr(p, result))
    return X, dY, p


conv2d = partial(_forward, windows.convolution, "output_size")
conv2d_grad_input = partial(_grad_input, windows.convolution, "output_size")
conv2d_grad_weight = partial(_grad_weight, windows.convolution, "output_size")
conv_transpose2d = partial(_forward, windows.transposed_convolution, "input_size")
conv_transpose2d_grad_input = partial(_grad_input, windows.transposed_convolution, "input_size")
conv_transpose2d_grad_weight = partial(_grad_weight, windows.transposed_convolution, "input_size")


def bias_add(input: ArrayLike, bias: ArrayLike) -> tuple[Array, Array]:
    X, b = arrays(input=input, bias=bias)
    expect_shape("bias", b, parameters.size("input", X.shape)[1:2])
    return X, b


def bias_grad(grad_output: ArrayLike) -> Array:
    dY: Array
    (dY,) = arrays(grad_output=grad_output)
    parameters.size("grad_output", dY.shape)
    return dY


def max_pool2d(input: ArrayLike, *options: Any) -> tuple[Array, Windows]:
    (X,) = arrays(input=input)
    return X, windows.pool(X.shape, *options)


def max_pool2d_grad_input(
    input: ArrayLike, grad_output: ArrayLike, *options: Any, ties: str
) -> tuple[Array, Array, Windows]:
    X, dY = arrays(input=input, grad_output=grad_output)
    p = windows.pool(X.shape, *options)
    expect_shape("grad_output", dY, X.shape[:2] + p.count)
    if ties not in ("first", "all"):
        raise ValueError(f"ties must be 'first' or 'all', got {ties!r}")
    return X, dY, p


def avg_pool2d(
    input: ArrayLike,
    kernel_size: IntOrPair,
    stride: IntOrPair | None,
    padding: IntOrPair,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> tuple[Array, Windows, bool, int | None]:
    (X,) = arrays(input=input)
    p = windows.pool(X.shape, kernel_size, stride, padding, 1, ceil_mode)
    return X, p, *_divisor(count_include_pad, divisor_override)


def avg_pool2d_grad_input(
    input_size: SizeLike,
    grad_output: ArrayLike,
    kernel_size: IntOrPair,
    stride: IntOrPair | None,
    padding: IntOrPair,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> tuple[Array, Windows, bool, int | None]:
    (dY,) = arrays(grad_output=grad_output)
    input_size = parameters.size("input_size", input_size)
    p = windows.pool(input_size, kernel_size, stride, padding, 1, ceil_mode)
    expect_shape("grad_output", dY, input_size[:2] + p.count)
    return dY, p, *_divisor(count_include_pad, divisor_override)


def _divisor(count_include_pad: bool, divisor_override: int | None) -> tuple[bool, int | None]:
    if divisor_override is not None:
        divisor_override = parameters.integer("divisor_override", divisor_override)
        if divisor_override == 0:
            raise ValueError("divisor_override must not be 0, got 0")
    return parameters.flag("count_include_pad", count_include_pad), divisor_override


def local_response_norm(input: ArrayLike, *options: Any) -> tuple[Array, int, float, float, float]:
    (X,) = arrays(input=input)
    parameters.size("input", X.shape)
    return X, *_normalization(*options)


def local_response_norm_grad_input(
    input: ArrayLike, grad_output: ArrayLike, *options: Any
) -> tuple[Array, Array, int, float, float, float]:
    X, dY = arrays(input=input, grad_output=grad_output)
    expect_shape("grad_output", dY, parameters.size("input", X.shape))
    return X, dY, *_normalization(*options)


def _normalization(size: Any, alpha: Any, beta: Any, k: Any) -> tuple[int, float, float, float]:
    """The options as Python's own numbers, which leave float32 arrays float32."""
    size = parameters.integer("size", size, 1)
    alpha, beta, k = (parameters.number(*named) for named in (("alpha", alpha), ("beta", beta), ("k", k)))
    if alpha < 0:
        raise ValueError(f"alpha must not be negative, got {alpha}")
    if k <= 0:
        raise ValueError(f"k must be above 0, got {k}")
    return size, alpha, beta, k
