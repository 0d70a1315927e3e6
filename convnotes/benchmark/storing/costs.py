"""What an operation costs on paper: multiply-adds, the bytes it must move, the workspace it needs beside them."""

from math import prod
from typing import Any

import numpy as np

from convnotes import OPERATIONS, windows
from convnotes.cases import Case


def facts(case: Case, operation: str) -> dict[str, Any]:
    """What a row says of its problem: its names and sizes; the kernel of a layer without windows is 0."""
    p = case.windows
    return {
        "suite": case.suite,
        "case": case.name,
        "batch": case.input_size[0],
        "channels_in": case.input_size[1],
        "channels_out": case.output_size[1],
        "side": case.input_size[2],
        "kernel": p.kernel[0] if p else 0,
        "stride": p.stride[0] if p else 1,
        "groups": case.options.get("groups", 1),
        "operation": operation,
    }


def record(case: Case, operation: str, implementation: str, dtype: str) -> dict[str, Any]:
    """What a row says of a whole call before it is made."""
    itemsize = np.dtype(dtype).itemsize
    return facts(case, operation) | {
        "implementation": implementation,
        "step": "",
        "dtype": dtype,
        "multiply_adds": multiply_adds(case, operation),
        "bytes": compulsory_bytes(case, operation, itemsize),
        "workspace_bytes": workspace_bytes(case, operation, implementation, itemsize),
    }


def multiply_adds(case: Case, operation: str) -> int:
    """The multiply-adds of one operation of a case, products with padded zeros included.

    For pools, the entries compared or added; for the bias, the additions; for local response
    normalization, one for each pair of a channel and a channel in its window, and in its gradient two.
    """
    N, C, H, W = case.input_size
    match case.layer:
        case "conv2d" | "conv_transpose2d":
            p = case.windows
            return prod(p.output_size) * prod(p.weight_size[1:])
        case "max_pool2d" | "avg_pool2d":
            return N * C * case.windows.positions * case.windows.area
        case "local_response_norm":
            pairs = sum(len(windows.channels(c, case.options["size"], C)) for c in range(C))
            return N * H * W * pairs * (1 if operation == case.layer else 2)
        case _:
            return prod(case.input_size)


def result_size(case: Case, operation: str) -> tuple[int, ...]:
    """The shape of what an operation of a case returns."""
    if operation == case.layer:
        return case.output_size
    if operation == "bias_grad":
        return case.output_size[1:2]
    return (case.weight_size or ()) if operation.endswith("_grad_weight") else case.input_size


def compulsory_bytes(case: Case, operation: str, itemsize: int) -> int:
    """The bytes of the arrays an operation takes and returns, each counted once."""
    sizes: dict[str, Any] = {"input": case.input_size, "weight": case.weight_size, "grad_output": case.output_size}
    sizes["bias"] = case.output_size[1:2]
    taken = [sizes[name] for name in OPERATIONS[operation] if name in sizes]
    return itemsize * sum(map(prod, [*taken, result_size(case, operation)]))


def workspace_bytes(case: Case, operation: str, implementation: str, itemsize: int) -> int | None:
    """The bytes of the intermediate arrays that an implementation's docstring names; None where none are known."""
    entries = _WORKSPACES.get(implementation)
    found = None if entries is None else entries(case, operation)
    return None if found is None else itemsize * found


def _naive(case: Case, operation: str) -> int:
    """The padded copy of the input, or the padded canvas on which the input gradient is summed."""
    p = case.windows
    N, C = case.input_size[:2]
    match case.layer:
        case "conv2d":
            return N * C * prod(p.on_padded_input().size)
        case "conv_transpose2d":
            return N * case.output_size[1] * prod(p.covered)
        case _:
            return 0


def _matmul(case: Case, operation: str) -> int:
    """The matrix of columns, or its like in the operations that have no windows."""
    N, C, H, W = case.input_size
    p = case.windows
    match case.layer:
        case "conv2d" | "conv_transpose2d":
            return p.input_size[0] * p.input_size[1] * p.area * p.positions
        case "max_pool2d" | "avg_pool2d":
            matrices = 2 if operation == "max_pool2d_grad_input" else 1
            return matrices * N * C * p.area * p.positions
        case "local_response_norm":
            return C * C
        case _:
            return C * H * W if operation == "bias_add" else H * W


def _fast(case: Case, operation: str) -> int | None:
    """What the algorithm that is chosen may hold, where it is one; an input gradient can be by one for each phase."""
    whole = {"conv2d": "forward", "conv_transpose2d_grad_input": "forward"}
    which = "grad_weight" if operation.endswith("grad_weight") else whole.get(operation)
    if which is None or not case.layer.startswith("conv"):
        return None
    from convnotes.fast import dispatch
    from convnotes.fast.machine import workspace

    p = case.windows
    most = workspace.space(p.input_size, p.output_size, 4)
    return min(most, dispatch.choose("auto", p, which)[0].workspace(p, most))


# An implementation without an entry has its workspace measured, but not predicted. torch has neither: it
# chooses its algorithm when it runs, and its allocator is out of tracemalloc's sight.
_WORKSPACES = {"naive": _naive, "matmul": _matmul, "fast": _fast}
