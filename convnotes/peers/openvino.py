"""OpenVINO: one operation of its opset for each of ours, compiled for the CPU; made for inference, few gradients.

The weight and the bias are constants of the model, as in inference: they may be rearranged when it is compiled. The
gradient of a convolution's input is ConvolutionBackpropData, and that of a transposed one's is Convolution. The CPU
computes float64 in float32, so float64 is not offered. An output lies where the one before lay.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import ArrayLike
from openvino import opset15 as ops

from convnotes import arguments, peers
from convnotes.annotations import Array, Function
from convnotes.parameters import IntOrPair, Padding, PaddingLike, SizeLike
from convnotes.windows import extent

_core = ov.Core()


def to_numpy(result: ov.Tensor) -> np.ndarray:
    """What a call returned, as an array."""
    return np.array(result.data)


offered = peers.offered(to_numpy)


def prepare(operation: str, arguments: dict[str, Any]) -> Callable[..., Any]:
    """A call of an operation, by a model compiled for its arguments."""
    return globals()[operation].__wrapped__(**arguments)


def _call(array: Any, make: Callable[..., Any]) -> Callable[..., Any]:
    """The call of a model with one input; `make` makes its output of that."""
    if array.dtype != np.float32:
        raise NotImplementedError("float64 is computed in float32")
    array = np.ascontiguousarray(array)
    input = ops.parameter(array.shape, array.dtype)
    request = _core.compile_model(ov.Model([make(input)], [input]), "CPU", _options()).create_infer_request()
    request.set_input_tensor(ov.Tensor(array))
    output = request.get_output_tensor()

    def call() -> ov.Tensor:
        request.infer()
        return output

    return call


def _options() -> dict[str, Any]:
    return {
        "INFERENCE_NUM_THREADS": peers.threads(),
        "NUM_STREAMS": 1,
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",  # else bfloat16 on processors that have it
    }


def _sides(padding: Padding) -> dict[str, Any]:
    (top, bottom), (left, right) = padding
    return {"pads_begin": [top, left], "pads_end": [bottom, right]}


def _with_bias(Y: Any, b: Any) -> Any:
    return Y if b is None else ops.add(Y, ops.constant(b[None, :, None, None]))


def _by_groups(K: Array, groups: int) -> Array:
    """OpenVINO's weight of groups has an axis for them."""
    return np.ascontiguousarray(K).reshape(groups, K.shape[0] // groups, *K.shape[1:])


def _correlate(p: Any, X: Any, K: Any, b: Any = None) -> Callable[..., Any]:
    options = {"strides": [*p.stride], "dilations": [*p.dilation], **_sides(p.padding)}
    if p.groups == 1:
        return _call(X, lambda X: _with_bias(ops.convolution(X, K, **options), b))
    K = _by_groups(K, p.groups)
    return _call(X, lambda X: _with_bias(ops.group_convolution(X, K, **options), b))


def _transposed(p: Any, X: Any, K: Any, b: Any = None) -> Callable[..., Any]:
    options = {"strides": [*p.stride], "dilations": [*p.dilation], **_sides(p.padding)}
    options |= {"output_padding": [*p.remainder], "auto_pad": "EXPLICIT"}
    if p.groups == 1:
        return _call(X, lambda X: _with_bias(ops.convolution_backprop_data(X, K, **options), b))
    K = _by_groups(K, p.groups)
    return _call(X, lambda X: _with_bias(ops.group_convolution_backprop_data(X, K, **options), b))


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
    return _correlate(p, X, K, b)


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
    return _transposed(p, dY, K)


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
    return _transposed(p, X, K, b)


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
    return _correlate(peers.refuse_room_for_windows(p), dY, K)


@offered
def bias_add(input: ArrayLike, bias: ArrayLike) -> Function:
    X, b = arguments.bias_add(input, bias)
    return _call(X, lambda X: _with_bias(X, b))


@offered
def bias_grad(grad_output: ArrayLike) -> Function:
    return _call(arguments.bias_grad(grad_output), lambda dY: ops.reduce_sum(dY, np.array([0, 2, 3])))


def _pool(p: Any, ceil_mode: bool) -> dict[str, Any]:
    sides = (before + size + after for size, (before, after) in zip(p.size, p.padding))
    if any(extent(K, D) > side for K, D, side in zip(p.kernel, p.dilation, sides)):
        raise NotImplementedError("a window must fit on the padded input")
    peers.refuse_windows_on_padding(p)
    options = {"kernel_shape": [*p.kernel], "strides": [*p.stride], **_sides(p.padding)}
    return options | {"rounding_type": "ceil_torch" if ceil_mode else "floor"}


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
    options = _pool(p, ceil_mode)
    return _call(X, lambda X: ops.max_pool(X, dilations=[*p.dilation], **options).output(0))


@offered
def avg_pool2d(
    input: ArrayLike,
    kernel_size: IntOrPair,
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Function:
    options = kernel_size, stride, padding, ceil_mode, count_include_pad, None
    X, p, *_ = arguments.avg_pool2d(input, *options)
    named = _pool(p, ceil_mode)
    return _call(X, lambda X: ops.avg_pool(X, exclude_pad=not count_include_pad, **named))


@offered
def local_response_norm(
    input: ArrayLike, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Function:
    X, size, alpha, beta, k = arguments.local_response_norm(input, size, alpha, beta, k)
    return _call(X, lambda X: ops.lrn(X, np.array([1]), alpha, beta, k, size))
