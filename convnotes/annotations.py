"""What the annotations of public functions mean: what a caller may give, and what comes back."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from convnotes.parameters import IntOrPair, PaddingLike, SizeLike

# What an operation returns: float32 or float64.
Array = NDArray[np.floating]
# A function of which no more is said here.
Function = Callable[..., Any]
# What stands in brackets behind an array.
Index = tuple[Any, ...]

__all__ = ["Array", "ArrayLike", "Function", "Index", "IntOrPair", "PaddingLike", "SizeLike"]
