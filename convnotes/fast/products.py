"""Matrix products cut into blocks that are small enough to be multiplied where they lie.

A BLAS packs the operands of a product into buffers in the order in which it will read them, and that pays once each
number is used often enough. OpenBLAS has kernels without packing for products of up to a million multiply-adds. NumPy
multiplies stacks of matrices in one call, and a matrix cut into blocks is a stack of views: so nothing is copied. To a
BLAS with several threads, which cuts a product for them itself, it is given whole.

Derived in notebooks/09_fast_convolution.ipynb.
"""

import numpy as np

from convnotes.fast import threads
from convnotes.fast.blocks import spans

# The multiply-adds of a product that OpenBLAS makes without packing.
SMALL = 10**6
# The rows of a block, and its columns if it has more than that, which are whole vectors of the processor.
ROWS, COLUMNS, VECTOR = 32, 64, 16
# The columns below which a block is not worth it.
FEW = 48
# The length of a scalar product from which on blocks are worth it for an operand that is turned round,
LONG = 512
# and that below which it is better copied.
SHORT = 256
# The results of a long sum below which the threads of a BLAS, which share results, are in each other's way.
RESULTS = 2**12


def in_blocks(K: int) -> bool:
    """Whether a product over K, of enough rows and columns, is cut into blocks but not along K."""
    return SMALL // (ROWS // 2 * COLUMNS) >= K


def workspace(M: int, K: int, N: int) -> int:
    """The entries that `multiply` holds at most: a part of the sum, where that is cut."""
    return 0 if in_blocks(K) else M * N


def workspace_transposed(M: int, N: int, K: int) -> int:
    """The entries that `multiply_transposed` holds at most, over K and less: parts of sums, what is turned round."""
    parts = _parts(M, N, K)
    turned = N * min(K, SHORT)
    return (parts + 3 if K // parts >= LONG else 1) * M * N + turned


def matmul(
    A: np.ndarray, B: np.ndarray, out: np.ndarray | None = None
) -> np.ndarray:
    """A @ B. Over a single entry that is no sum, which BLAS does not know: then it is a multiplication."""
    product = np.multiply if A.shape[-1] == 1 else np.matmul
    return product(A, B, out=out)


def multiply(A: np.ndarray, B: np.ndarray, out: np.ndarray) -> None:
    """out = A @ B for matrices (M, K) and (K, N), or for stacks of equally many of both."""
    K = A.shape[-1]
    if K == 1 or not _serves(A, B, out):
        matmul(A, B, out)
        return
    if in_blocks(K) or not _sides(A, B, ROWS * COLUMNS):
        _blocks(A, B, out)
        return
    # Parts of the sum, each in larger blocks.
    part = np.empty(out.shape, out.dtype)
    for k in spans(K, SMALL // (ROWS * COLUMNS)):
        target = part if k.start else out
        _blocks(A[..., k], B[..., k, :], target)
        if k.start:
            out += part


def _serves(*arrays: np.ndarray) -> bool:
    """Whether blocks serve: for a BLAS of one thread, and matrices whose rows lie in runs."""
    return threads.number() == 1 and all(
        array.strides[-1] == array.itemsize for array in arrays
    )


def _blocks(A, B, out) -> None:
    """out = A @ B, block by block as far as there are whole ones."""
    (*stack, M, K), N = A.shape, B.shape[-1]
    rows, columns = _sides(A, B, SMALL // K) or (M, N + 1)
    whole = N // columns * columns
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


def _sides(A, B, most: int) -> tuple[int, int] | None:
    """The rows and columns of blocks of at most so many entries, which leave few columns over; None if none do."""
    M, N = A.shape[-2], B.shape[-1]
    heights = (ROWS, ROWS // 2) if M % ROWS == 0 else (M,)
    if N <= most // heights[0]:
        return (heights[0], N) if N >= FEW else None
    for step in (COLUMNS, VECTOR):
        for rows in heights:
            columns = most // rows // step * step
            if columns >= FEW and N % columns <= N // 8:
                return rows, columns
    return None


def multiply_transposed(
    A: np.ndarray, B: np.ndarray, out: np.ndarray, add: bool = False
) -> None:
    """out = A @ B.T, or out += A @ B.T, for matrices (M, K) and (N, K); a long K is cut too, and its parts summed."""
    if out.size < RESULTS:
        with threads.alone():
            _multiply_transposed(A, B, out, add)
    else:
        _multiply_transposed(A, B, out, add)


def _parts(M, N, K) -> int:
    """Of how many parts a sum over K consists, whose blocks are small enough."""
    rows = ROWS if M % ROWS == 0 else M
    return max(1, -(-K * rows * min(N, ROWS) // SMALL))


def _multiply_transposed(A, B, out, add) -> None:
    (M, K), N = A.shape, len(B)
    if N > ROWS and (rest := N % ROWS) and K >= LONG:
        _multiply_transposed(A, B[:-rest], out[:, :-rest], add)
        _multiply_transposed(A, B[-rest:], out[:, -rest:], add)
        return
    rows, columns = ROWS if M % ROWS == 0 else M, min(N, ROWS)
    parts = _parts(M, N, K)
    length, serves = K // parts, _serves(A, B)
    if length < LONG or not serves:
        product = np.empty_like(out) if add else out
        if K < SHORT and serves:
            multiply(A, np.ascontiguousarray(B.T), product)
        else:
            matmul(A, B.T, product)
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
