"""What an algorithm does, counted, and what that costs: the model by which one algorithm is chosen over another.

Four kinds of work suffice. Their prices are fitted by `python -m convnotes.benchmark.fit`, which times every
algorithm on the layers of networks; only their ratios decide a choice.

Derived in notebooks/09_fast_convolution.ipynb.
"""

from dataclasses import dataclass

from convnotes.fast import products

# The overhead of a product along each axis: one of M x K by K x N costs as much as (M + 6)(K + 16)(N + 8)
# multiply-adds where its operands are packed first, and (M + 2)(K + 2)(N + 2) where they are not (see `products`).
PACKED, UNPACKED = (6, 16, 8), (2, 2, 2)

# Seconds of one core, in float32; float64 takes twice as long in all but the calls.
PRODUCT = 2.0e-11  # a multiply-add in a matrix product
COPIED = 2.2e-10  # an entry that is read and written in runs
STRIDED = 2.7e-10  # an entry that lies between gaps
CALL = 1.4e-6  # a call of NumPy


def product(M: int, K: int, N: int) -> int:
    """The multiply-adds of a product of M x K by K x N, with its overhead."""
    m, k, n = UNPACKED if products.in_blocks(K) else PACKED
    return (M + m) * (K + k) * (N + n)


def product_of(M: int, K: int, N: int, correlating: bool) -> int:
    """That of (M, K) by (K, N), or that which finds the first operand's gradient: (M, N) by (N, K)."""
    if not correlating:
        return product(M, K, N)
    m, n, k = UNPACKED
    return (M + m) * (N + n) * (K + k)


@dataclass(frozen=True)
class Work:
    """How much of each kind of work there is."""

    products: int = 0
    copied: int = 0
    strided: int = 0
    calls: int = 0

    def seconds(self, itemsize: int = 4) -> float:
        """What it should take on one core."""
        arithmetic = (
            self.products * PRODUCT
            + self.copied * COPIED
            + self.strided * STRIDED
        )
        return arithmetic * itemsize / 4 + self.calls * CALL
