"""What the machine itself does: its two ceilings, a large matrix product and a large copy, and a plain Python loop.

All three are measured once in every round, so they also gauge how much the machine wobbles in the course of a run.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np

from convnotes.benchmark.storing import failures
from convnotes.benchmark.storing.costs import facts
from convnotes.benchmark.storing.schema import MEASURED
from convnotes.cases import Case

SIDE = 2048  # of the two square matrices
COPIED = 2**27  # bytes

PRODUCT = Case("ceiling", "matrix product", (1, 0, SIDE, SIDE), suite="machine")
COPY = Case("ceiling", "copy", (1, 0, 0, 0), suite="machine")
LOOP = Case("gauge", "Python loop", (1, 0, 0, 0), suite="machine")
STEPS = 1_000_000  # of the loop


def on(device: str) -> list[tuple[Case, str]]:
    """What is measured on a device, and who does it."""
    if device == "cuda":
        return [(PRODUCT, "torch"), (COPY, "torch")]
    return [(PRODUCT, "numpy"), (COPY, "numpy"), (LOOP, "python")]


def measure(case: Case, turn: int, repeats: int, dtype: str, device: str, threads: int) -> list[dict[str, Any]]:
    """One record for each timing of one of the three. The bytes of the copy are those read and those written."""
    make: Callable[[], Callable[..., Any]]
    if case == PRODUCT:
        make = partial(_gpu_product if device == "cuda" else _product, dtype)
        costs = {"multiply_adds": SIDE**3, "bytes": 3 * SIDE**2 * np.dtype(dtype).itemsize}
    elif case == COPY:
        make = _gpu_copy if device == "cuda" else partial(_copy, threads)
        costs = {"bytes": 2 * COPIED}
    else:
        make, costs = lambda: _loop, {}
    record = facts(case, case.layer) | costs
    record |= {
        "implementation": next(name for known, name in on(device) if known == case),
        "device": device,
        "dtype": dtype,
        "threads": threads,
    }
    try:
        call = make()
        call()
        times = [_seconds(call) for _ in range(repeats)]
    except Exception as problem:  # such as a lack of memory, which a small call need not have
        return [record | failures.raised(problem) | {"round": turn}]
    record |= {"status": MEASURED, "round": turn, "loops": 1}
    return [record | {"repeat": repeat, "seconds": seconds} for repeat, seconds in enumerate(times)]


def _product(dtype: str) -> Callable[..., Any]:
    A, B = np.random.default_rng(0).standard_normal((2, SIDE, SIDE)).astype(dtype)
    return lambda: A @ B


def _copy(threads: int) -> Callable[..., Any]:
    """One part for each thread; NumPy's copy lets go of the interpreter's lock."""
    sources = np.array_split(np.ones(COPIED, np.uint8), threads)
    targets = [np.empty_like(source) for source in sources]
    pool = ThreadPoolExecutor(threads)
    return lambda: list(pool.map(np.copyto, targets, sources))


def _loop() -> int:
    """What the naive implementation lives by: one interpreted step after another."""
    total = 0
    for i in range(STEPS):
        total += i
    return total


def _gpu_product(dtype: str) -> Callable[..., Any]:
    import torch

    A, B = torch.randn((2, SIDE, SIDE), dtype=getattr(torch, dtype), device="cuda")
    return _synchronized(lambda: A @ B)


def _gpu_copy() -> Callable[..., Any]:
    import torch

    source = torch.ones(COPIED, dtype=torch.uint8, device="cuda")
    target = torch.empty_like(source)
    return _synchronized(lambda: target.copy_(source))


def _synchronized(call: Callable[[], Any]) -> Callable[..., Any]:
    """The call until the GPU has finished it."""
    import torch

    def whole() -> None:
        call()
        torch.cuda.synchronize()

    return whole


def _seconds(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
