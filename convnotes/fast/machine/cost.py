"""What work costs, counted: the model by which one algorithm is chosen over another.

Four kinds of work suffice. Their prices are fitted by `python -m convnotes.benchmark.fit`, which times every
algorithm on the layers of networks. Only their ratios decide a choice.

Derived in notebooks/12_inside_fast.ipynb.
"""

from typing import NamedTuple

# A product's overhead along each axis: it costs (rows * terms + 4 * rows + 4 * terms)(columns + 6) multiply-adds.
OVERHEAD = 4, 4, 6
# A multiply-add of a matrix with a vector costs as much as so many.
VECTOR = 5

# Seconds of one core, in float32; float64 takes twice as long in all but runs and calls.
PRODUCT = 2.0e-11  # a multiply-add in a matrix product
COPIED = 2e-10  # an entry that is copied or added
RUN = 3.0e-9  # a run of memory in which such entries lie
CALL = 1.4e-6  # a call of NumPy


class Work(NamedTuple):
    """How much of each kind of work there is."""

    copied: float = 0
    runs: float = 0
    calls: float = 0
    products: float = 0

    def __add__(self, other: "Work") -> "Work":  # type: ignore[override] # the sum, not one tuple after the other
        return Work(*(mine + its for mine, its in zip(self, other)))

    def __mul__(self, times: float) -> "Work":  # type: ignore[override]
        return Work(*(times * each for each in self))

    def seconds(self, itemsize: int = 4) -> float:
        """What it should take on one core."""
        arithmetic = self.products * PRODUCT + self.copied * COPIED
        return arithmetic * itemsize / 4 + self.runs * RUN + self.calls * CALL


def product(rows: int, terms: int, columns: float, number: float = 1) -> Work:
    """So many products (rows, terms) by (terms, columns), each with its overhead; a vector is as slow as memory."""
    a, b, c = OVERHEAD
    if min(rows, columns) == 1:
        return Work(products=VECTOR * number * rows * terms * columns, calls=number / 4)
    each = (rows * terms + b * rows + a * terms) * (columns + c)
    return Work(products=number * each, calls=number / 4)
