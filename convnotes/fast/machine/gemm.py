"""Matrix products (GEMM) for all of `fast`: those of BLAS, but for sums so short that they are not worth its packing.

A BLAS copies the operands of a product into buffers, in the order in which it will read them. That pays once each
number is used often enough. A depthwise layer has products of a few rows and columns, whose sums are long.

Derived in notebooks/12_inside_fast.ipynb.
"""

import numpy as np

from convnotes.fast.machine.workspace import spans

# The rows and columns of a product that is made of scalar products, at most, and the terms of one chain.
TINY, CHAIN = 8, 2**15


def multiply(A: np.ndarray, B: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """A @ B for matrices (M, K) and (K, N), or for stacks of equally many of both; in `out` if it is given."""
    # A single term is no sum, and BLAS does not know it.
    return (np.multiply if A.shape[-1] == 1 else np.matmul)(A, B, out=out)


def multiply_transposed(A: np.ndarray, B: np.ndarray, out: np.ndarray, add: bool = False) -> None:
    """out = A @ B.T, or out += A @ B.T, for matrices (M, K) and (N, K), or for stacks of equally many of both."""
    (rows, terms), columns = A.shape[-2:], B.shape[-2]
    if 1 < min(rows, columns) and max(rows, columns) <= TINY and terms > TINY:
        # In chains, since the rounding errors of a scalar product grow with its length.
        sums = [np.vecdot(A[..., :, None, k], B[..., None, :, k]) for k in spans(terms, CHAIN)]
        out[...] = sum(sums, out if add else 0)
    elif add:
        out += A @ B.swapaxes(-1, -2)
    else:
        multiply(A, B.swapaxes(-1, -2), out)
