"""The same operations by torch: `torch.nn.functional` forward, autograd backward, NumPy arrays in and out.

What differs from the definition is torch's own:

- A dilated max pool with a window wholly on the padding is refused with ValueError, since torch 2.13 returns an index
  outside the input there and its backward pass then writes outside its memory.
- Of several entries of a window that are not a number, torch's max pool chooses the last, the definition the first.
- Its kernels can make a not-a-number of zero times infinity where the definition has no such product: the gradient of
  `local_response_norm` with beta above 1, and an input gradient in float32 with an infinite weight.

What the caller has set in torch (no_grad, inference_mode, a default device, autocast) changes nothing here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ParamSpec

import numpy as np

from convnotes import arguments, documentation
from convnotes.annotations import Array, ArrayLike, IntOrPair, PaddingLike, SizeLike
from convnotes.parameters import Padding, Pair, both
from convnotes.windows import Convolution, Windows
from convnotes.wording import needed

with needed("convnotes.reference", "torch"):
    import torch
    import torch.nn.functional as F


P = ParamSpec("P")
# Its own types say of most functions that they return anything.
Tensor = Any


def _by_defaults(function: Callable[P, Array]) -> Callable[P, Array]:
    """The function, with gradients on the CPU in the arrays' precision, whatever the caller has set in torch."""

    @wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> Array:
        with (
            torch.inference_mode(False),
            torch.enable_grad(),
            torch.device("cpu"),
            torch.autocast("cpu", enabled=False),
        ):
            return function(*args, **kwargs)

    return called


def _tensor(array: Array | None, requires_grad: bool = False) -> Tensor:
    """A tensor that owns a contiguous copy, since torch takes neither negative strides nor read-only arrays."""
    if array is None:
        return None
    if array.dtype not in (np.float32, np.float64):
        raise TypeError(f"torch computes in float32 or float64, got dtype {array.dtype}")
    return torch.from_numpy(np.array(array, order="C")).requires_grad_(requires_grad)


def _zeros(shape: Sequence[int], dtype: np.dtype) -> Tensor:
    """A point at which to differentiate a map that is linear, where any point does."""
    return _tensor(np.zeros(shape, dtype), requires_grad=True)


def _gradient(output: Tensor, grad_output: Array, source: Tensor) -> Array:
    found: Array = torch.autograd.grad(output, source, _tensor(grad_output))[0].numpy()
    return found


def _before(p: Windows) -> Pair:
    return both(before for before, _ in p.padding)


def _pad(X: Tensor, padding: Padding, value: float = 0.0) -> Tensor:
    (top, bottom), (left, right) = padding
    return F.pad(X, (left, right, top, bottom), value=value)


def _conv2d(X: Tensor, K: Tensor, b: Tensor, p: Convolution) -> Tensor:
    return F.conv2d(_pad(X, p.padding), K, b, p.stride, 0, p.dilation, p.groups)


@_by_defaults
def conv2d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: IntOrPair = 1,
    padding: PaddingLike = 0,
    dilation: IntOrPair = 1,
    groups: int = 1,
) -> Array:
    """`torch.nn.functional.conv2d`."""
    X, K, b, p = arguments.conv2d(input, weight, bias, stride, padding, dilation, groups)
    return _conv2d(_tensor(X), _tensor(K), _tensor(b), p).numpy()


@_by_defaults
def conv2d_grad_input(
    input_size: SizeLike,
    weight: ArrayLike,
    grad_output: ArrayLike,
    stride: IntOrPair = 1,
    padding: PaddingLike = 0,
    dilation: IntOrPair = 1,
    groups: int = 1,
) -> Array:
    """Autograd through `conv2d` to its input."""
    K, dY, p = arguments.conv2d_grad_input(input_size, weight, grad_output, stride, padding, dilation, groups)
    X = _zeros(p.input_size, dY.dtype)
    return _gradient(_conv2d(X, _tensor(K), None, p), dY, X)


@_by_defaults
def conv2d_grad_weight(
    input: ArrayLike,
    weight_size: SizeLike,
    grad_output: ArrayLike,
    stride: IntOrPair = 1,
    padding: PaddingLike = 0,
    dilation: IntOrPair = 1,
    groups: int = 1,
) -> Array:
    """Autograd through `conv2d` to its weight."""
    X, dY, p = arguments.conv2d_grad_weight(input, weight_size, grad_output, stride, padding, dilation, groups)
    K = _zeros(p.weight_size, dY.dtype)
    return _gradient(_conv2d(_tensor(X), K, None, p), dY, K)


def _conv_transpose2d(X: Tensor, K: Tensor, b: Tensor, p: Convolution) -> Tensor:
    return F.conv_transpose2d(X, K, b, p.stride, _before(p), p.remainder, p.groups, p.dilation)


@_by_defaults
def conv_transpose2d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: IntOrPair = 1,
    padding: IntOrPair = 0,
    output_padding: IntOrPair = 0,
    groups: int = 1,
    dilation: IntOrPair = 1,
) -> Array:
    """`torch.nn.functional.conv_transpose2d`."""
    X, K, b, p = arguments.conv_transpose2d(input, weight, bias, stride, padding, output_padding, groups, dilation)
    return _conv_transpose2d(_tensor(X), _tensor(K), _tensor(b), p).numpy()


