"""Named problems: the founding notebook's own and the layers of real networks, for tests, notebooks and benchmark.

Sources. founding: the notebook this project grew out of. lenet5: LeCun, Bottou, Bengio and Haffner,
"Gradient-based learning applied to document recognition" (1998), figure 2. alexnet: Krizhevsky,
Sutskever and Hinton, "ImageNet classification with deep convolutional neural networks" (2012), section
3.5, in the shapes of oneDNN's benchdnn (shapes_alexnet).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

import numpy as np

from convnotes import OPERATIONS, windows
from convnotes.parameters import Size
from convnotes.windows import Windows

_GRADIENTS = {"bias_add": ("bias_grad",)}


@dataclass(frozen=True)
class Case:
    """One layer with its sizes and options; `layer` is the forward operation's name."""

    name: str
    layer: str
    input_size: Size
    weight_size: Size | None = None
    options: Mapping = field(default_factory=dict)

    @property
    def operations(self) -> tuple[str, ...]:
        """The layer's forward operation and its gradients."""
        gradients = [name for name in OPERATIONS if name.startswith(f"{self.layer}_grad_")]
        return (self.layer, *_GRADIENTS.get(self.layer, gradients))

    @property
    def windows(self) -> Windows | None:
        """The layer's windows; None where it has none."""
        options = dict(self.options)
        match self.layer:
            case "conv2d":
                return windows.convolution(self.input_size, self.weight_size, **options)
            case "conv_transpose2d":
                return windows.transposed_convolution(self.input_size, self.weight_size, **options)
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

    def operands(self, rng: np.random.Generator, dtype=np.float64) -> dict:
        """Normally distributed input, weight, bias and grad_output, and the sizes, by the names in `OPERATIONS`."""
        shapes = {"input": self.input_size, "weight": self.weight_size, "grad_output": self.output_size}
        shapes["bias"] = self.output_size[1:2]
        arrays = {name: rng.standard_normal(shape).astype(dtype) for name, shape in shapes.items() if shape is not None}
        return {**arrays, "input_size": self.input_size, "weight_size": self.weight_size}

    def arguments(self, operation: str, operands: Mapping) -> dict:
        """The keyword arguments of one of the layer's operations."""
        options = {} if operation == "bias_grad" else dict(self.options)
        if operation == "max_pool2d":
            options.pop("ties", None)
        return {name: operands[name] for name in OPERATIONS[operation]} | options


def select(pattern: str = "*") -> list[Case]:
    """The cases whose name matches a shell pattern such as "alexnet/*", in order; ValueError if none does."""
    chosen = [case for case in CASES if fnmatchcase(case.name, pattern)]
    if not chosen:
        raise ValueError(f"cases must match one of {', '.join(case.name for case in CASES)}, got {pattern!r}")
    return chosen


def _conv(name, C_in, C_out, k, image, stride=1, padding=0, groups=1) -> Case:
    options = {"stride": stride, "padding": padding, "groups": groups}
    return Case(name, "conv2d", (1, C_in, image, image), (C_out, C_in // groups, k, k), options)


def _pool(name, layer, C, image, k, stride) -> Case:
    return Case(name, layer, (1, C, image, image), None, {"kernel_size": k, "stride": stride})


def _lrn(name, C, image) -> Case:
    # The paper's n = 5, alpha = 1e-4, beta = 0.75, k = 2; torch divides alpha by n, hence 5e-4.
    return Case(name, "local_response_norm", (1, C, image, image), None, {"size": 5, "alpha": 5e-4, "k": 2.0})


CASES = (
    Case("founding/stride 1", "conv2d", (2, 3, 17, 23), (4, 3, 5, 8)),
    Case("founding/stride complete", "conv2d", (2, 3, 17, 24), (4, 3, 5, 8), {"stride": (3, 4)}),
    Case("founding/stride partial", "conv2d", (2, 3, 19, 26), (4, 3, 5, 8), {"stride": (3, 4)}),
    Case("founding/padded", "conv2d", (2, 3, 19, 26), (4, 3, 5, 8), {"stride": (3, 4), "padding": (7, 10)}),
    Case("founding/gradients", "conv2d", (2, 3, 17, 24), (4, 3, 5, 8), {"stride": (3, 4), "padding": (6, 8)}),
    Case("founding/transposed", "conv_transpose2d", (2, 4, 9, 9), (4, 3, 5, 8), {"stride": (3, 4), "padding": (6, 8)}),
    Case("founding/bias", "bias_add", (4, 6, 8, 9)),
    Case("founding/pool apart", "max_pool2d", (2, 3, 18, 17), None, {"kernel_size": (2, 3), "stride": (4, 5)}),
    Case("founding/pool tiling", "max_pool2d", (1, 1, 6, 6), None, {"kernel_size": 2, "stride": 2}),
    Case("founding/pool overlapping", "max_pool2d", (1, 1, 5, 5), None, {"kernel_size": 2, "stride": 1}),
    Case("founding/pool batch", "max_pool2d", (2, 3, 9, 7), None, {"kernel_size": (3, 2), "stride": (2, 1)}),
    Case("founding/normalization", "local_response_norm", (2, 14, 9, 7), None, {"size": 6, "alpha": 6e-4}),
    _conv("lenet5/conv1", 1, 6, 5, 32),
    _pool("lenet5/pool1", "avg_pool2d", 6, 28, 2, 2),
    _conv("lenet5/conv2", 6, 16, 5, 14),
    _pool("lenet5/pool2", "avg_pool2d", 16, 10, 2, 2),
    _conv("alexnet/conv1", 3, 96, 11, 227, stride=4),
    _lrn("alexnet/norm1", 96, 55),
    _pool("alexnet/pool1", "max_pool2d", 96, 55, 3, 2),
    _conv("alexnet/conv2", 96, 256, 5, 27, padding=2, groups=2),
    _lrn("alexnet/norm2", 256, 27),
    _pool("alexnet/pool2", "max_pool2d", 256, 27, 3, 2),
    _conv("alexnet/conv3", 256, 384, 3, 13, padding=1),
    _conv("alexnet/conv4", 384, 384, 3, 13, padding=1, groups=2),
    _conv("alexnet/conv5", 384, 256, 3, 13, padding=1, groups=2),
    _pool("alexnet/pool5", "max_pool2d", 256, 13, 3, 2),
)
