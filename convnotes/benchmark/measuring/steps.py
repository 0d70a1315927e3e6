"""The parts of the textbook forward convolution, each a call of its own on intermediate arrays that exist already."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from convnotes import arguments
from convnotes.benchmark.storing.schema import IM2COL, PRODUCT, RESHAPE
from convnotes.cases import Case
from convnotes.matmul.bias import bias_add
from convnotes.matmul.im2col import columns_of


def calls(case: Case, operands: Mapping[str, Any]) -> dict[str, Callable[..., Any]]:
    """The three steps of `matmul.conv2d`: the matrix of columns, the product with it, and its reshape with the bias."""
    given = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1} | case.arguments("conv2d", operands)
    names = "input", "weight", "bias", "stride", "padding", "dilation", "groups"
    X, K, b, p = arguments.conv2d(*(given[name] for name in names))
    assert b is not None, "every case has a bias"
    F, C, kH, kW = p.weight_size
    columns = columns_of(X, p).reshape(len(X), p.groups, C * kH * kW, p.positions)
    filters = K.reshape(p.groups, F // p.groups, C * kH * kW)
    product = filters @ columns
    return {
        IM2COL: partial(columns_of, X, p),
        PRODUCT: lambda: filters @ columns,
        RESHAPE: lambda: bias_add(product.reshape(p.output_size), b),
    }


def record(whole: Mapping[str, Any], step: str) -> dict[str, Any]:
    """What a row says of a part of a call: its arithmetic is all in the product, its memory is not told apart."""
    part = {**whole, "step": step, "bytes": None, "workspace_bytes": None, "peak_bytes": None}
    return part if step == PRODUCT else part | {"multiply_adds": None}
