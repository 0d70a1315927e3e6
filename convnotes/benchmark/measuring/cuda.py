"""The clock of a GPU, and its precision."""

from collections.abc import Callable

import torch


def elapsed(call: Callable, loops: int) -> int:
    """The nanoseconds that a GPU works on `loops` calls, between two of its own events."""
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
