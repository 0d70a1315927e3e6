"""ONNX Runtime: one node of ONNX for each operation, on its CPU provider; made for inference, with few gradients.

The weight and the bias are constants of the model, as in inference: the session may rearrange them when it is made. The
gradient of a convolution's input is ConvTranspose, and that of a transposed one's is Conv. The others are not offered,
nor is float64 but where the runtime has a kernel for it. LRN takes an odd size alone.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import ArrayLike
from onnx import helper, numpy_helper
from onnxruntime.capi.onnxruntime_pybind11_state import Fail
from onnxruntime.capi.onnxruntime_pybind11_state import NotImplemented as NoKernel

from convnotes import arguments, peers
from convnotes.annotations import Function
from convnotes.parameters import IntOrPair, Padding, PaddingLike, SizeLike

VERSIONS = {"opset_imports": [helper.make_opsetid("", 22)], "ir_version": 10}


def to_numpy(result: ort.OrtValue) -> np.ndarray:
    """What a call returned, as an array."""
    return np.array(result.numpy())


offered = peers.offered(to_numpy)


def prepare(operation: str, arguments: dict[str, Any]) -> Callable[..., Any]:
    """A call of an operation, by a session made for its arguments."""
    return globals()[operation].__wrapped__(**arguments)


def _call(node: str, array: Any, *constants: Any, **attributes: Any) -> Callable[..., Any]:
    """The call of a model of one node: an input, constants, and the node's attributes."""
    array = np.ascontiguousarray(array)
    names = [f"constant{i}" for i, _ in enumerate(constants)]
    kept = [numpy_helper.from_array(np.ascontiguousarray(constant), name) for constant, name in zip(constants, names)]
    kind = helper.np_dtype_to_tensor_dtype(array.dtype)
    graph = helper.make_graph(
        [helper.make_node(node, ["X", *names], ["Y"], **attributes)],
        "peer",
        [helper.make_tensor_value_info("X", kind, array.shape)],
        [helper.make_tensor_value_info("Y", kind, None)],
        kept,
    )
    try:
        session = ort.InferenceSession(
            helper.make_model(graph, **VERSIONS).SerializeToString(), _options(), providers=["CPUExecutionProvider"]
        )
    except NoKernel:
        raise NotImplementedError(f"no kernel of {node} for {array.dtype}") from None
    except Fail:
        raise NotImplementedError(f"no kernel of {node} with {attributes}") from None
    feeds = {"X": ort.OrtValue.ortvalue_from_numpy(array)}
    return lambda: session.run_with_ort_values(["Y"], feeds)[0]


def _options() -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = peers.threads(), 1
    options.log_severity_level = 4  # what a session cannot do is raised as well
    for pool in ("intra", "inter"):
        options.add_session_config_entry(f"session.{pool}_op.allow_spinning", "0")
    return options


def _pads(padding: Padding) -> list[int]:
    return [before for before, _ in padding] + [after for _, after in padding]


def _correlate(p: Any, *arrays: Any) -> Callable[..., Any]:
    options = {"strides": p.stride, "pads": _pads(p.padding), "dilations": p.dilation, "group": p.groups}
    return _call("Conv", *(array for array in arrays if array is not None), **options)


def _transposed(p: Any, *arrays: Any) -> Callable[..., Any]:
    options = {"strides": p.stride, "pads": _pads(p.padding), "dilations": p.dilation, "group": p.groups}
    given = [array for array in arrays if array is not None]
    return _call("ConvTranspose", *given, output_padding=p.remainder, **options)


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
    return _transposed(peers.refuse_room_for_windows(p), X, K, b)


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
    return _call("Add", X, b[:, None, None])


@offered
def bias_grad(grad_output: ArrayLike) -> Function:
    return _call("ReduceSum", arguments.bias_grad(grad_output), np.array([0, 2, 3]), keepdims=0)


def _pool(p: Any, **options: Any) -> dict[str, Any]:
    return {"kernel_shape": p.kernel, "strides": p.stride, "pads": _pads(p.padding), **options}


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
    peers.refuse_windows_on_padding(p)
    return _call("MaxPool", X, **_pool(p, dilations=p.dilation, ceil_mode=int(ceil_mode)))


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
    named = {"ceil_mode": int(ceil_mode), "count_include_pad": int(count_include_pad)}
    return _call("AveragePool", X, **_pool(p, **named))


@offered
def local_response_norm(
    input: ArrayLike, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Function:
    X, size, alpha, beta, k = arguments.local_response_norm(input, size, alpha, beta, k)
    return _call("LRN", X, size=size, alpha=alpha, beta=beta, bias=k)