@_by_defaults
def conv_transpose2d_grad_input(
    input_size: SizeLike,
    weight: ArrayLike,
    grad_output: ArrayLike,
    stride: IntOrPair = 1,
    padding: IntOrPair = 0,
    output_padding: IntOrPair = 0,
    groups: int = 1,
    dilation: IntOrPair = 1,
) -> Array:
    """Autograd through `conv_transpose2d` to its input."""
    K, dY, p = arguments.conv_transpose2d_grad_input(
        input_size, weight, grad_output, stride, padding, output_padding, groups, dilation
    )
    X = _zeros(p.output_size, dY.dtype)
    return _gradient(_conv_transpose2d(X, _tensor(K), None, p), dY, X)


@_by_defaults
def conv_transpose2d_grad_weight(
    input: ArrayLike,
    weight_size: SizeLike,
    grad_output: ArrayLike,
    stride: IntOrPair = 1,
    padding: IntOrPair = 0,
    output_padding: IntOrPair = 0,
    groups: int = 1,
    dilation: IntOrPair = 1,
) -> Array:
    """Autograd through `conv_transpose2d` to its weight."""
    X, dY, p = arguments.conv_transpose2d_grad_weight(
        input, weight_size, grad_output, stride, padding, output_padding, groups, dilation
    )
    K = _zeros(p.weight_size, dY.dtype)
    return _gradient(_conv_transpose2d(_tensor(X), K, None, p), dY, K)


@_by_defaults
def bias_add(input: ArrayLike, bias: ArrayLike) -> Array:
    """Broadcasting over the channel axis."""
    X, b = map(_tensor, arguments.bias_add(input, bias))
    return (X + b[:, None, None]).numpy()


@_by_defaults
def bias_grad(grad_output: ArrayLike) -> Array:
    """Autograd through `bias_add` to the bias."""
    dY = arguments.bias_grad(grad_output)
    b = _zeros(dY.shape[1:2], dY.dtype)
    return _gradient(b[:, None, None].expand(dY.shape), dY, b)


def _max_pool2d(X: Tensor, p: Windows, ceil_mode: bool) -> Tensor:
    if not p.all_meet_input():
        raise ValueError(
            f"dilation must leave no window wholly on the padding here, since torch reads outside the input there, "
            f"got dilation {p.dilation} with kernel_size {p.kernel} and padding {p.padding}"
        )
    return F.max_pool2d(X, p.kernel, p.stride, _before(p), p.dilation, ceil_mode)


@_by_defaults
def max_pool2d(
    input: ArrayLike,
    kernel_size: IntOrPair,
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
    dilation: IntOrPair = 1,
    ceil_mode: bool = False,
) -> Array:
    """`torch.nn.functional.max_pool2d`."""
    X, p = arguments.max_pool2d(input, kernel_size, stride, padding, dilation, ceil_mode)
    return _max_pool2d(_tensor(X), p, ceil_mode).numpy()


@_by_defaults
def max_pool2d_grad_input(
    input: ArrayLike,
    grad_output: ArrayLike,
    kernel_size: IntOrPair,
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
    dilation: IntOrPair = 1,
    ceil_mode: bool = False,
    ties: str = "first",
) -> Array:
    """Autograd through `max_pool2d`.

    torch knows ties="first" alone. For "all" the pool is written as the sum, over a window, of its maxima.
    Of several entries that are not a number torch chooses the last, the other implementations the first.
    """
    array, dY, p = arguments.max_pool2d_grad_input(
        input, grad_output, kernel_size, stride, padding, dilation, ceil_mode, ties=ties
    )
    X = _tensor(array, requires_grad=True)
    Y = _max_pool2d(X, p, ceil_mode)
    if ties == "all":
        images = _pad(X, p.canvas_padding, -np.inf).flatten(0, 1)[:, None]
        windows = F.unfold(images, p.kernel, p.dilation, 0, p.stride).reshape(*X.shape[:2], p.area, *p.count)
        maximum = (windows == Y[:, :, None]) | windows.isnan()
        Y = torch.where(maximum, windows, 0).sum(dim=2)
    return _gradient(Y, dY, X)


def _avg_pool2d(
    X: Tensor, p: Windows, ceil_mode: bool, count_include_pad: bool, divisor_override: int | None
) -> Tensor:
    return F.avg_pool2d(X, p.kernel, p.stride, _before(p), ceil_mode, count_include_pad, divisor_override)


@_by_defaults
def avg_pool2d(
    input: ArrayLike,
    kernel_size: IntOrPair,
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    """`torch.nn.functional.avg_pool2d`."""
    X, p, count_include_pad, divisor_override = arguments.avg_pool2d(
        input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )
    return _avg_pool2d(_tensor(X), p, ceil_mode, count_include_pad, divisor_override).numpy()


@_by_defaults
def avg_pool2d_grad_input(
    input_size: SizeLike,
    grad_output: ArrayLike,
    kernel_size: IntOrPair,
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    """Autograd through `avg_pool2d`."""
    dY, p, count_include_pad, divisor_override = arguments.avg_pool2d_grad_input(
        input_size, grad_output, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )
    X = _zeros((*dY.shape[:2], *p.size), dY.dtype)
    return _gradient(_avg_pool2d(X, p, ceil_mode, count_include_pad, divisor_override), dY, X)


@_by_defaults
def local_response_norm(input: ArrayLike, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Array:
    """`torch.nn.functional.local_response_norm`."""
    X, *options = arguments.local_response_norm(input, size, alpha, beta, k)
    return F.local_response_norm(_tensor(X), *options).numpy()


@_by_defaults
def local_response_norm_grad_input(
    input: ArrayLike, grad_output: ArrayLike, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Array:
    """Autograd through `local_response_norm`."""
    array, dY, *options = arguments.local_response_norm_grad_input(input, grad_output, size, alpha, beta, k)
    X = _tensor(array, requires_grad=True)
    return _gradient(F.local_response_norm(X, *options), dY, X)


documentation.complete(globals())
