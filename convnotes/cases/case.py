"""A problem: one layer with its sizes and options, and the operands and arguments of its operations."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from convnotes import OPERATIONS, windows
from convnotes.parameters import IntOrPair, Size, pair

_GRADIENTS = {"bias_add": ("bias_grad",)}


@dataclass(frozen=True)
class Case:
    """One layer with its sizes and options; `layer` is the forward operation's name.

    suite: the list of the benchmark that it stands in, empty for a case in none
    gradients: whether its gradients are measured too
    """

    name: str
    layer: str
    input_size: Size
    weight_size: Size | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    suite: str = ""
    gradients: bool = True

    @property
    def operations(self) -> tuple[str, ...]:
        """The layer's forward operation and, where they are wanted, its gradients."""
        if not self.gradients:
            return (self.layer,)
        gradients = [name for name in OPERATIONS if name.startswith(f"{self.layer}_grad_")]
        return (self.layer, *_GRADIENTS.get(self.layer, gradients))

    @property
    def windows(self) -> Any:
        """The layer's windows, a `Convolution` or `Windows`; None where it has none."""
        options, weight_size = dict(self.options), self.weight_size or ()
        match self.layer:
            case "conv2d":
                return windows.convolution(self.input_size, weight_size, **options)
            case "conv_transpose2d":
                return windows.transposed_convolution(self.input_size, weight_size, **options)
            case "max_pool2d" | "avg_pool2d":
                for name in ("ties", "count_include_pad", "divisor_override"):
                    options.pop(name, None)
                return windows.pool(self.input_size, **options)
            case _:
                return None

    @property
    def output_size(self) -> Size:
        """The shape of the forward operation's result."""
        match self.layer:
            case "conv2d":
                return self.windows.output_size
            case "conv_transpose2d":
                return self.windows.input_size
            case "max_pool2d" | "avg_pool2d":
                return (*self.input_size[:2], *self.windows.count)
            case _:
                return self.input_size

    def with_batch(self, N: int) -> "Case":
        """The same layer for a batch of N images."""
        return replace(self, input_size=(N, *self.input_size[1:]))

    def operands(self, rng: np.random.Generator, dtype: DTypeLike = np.float64) -> dict[str, Any]:
        """Normally distributed input, weight, bias and grad_output, and the sizes, by the names in `OPERATIONS`."""
        shapes: dict[str, Any] = {"input": self.input_size, "weight": self.weight_size, "grad_output": self.output_size}
        shapes["bias"] = self.output_size[1:2]
        # float32 is drawn as such, which takes half the time.
        drawn: Any = np.float32 if np.dtype(dtype) == np.float32 else np.float64
        arrays = {
            name: rng.standard_normal(shape, drawn).astype(dtype, copy=False)
            for name, shape in shapes.items()
            if shape is not None
        }
        return {**arrays, "input_size": self.input_size, "weight_size": self.weight_size}

    def arguments(self, operation: str, operands: Mapping[str, Any]) -> dict[str, Any]:
        """The keyword arguments of one of the layer's operations."""
        options = {} if operation == "bias_grad" else dict(self.options)
        if operation == "max_pool2d":
            options.pop("ties", None)
        return {name: operands[name] for name in OPERATIONS[operation]} | options


def convolution(
    name: str,
    C_in: int,
    C_out: int,
    k: IntOrPair,
    image: int,
    stride: IntOrPair = 1,
    padding: IntOrPair = 0,
    groups: int = 1,
    batch: int = 1,
    gradients: bool = True,
) -> Case:
    """A convolution of square images; `k` is the side of a square kernel, or a pair."""
    options = {"stride": stride, "padding": padding, "groups": groups}
    size, kernel = (batch, C_in, image, image), pair("kernel", k, 1)
    return Case(name, "conv2d", size, (C_out, C_in // groups, *kernel), options, gradients=gradients)


def pool(name: str, layer: str, C: int, image: int, k: int, stride: IntOrPair, padding: IntOrPair = 0) -> Case:
    """A pool of square images with square windows."""
    options = {"kernel_size": k, "stride": stride, "padding": padding}
    return Case(name, layer, (1, C, image, image), None, options)
