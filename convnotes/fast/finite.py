"""Whether a result is finite, asked by algorithms that otherwise put infinities and not-a-numbers where none belong.

The definition multiplies each weight with what windows have on the padded input, and nothing else. Some algorithms do
more: Winograd's tiles subtract neighbours, and rows laid out with zeros between them multiply these zeros. No finite
result changes by that, but infinity less infinity and zero times infinity are not numbers. So these algorithms look
through what they made. If anything in it is not finite it is made again by im2col or col2im, which multiply what the
definition multiplies.

To look costs one pass over the result, about 1 % of a layer's time; to make it again costs the time of both algorithms.
"""

import numpy as np


def all_finite(A: np.ndarray) -> bool:
    """Whether no entry is infinite or not-a-number. A sum of squares says so at once, unless it is too large."""
    if A.flags.c_contiguous and np.isfinite(np.vdot(A, A)):
        return True
    if A.ndim > 1:
        return all(map(all_finite, A))
    return bool(np.isfinite(A).all())


def silence() -> np.errstate:
    """No warning of what is made again: whoever makes it again gives those that the definition gives."""
    return np.errstate(invalid="ignore", over="ignore")
