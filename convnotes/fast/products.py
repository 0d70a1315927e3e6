"""Matrix products cut into blocks that are small enough to be multiplied where they lie.

A BLAS packs the operands of a product into buffers in the order in which it will read them, and that pays once each
number is used often enough. OpenBLAS has kernels without packing for products of up to a million multiply-adds. NumPy
multiplies stacks of matrices in one call, and a matrix cut into blocks is a stack of views: so nothing is copied. To a
BLAS with several threads, which cuts a product for them itself, it is given whole.

Derived in notebooks/09_fast_convolution.ipynb.
"""

import numpy as np

from convnotes.fast import threads

# The multiply-adds of a product that OpenBLAS makes without packing.
SMALL = 10**6
# The rows of a block, and the columns below which a block is not worth it.
ROWS, COLUMNS = 32, 48
# The length of a scalar product from which on blocks are worth it.
LONG = 512
# The length below which an operand that is turned round is better copied.
SHORT = 128


def in_blocks(K: int) -> bool:
    """Whether a product over K, of enough rows and columns, is cut into blocks."""
    return SMALL // (ROWS * K) >= COLUMNS


def multiply(A: np.ndarray, B: np.ndarray, out: np.ndarray) -> None:
    """out = A @ B for matrices (M, K) and (K, N), or for stacks of equally many of both."""
    (*stack, M, K), N = A.shape, B.shape[-1]
    if threads.number() > 1:
        np.matmul(A, B, out=out)
        return
    rows = ROWS if M % ROWS == 0 else M
    most = SMALL // (rows * K)
    # Whole vectors of the processor, unless there are fewer columns than fit.
    columns = N if N <= most else most // 16 * 16
    in_rows = all(
        array.strides[-1] == array.itemsize for array in (A, B, out)
    )
    whole = (
        N // columns * columns
        if columns >= COLUMNS and in_rows
        else 0
    )
    if whole:
        count = whole // columns
        np.matmul(
            A.reshape(*stack, M // rows, 1, rows, K),
            B[..., :whole]
            .reshape(*stack, 1, K, count, columns)
            .swapaxes(-3, -2),
            out=out[..., :whole]
            .reshape(*stack, M // rows, rows, count, columns)
            .swapaxes(-3, -2),
        )
    if whole < N:
        np.matmul(A, B[..., whole:], out=out[..., whole:])


def multiply_transposed(
    A: np.ndarray, B: np.ndarray, out: np.ndarray, add: bool = False
) -> None:
    """out = A @ B.T, or out += A @ B.T, for matrices (M, K) and (N, K); a long K is cut too, and its parts summed."""
    (M, K), N = A.shape, len(B)
    if N > ROWS and (rest := N % ROWS) and K >= LONG:
        multiply_transposed(A, B[:-rest], out[:, :-rest], add)
        multiply_transposed(A, B[-rest:], out[:, -rest:], add)
        return
    rows, columns = ROWS if M % ROWS == 0 else M, min(N, ROWS)
    parts = -(-K * rows * columns // SMALL)
    length = K // max(1, parts)
    in_rows = (
        A.strides[1] == A.itemsize and B.strides[1] == B.itemsize
    )
    if length < LONG or not in_rows or threads.number() > 1:
        product = np.empty_like(out) if add else out
        if K < SHORT:
            multiply(A, np.ascontiguousarray(B.T), product)
        else:
            np.matmul(A, B.T, out=product)
        if add:
            out += product
        return
    whole = parts * length
    blocks = [
        array[:, :whole]
        .reshape(-1, each, parts, length)
        .swapaxes(1, 2)
        for array, each in ((A, rows), (B, columns))
    ]
    products = blocks[0][:, None] @ blocks[1].swapaxes(2, 3)
    total = products.sum(2).swapaxes(1, 2).reshape(M, N)
    out[...] = out + total if add else total
    if whole < K:
        out += A[:, whole:] @ B[:, whole:].T
