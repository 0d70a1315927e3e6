"""torch's operations as calls on tensors that already exist, which is what the clock holds.

The gradients are the kernels that autograd runs in a backward pass, called directly, so that the forward
pass is not timed with them. What a forward pass leaves for its gradient is there before the clock starts:
the indices of a max pool's maxima, the graph of a local response normalization. The NumPy
implementations start from the same arguments without these. Below stand the clock of a GPU and its precision.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from convnotes.cases import Case
from convnotes.windows import Windows

aten = torch.ops.aten


def prepare(case: Case, operation: str, operands: Mapping[str, Any], device: str = "cpu") -> Callable[[], torch.Tensor]:
    """One operation of a case on tensors made of its operands, which lie on the device."""
    arrays = {name: value for name, value in operands.items() if isinstance(value, np.ndarray)}
    tensors = {name: torch.tensor(np.ascontiguousarray(array), device=device) for name, array in arrays.items()}
    return _CALLS[operation](case, tensors)


def _padding(p: Windows) -> list[int]:
    return [before for before, _ in p.padding]


def _one_sided(p: Windows) -> list[int]:
    """What is to be padded before the call, since torch pads both ends of an axis alike; nothing where that does."""
    (top, bottom), (left, right) = p.padding
    return [] if top == bottom and left == right else [left, right, top, bottom]


def _conv2d(case: Case, T: Mapping[str, torch.Tensor]) -> Callable[[], torch.Tensor]:
    p, X = case.windows, T["input"]
    more = _one_sided(p)
    rest = T["weight"], T["bias"], p.stride, [0, 0] if more else _padding(p), p.dilation, p.groups
    return (lambda: F.conv2d(F.pad(X, more), *rest)) if more else partial(F.conv2d, X, *rest)


def _conv_transpose2d(case: Case, T: Mapping[str, torch.Tensor]) -> Callable[[], torch.Tensor]:
    p = case.windows
    options = p.stride, _padding(p), p.remainder, p.groups, p.dilation
    return partial(F.conv_transpose2d, T["input"], T["weight"], T["bias"], *options)


def _convolution_grad(place: int, case: Case, T: Mapping[str, torch.Tensor]) -> Callable[[], torch.Tensor]:
    """The gradient with respect to the argument at `place`: 0 the input, 1 the weight.

    torch.nn.grad does the same, but hands the kernel an operand expanded from one number, with which it
    can be slower than in a backward pass.
    """
    p, X = case.windows, T["input"]
    transposed = case.layer == "conv_transpose2d"
    # The padded input is there from the forward pass; the gradient of what was padded is left out.
    more = [] if transposed else _one_sided(p)
    (top, _), (left, _) = p.padding
    inside = slice(top, top + X.shape[2]), slice(left, left + X.shape[3])
    output_padding = p.remainder if transposed else (0, 0)
    wanted = [place == 0, place == 1, False]
    options = (p.stride, [0, 0] if more else _padding(p), p.dilation, transposed, output_padding, p.groups, wanted)
    X = F.pad(X, more) if more else X
    backward = partial(aten.convolution_backward, T["grad_output"], X, T["weight"], None, *options)
    return (lambda: backward()[0][..., *inside]) if more and place == 0 else lambda: backward()[place]


def _bias_add(case: Case, T: Mapping[str, torch.Tensor]) -> Callable[[], torch.Tensor]:
    return partial(torch.add, T["input"], T["bias"][:, None, None])


def _bias_grad(case: Case, T: Mapping[str, torch.Tensor]) -> Callable[[], torch.Tensor]:
    return partial(torch.sum, T["grad_output"], (0, 2, 3))


def _max_options(case: Case) -> tuple[Any, ...]:
    p = case.windows
    if not p.all_meet_input():
        # torch returns an index outside the input there, and its gradient writes outside its memory.
        raise NotImplementedError("no window may lie wholly on the padding")
    return (p.kernel, p.stride, _padding(p), p.dilation, case.options.get("ceil_mode", False))


def _max_pool2d(case: Case, T: Mapping[str, torch.Tensor]) -> Callable[[], torch.Tensor]:
    return partial(F.max_pool2d, T["input"], *_max_options(case))


def _max_pool2d_grad_input(case: Case, T: Mapping[str, torch.Tensor]) -> Callable[[], torch.Tensor]:
    if case.options.get("ties", "first") != "first":
        raise ValueError(f"ties must be 'first' for torch, got {case.options['ties']!r}")
    options = _max_options(case)
    _, indices = aten.max_pool2d_with_indices(T["input"], *options)
    return partial(aten.max_pool2d_with_indices_backward, T["grad_output"], T["input"], *options, indices)


def _avg_options(case: Case) -> tuple[Any, ...]:
    p = case.windows
    given = case.options
    divisor = (given.get("count_include_pad", True), given.get("divisor_override"))
    return (p.kernel, p.stride, _padding(p), given.get("ceil_mode", False), *divisor)


def _avg_pool2d(case: Case, T: Mapping[str, torch.Tensor]) -> Callable[[], torch.Tensor]:
    return partial(F.avg_pool2d, T["input"], *_avg_options(case))


def _avg_pool2d_grad_input(case: Case, T: Mapping[str, torch.Tensor]) -> Callable[[], torch.Tensor]:
    return partial(aten.avg_pool2d_backward, T["grad_output"], T["input"], *_avg_options(case))


def _local_response_norm(case: Case, T: Mapping[str, torch.Tensor]) -> Callable[[], torch.Tensor]:
    return partial(F.local_response_norm, T["input"], **case.options)


def _local_response_norm_grad_input(case: Case, T: Mapping[str, torch.Tensor]) -> Callable[[], torch.Tensor]:
    X = T["input"].requires_grad_()
    Y = F.local_response_norm(X, **case.options)
    return lambda: torch.autograd.grad(Y, X, T["grad_output"], retain_graph=True)[0]


_CALLS: dict[str, Callable[..., Callable[[], torch.Tensor]]] = {
    "conv2d": _conv2d,
    "conv2d_grad_input": partial(_convolution_grad, 0),
    "conv2d_grad_weight": partial(_convolution_grad, 1),
    "conv_transpose2d": _conv_transpose2d,
    "conv_transpose2d_grad_input": partial(_convolution_grad, 0),
    "conv_transpose2d_grad_weight": partial(_convolution_grad, 1),
    "bias_add": _bias_add,
    "bias_grad": _bias_grad,
    "max_pool2d": _max_pool2d,
    "max_pool2d_grad_input": _max_pool2d_grad_input,
    "avg_pool2d": _avg_pool2d,
    "avg_pool2d_grad_input": _avg_pool2d_grad_input,
    "local_response_norm": _local_response_norm,
    "local_response_norm_grad_input": _local_response_norm_grad_input,
}


def elapsed(call: Callable[..., Any], loops: int) -> int:
    """The stopwatch on a GPU: the nanoseconds that a GPU works on `loops` calls, between two of its own events."""
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    torch.cuda.synchronize()
    start.record()
    for _ in range(loops):
        call()
    end.record()
    torch.cuda.synchronize()
    return round(start.elapsed_time(end) * 1e6)


def set_precision() -> None:
    """Products of float32 in float32, as on the CPU; by default torch rounds the factors of a convolution."""
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
