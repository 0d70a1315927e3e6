"""What the machine can do at best: a large matrix product and a large copy, on NumPy's arrays or on a GPU."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from convnotes.benchmark.costs import facts
from convnotes.cases import Case

SIDE = 2048  # of the two square matrices
COPIED = 2**27  # bytes

PRODUCT = Case("ceiling", "matrix product", (1, 0, SIDE, SIDE), suite="machine")
COPY = Case("ceiling", "copy", (1, 0, 0, 0), suite="machine")


def measure(case: Case, turn: int, repeats: int, dtype: str, device: str, threads: int) -> list[dict]:
    """One record for each timing of one of the two ceilings. The bytes of the copy are those read and those written."""
    if case.layer == PRODUCT.layer:
        call, name = (_gpu_product if device == "cuda" else _product)(dtype)
        costs = {"multiply_adds": SIDE**3, "bytes": 3 * SIDE**2 * np.dtype(dtype).itemsize}
    else:
        call, name = _gpu_copy() if device == "cuda" else _copy(threads)
        costs = {"bytes": 2 * COPIED}
    record = facts(case, case.layer) | costs
    record |= {"implementation": name, "device": device, "dtype": dtype, "threads": threads, "status": "measured"}
    call()
    return [
        {**record, "round": turn, "repeat": repeat, "seconds": _seconds(call), "loops": 1} for repeat in range(repeats)
    ]


def _product(dtype) -> tuple[Callable, str]:
    A, B = np.random.default_rng(0).standard_normal((2, SIDE, SIDE)).astype(dtype)
    return lambda: A @ B, "numpy"


def _copy(threads) -> tuple[Callable, str]:
    """One part for each thread; NumPy's copy lets go of the interpreter's lock."""
    sources = np.array_split(np.ones(COPIED, np.uint8), threads)
    targets = [np.empty_like(source) for source in sources]
    pool = ThreadPoolExecutor(threads)
    return lambda: list(pool.map(np.copyto, targets, sources)), "numpy"


def _gpu_product(dtype) -> tuple[Callable, str]:
    import torch

    A, B = torch.randn((2, SIDE, SIDE), dtype=getattr(torch, dtype), device="cuda")
    return _synchronized(lambda: A @ B), "torch"


def _gpu_copy() -> tuple[Callable, str]:
    import torch

    source = torch.ones(COPIED, dtype=torch.uint8, device="cuda")
    target = torch.empty_like(source)
    return _synchronized(lambda: target.copy_(source)), "torch"


def _synchronized(call) -> Callable:
    """The call until the GPU has finished it."""
    import torch

    def whole():
        call()
        torch.cuda.synchronize()

    return whole


def _seconds(call) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
