"""Every S-th entry of a row, read or written: of four bytes, every second one in half the time.

Two neighbours of four bytes each, seen as one number of eight, have the first of them as its lower half. To narrow that
number leaves the first, and to widen one of four bytes puts a zero behind it. Both NumPy does with whole vectors of
the processor, and wherever the numbers begin; entries with gaps between it reads and writes one by one.

Derived in notebooks/09_fast_convolution.ipynb.
"""

import numpy as np

# Whatever the machine's own order of bytes: the first entry is the lower half of two.
ONE, TWO = np.dtype("<u4"), np.dtype("<u8")


def every(
    A: np.ndarray, S: int, first: int, out: np.ndarray
) -> np.ndarray:
    """Write A[..., first::S] to `out`, as far as that goes."""
    pairs = _pairs(A, S, first, out)
    if count := pairs.shape[-1]:
        single = out[..., :count].view(ONE)
        np.copyto(single, pairs, casting="unsafe")
    if count < out.shape[-1]:
        out[..., count:] = _apart(A, S, first, out)[..., count:]
    return out


def among_zeros(
    values: np.ndarray, A: np.ndarray, S: int, first: int
) -> None:
    """Write `values` to A[..., first::S]; the S - 1 entries behind each of them must be zero, and remain so."""
    pairs = _pairs(A, S, first, values)
    if count := pairs.shape[-1]:
        pairs[...] = values[..., :count].view(ONE)
    if count < values.shape[-1]:
        _apart(A, S, first, values)[..., count:] = values[..., count:]


def _apart(A, S, first, like):
    """The entries in question, as they lie: as many along the last axis as another array has."""
    last = first + (like.shape[-1] - 1) * S
    return A[..., first : last + 1 : S]


def _pairs(A, S, first, like):
    """They and their neighbours as numbers of eight bytes, those whose neighbour lies in the row; none if not so."""
    runs = A.flags.c_contiguous and like.strides[-1] == like.itemsize
    if (S, A.itemsize, like.itemsize) != (2, 4, 4) or not runs:
        return np.empty((*like.shape[:-1], 0), TWO)
    count = min(like.shape[-1], (A.shape[-1] - first) // 2)
    return np.ndarray(
        (*like.shape[:-1], count),
        TWO,
        A,
        first * A.itemsize,
        (*A.strides[:-1], TWO.itemsize),
    )
