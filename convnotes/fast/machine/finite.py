"""Whether a result is finite, asked of algorithms that otherwise put infinities and not-a-numbers where none belong.

The definition multiplies each weight with what windows have on the padded input, and nothing else. Some algorithms do
more: Winograd's tiles subtract neighbours, and what is lowered for a gradient has zeros between its entries. No finite
result changes by that. But infinity less infinity and zero times infinity are not numbers.
"""

import numpy as np


def all_finite(A: np.ndarray) -> bool:
    """Whether no entry is infinite or not-a-number. A sum of squares says so at once, unless it is too large."""
    if A.flags.c_contiguous and np.isfinite(np.vdot(A, A)):
        return True
    if A.ndim > 1:
        return all(map(all_finite, A))
    return bool(np.isfinite(A).all())
