"""Calls of torch as cases. Each function has the name and the arguments of torch's own, of which only shapes are used.

LeftOut where what torch does there is none of the vocabulary's operations.
"""

from operator import index
from typing import Any, NoReturn

from convnotes.cases import Case
from convnotes.layers.traced import LeftOut
from convnotes.parameters import Size


def _size(input: Any) -> Size:
    if input.ndim != 4:
        raise LeftOut("without a batch" if input.ndim == 3 else f"on an input of {input.ndim} axes")
    if not input.dtype.is_floating_point:
        raise LeftOut(f"on {str(input.dtype).removeprefix('torch.')}")
    N, C, H, W = input.shape
    return N, C, H, W


def _pair(value: Any) -> Any:
    """A number, or two; torch also takes a list of one."""
    if isinstance(value, str):
        return value
    try:
        entries = tuple(map(index, value))
    except TypeError:
        return index(value)
    return entries * 2 if len(entries) == 1 else entries


def conv2d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: Any = 1
) -> Case:
    options = {"stride": _pair(stride), "padding": _pair(padding), "dilation": _pair(dilation), "groups": groups}
    return Case("", "conv2d", _size(input), tuple(weight.shape), options)


def conv_transpose2d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: Any = 1,
    dilation: Any = 1,
) -> Case:
    options = {
        "stride": _pair(stride),
        "padding": _pair(padding),
        "output_padding": _pair(output_padding),
        "groups": groups,
        "dilation": _pair(dilation),
    }
    return Case("", "conv_transpose2d", _size(input), tuple(weight.shape), options)


def max_pool2d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: Any = False,
) -> Case:
    if return_indices:
        raise LeftOut("with return_indices")
    options = _pool(kernel_size, stride, padding, ceil_mode) | {"dilation": _pair(dilation)}
    return Case("", "max_pool2d", _size(input), None, options)


def max_pool2d_with_indices(input: Any, *_: Any, **__: Any) -> NoReturn:
    raise LeftOut("with return_indices")


def avg_pool2d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: Any = True,
    divisor_override: Any = None,
) -> Case:
    options = _pool(kernel_size, stride, padding, ceil_mode)
    options |= {"count_include_pad": bool(count_include_pad), "divisor_override": divisor_override}
    return Case("", "avg_pool2d", _size(input), None, options)


def adaptive_avg_pool2d(input: Any, output_size: Any) -> Case:
    size = _size(input)
    wanted = (output_size,) * 2 if isinstance(output_size, int) else tuple(output_size)
    image = size[2:]
    wanted = tuple(length if number is None else index(number) for length, number in zip(image, wanted))
    if any(number < 1 or length % number for length, number in zip(image, wanted)):
        raise LeftOut("with windows of unequal sizes")
    kernel = tuple(length // number for length, number in zip(image, wanted))
    return Case("", "avg_pool2d", size, None, {"kernel_size": kernel, "stride": kernel})


def local_response_norm(input: Any, size: Any, alpha: Any = 1e-4, beta: Any = 0.75, k: Any = 1.0) -> Case:
    options = {"size": index(size), "alpha": float(alpha), "beta": float(beta), "k": float(k)}
    return Case("", "local_response_norm", _size(input), None, options)


def _pool(kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool) -> dict[str, Any]:
    kernel = _pair(kernel_size)
    # torch takes an empty list for none.
    stride = kernel if stride is None or stride == [] or stride == () else _pair(stride)
    return {"kernel_size": kernel, "stride": stride, "padding": _pair(padding), "ceil_mode": bool(ceil_mode)}


CALLS = {
    function.__name__: function
    for function in (
        conv2d,
        conv_transpose2d,
        max_pool2d,
        max_pool2d_with_indices,
        avg_pool2d,
        adaptive_avg_pool2d,
        local_response_norm,
    )
}


def is_like_a_layer(name: str) -> bool:
    """Whether a function of torch is a convolution or a pool, of the vocabulary or not."""
    return name in CALLS or "conv" in name or "pool" in name
