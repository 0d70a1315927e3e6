"""Nodes of ONNX as cases. Each function takes a node's attributes and the shapes of its inputs.

What ONNX has otherwise than torch is turned into torch's: automatic padding into a number of pixels, an output's shape
into the padding that gives it. LeftOut where torch has nothing like it.

Source: the operators Conv, ConvTranspose, MaxPool, AveragePool, GlobalAveragePool and LRN of the ONNX specification.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from convnotes import windows
from convnotes.cases import Case
from convnotes.layers.traced import LeftOut
from convnotes.parameters import Pair


def conv(attributes: Mapping[str, Any], input: Any, weight: Any, *_: Any) -> Case:
    _refuse_other_axes(input)
    stride, dilation = _pair(attributes, "strides"), _pair(attributes, "dilations")
    padding = _pads(attributes, input, weight[2:], stride, dilation)
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": attributes.get("group", 1)}
    return Case("", "conv2d", input, weight, options)


def conv_transpose(attributes: Mapping[str, Any], input: Any, weight: Any, *_: Any) -> Case:
    _refuse_other_axes(input)
    stride, dilation = _pair(attributes, "strides"), _pair(attributes, "dilations")
    more = _pair(attributes, "output_padding", 0)
    crops = _crops(attributes, input, weight, stride, dilation, more)
    # What is cropped less at the end than at the start is what torch calls output padding.
    output_padding = tuple(rest + before - after for rest, (before, after) in zip(more, crops))
    if min(output_padding) < 0:
        raise LeftOut("with more padding at its end")
    options = {
        "stride": stride,
        "padding": tuple(before for before, _ in crops),
        "output_padding": output_padding,
        "groups": attributes.get("group", 1),
        "dilation": dilation,
    }
    return Case("", "conv_transpose2d", input, weight, options)


def max_pool(attributes: Mapping[str, Any], input: Any, *_: Any) -> Case:
    options = _pool(attributes, input)
    return Case("", "max_pool2d", input, None, options | {"dilation": _pair(attributes, "dilations")})


def average_pool(attributes: Mapping[str, Any], input: Any, *_: Any) -> Case:
    options = _pool(attributes, input)
    if _pair(attributes, "dilations") != (1, 1):
        raise LeftOut("with dilations")
    # Where there is no padding it does not count in either way.
    if any(options["padding"]):
        options["count_include_pad"] = bool(attributes.get("count_include_pad", 0))
    return Case("", "avg_pool2d", input, None, options)


def global_average_pool(attributes: Mapping[str, Any], input: Any, *_: Any) -> Case:
    _refuse_other_axes(input)
    return Case("", "avg_pool2d", input, None, {"kernel_size": input[2:]})


def lrn(attributes: Mapping[str, Any], input: Any, *_: Any) -> Case:
    _refuse_other_axes(input)
    size = attributes["size"]
    if size % 2 == 0:
        # ONNX begins such a window one channel later than torch.
        raise LeftOut("of even size")
    alpha, beta, k = (
        # A number of 32 bits is meant as it is written in them: 0.0001 and not 0.00009999999747378752.
        float(str(np.float32(attributes.get(name, default))))
        for name, default in (("alpha", 1e-4), ("beta", 0.75), ("bias", 1.0))
    )
    return Case("", "local_response_norm", input, None, {"size": size, "alpha": alpha, "beta": beta, "k": k})


NODES = {
    "Conv": conv,
    "ConvTranspose": conv_transpose,
    "MaxPool": max_pool,
    "AveragePool": average_pool,
    "GlobalAveragePool": global_average_pool,
    "LRN": lrn,
}


def _refuse_other_axes(input: Sequence[int]) -> None:
    if len(input) != 4:
        raise LeftOut(f"on an input of {len(input)} axes")


def _pair(attributes: Mapping[str, Any], name: str, default: int = 1) -> tuple[int, int]:
    return tuple(attributes.get(name, (default, default)))


def _pool(attributes: Mapping[str, Any], input: Any) -> dict[str, Any]:
    _refuse_other_axes(input)
    kernel, stride = _pair(attributes, "kernel_shape"), _pair(attributes, "strides")
    padding = _pads(attributes, input, kernel, stride, _pair(attributes, "dilations"))
    if any(before != after for before, after in padding):
        raise LeftOut("with unequal padding")
    sides = tuple(before for before, _ in padding)
    ceil_mode = bool(attributes.get("ceil_mode", 0))
    return {"kernel_size": kernel, "stride": stride, "padding": sides, "ceil_mode": ceil_mode}


def _given(attributes: Mapping[str, Any]) -> tuple[tuple[int, int], ...]:
    """The attribute pads, all starts before all ends, as ((top, bottom), (left, right))."""
    top, left, bottom, right = attributes.get("pads", (0, 0, 0, 0))
    return (top, bottom), (left, right)


def _halves(total: int, upper: bool) -> tuple[int, int]:
    """A number of pixels at start and end, the larger half at the end for `upper`."""
    small = total // 2
    return (small, total - small) if upper else (total - small, small)


def _pads(
    attributes: Mapping[str, Any], input: Any, kernel: Sequence[int], stride: Pair, dilation: Pair
) -> tuple[tuple[int, int], ...]:
    """The padding ((top, bottom), (left, right)); SAME gives every stride-th pixel a window."""
    way = attributes.get("auto_pad", "NOTSET")
    if way in ("NOTSET", "VALID"):
        return _given(attributes) if way == "NOTSET" else ((0, 0), (0, 0))
    totals = [
        max(0, (-(-H // S) - 1) * S + windows.extent(K, D) - H)
        for H, K, S, D in zip(input[2:], kernel, stride, dilation)
    ]
    return tuple(_halves(total, way == "SAME_UPPER") for total in totals)


def _crops(
    attributes: Mapping[str, Any], input: Any, weight: Any, stride: Pair, dilation: Pair, more: Pair
) -> tuple[tuple[int, int], ...]:
    """What a transposed convolution crops, ((top, bottom), (left, right)): as given, or as the output wanted asks."""
    way = attributes.get("auto_pad", "NOTSET")
    if "output_shape" in attributes:
        wanted = tuple(attributes["output_shape"])[-2:]
    elif way in ("NOTSET", "VALID"):
        return _given(attributes) if way == "NOTSET" else ((0, 0), (0, 0))
    else:
        wanted = tuple(H * S for H, S in zip(input[2:], stride))
    totals = [
        (H - 1) * S + windows.extent(K, D) + rest - length
        for H, S, K, D, rest, length in zip(input[2:], stride, weight[2:], dilation, more, wanted)
    ]
    if min(totals) < 0:
        raise LeftOut("with an output that its windows do not reach")
    return tuple(_halves(total, way == "SAME_UPPER") for total in totals)
