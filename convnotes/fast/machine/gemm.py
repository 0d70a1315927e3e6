"""Matrix products (GEMM), whole or cut into blocks that are small enough to be multiplied where they lie.

A BLAS packs the operands of a product into buffers, in the order in which it will read them. That pays once each
number is used often enough. Some builds of OpenBLAS have kernels without packing for up to a million multiply-adds.
NumPy multiplies stacks of matrices in one call, and a matrix cut into blocks is a stack of views: so nothing is copied.
Whether blocks are faster depends on the processor and its kernels. It is measured, once in a process.

Derived in notebooks/09_fast_convolution.ipynb.
"""

from functools import cache
from time import perf_counter

import numpy as np

from convnotes.fast.machine import threads
from convnotes.fast.machine.cost import LONG
from convnotes.fast.machine.workspace import spans

# The multiply-adds of a product that OpenBLAS makes without packing, at most.
UNPACKED = 10**6
# The rows of a block, what its columns are a multiple of, which are whole vectors of the processor, and how many they
# should be at least.
ROWS, COLUMNS, WIDE = 32, 16, 64
# The columns below which a block is not worth its call.
FEW = 48
# The terms of a sum beyond which kernels without packing are slow, and the rows from which on packing pays for them.
FAR, MANY = 2**12, 128
# The rows and columns of a product whose sums are so few that to pack them does not pay, and the terms of one chain.
TINY, CHAIN = 8, 2**15
# How much faster blocks have to be than one packed product, and the product by which that is measured.
GAIN, TRIAL = 1.05, (64, 488, 1024)


def multiply(A: np.ndarray, B: np.ndarray, out: np.ndarray) -> None:
    """out = A @ B for matrices (M, K) and (K, N), or for stacks of equally many of both; blocks cut the sum, too."""
    (M, K), N = A.shape[-2:], B.shape[-1]
    rows = ROWS if M % ROWS == 0 else M
    longest = UNPACKED // (rows * WIDE)
    if K == 1:
        # A single term is no sum, and BLAS does not know it.
        np.multiply(A, B, out=out)
    elif M * K * N < 2 * UNPACKED or N < FEW or longest < FEW or not _serve(A, B, out):
        np.matmul(A, B, out=out)
    else:
        part = out
        for k in spans(K, longest):
            _stacked(A[..., k], B[..., k, :], part, rows)
            if part is not out:
                out += part
            elif k.stop < K:
                part = np.empty(out.shape, out.dtype)


def multiply_transposed(A: np.ndarray, B: np.ndarray, out: np.ndarray, add: bool = False) -> None:
    """out = A @ B.T, or out += A @ B.T, for matrices (M, K) and (N, K), or stacks of both; blocks cut the sum, too."""
    (M, K), N = A.shape[-2:], B.shape[-2]
    if 1 < min(M, N) and max(M, N) <= TINY and K > TINY and not blocks_are_faster():
        # So few scalar products are faster one by one; in chains, since their rounding errors grow with their length.
        sums = [np.vecdot(A[..., :, None, k], B[..., None, :, k]) for k in spans(K, CHAIN)]
        out[...] = sum(sums, out if add else 0)
        return
    rows, columns = min(M, ROWS), min(N, ROWS)
    parts = max(-(-K * rows * columns // UNPACKED), -(-K // FAR))
    if M * K * N < 2 * UNPACKED or K < parts * LONG or min(M, N) > MANY or not _serve(A, B):
        product = np.multiply if K == 1 else np.matmul
        if add:
            out += product(A, B.swapaxes(-1, -2))
        else:
            product(A, B.swapaxes(-1, -2), out=out)
        return
    if (rest := M % rows) or (rest := N % columns):
        # What is left below, or on the right.
        in_rows = M % rows > 0
        for some in (slice(0, -rest), slice(-rest, None)):
            rows_of, columns_of = (some, slice(None)) if in_rows else (slice(None), some)
            multiply_transposed(A[..., rows_of, :], B[..., columns_of, :], out[..., rows_of, columns_of], add)
        return
    k = K // parts * parts
    _summed(A[..., :k], B[..., :k], out, rows, columns, parts, add)
    if k < K:
        out += A[..., k:] @ B[..., k:].swapaxes(-1, -2)


def _stacked(A, B, out, rows: int) -> None:
    """out = A @ B as a stack of products of so many rows, and of as many columns as need no packing."""
    (*stack, M, K), N = A.shape, B.shape[-1]
    columns = min(N, UNPACKED // (rows * K) // COLUMNS * COLUMNS)
    columns = min(N, -(-N // -(-N // columns) // COLUMNS) * COLUMNS)
    high, wide = M // rows, N // columns
    whole = wide * columns
    np.matmul(
        A.reshape(*stack, high, 1, rows, K),
        B[..., :whole].reshape(*stack, 1, K, wide, columns).swapaxes(-3, -2),
        out=out[..., :whole].reshape(*stack, high, rows, wide, columns).swapaxes(-3, -2),
    )
    if whole < N:
        np.matmul(A, B[..., whole:], out=out[..., whole:])


def _summed(A, B, out, rows: int, columns: int, parts: int, add: bool) -> None:
    """out = A @ B.T, or out += A @ B.T, as a stack of products for each part of the sum."""
    blocks = [
        matrix.reshape(*matrix.shape[:-2], -1, side, parts, matrix.shape[-1] // parts).swapaxes(-3, -2)
        for matrix, side in ((A, rows), (B, columns))
    ]
    products = blocks[0][..., :, None, :, :, :] @ blocks[1][..., None, :, :, :, :].swapaxes(-1, -2)
    total = products.sum(-3).swapaxes(-3, -2).reshape(out.shape)
    out[...] = out + total if add else total


def _serve(*arrays: np.ndarray) -> bool:
    """Whether blocks serve: for a BLAS of one thread, matrices whose rows lie in runs, and where they are faster."""
    in_runs = all(array.strides[-1] == array.itemsize for array in arrays)
    return in_runs and threads.number() == 1 and blocks_are_faster()


@cache
def blocks_are_faster() -> bool:
    """Whether a product in blocks takes less time than a packed one: the best of a few, in turns."""
    M, K, N = TRIAL
    A, B, out = np.ones((M, K), np.float32), np.ones((K, N), np.float32), np.empty((M, N), np.float32)
    ways = (lambda: np.matmul(A, B, out=out)), (lambda: _stacked(A, B, out, ROWS))
    seconds = [float("inf")] * 2
    for _ in range(7):
        for i, way in enumerate(ways):
            start = perf_counter()
            way()
            seconds[i] = min(seconds[i], perf_counter() - start)
    return seconds[0] > GAIN * seconds[1]
