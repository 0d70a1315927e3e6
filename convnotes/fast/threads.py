"""Threads: images, or blocks of them, are shared out among as many threads as NumPy's BLAS may use.

NumPy lets go of the interpreter's lock inside its loops, so that threads run side by side. Within them BLAS
is held to one thread, since threads that wait for each other's products cost more than they give. A single
image is left to the threads of BLAS itself.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from threadpoolctl import ThreadpoolController

from convnotes.fast.blocks import spans


def number() -> int:
    """The number of threads: those that NumPy's BLAS uses now."""
    return max(
        (library.num_threads for library in _blas().lib_controllers),
        default=1,
    )


def share(function: Callable, parts: Sequence) -> list:
    """`function` of every part, in threads where there are several."""
    if len(parts) < 2 or (threads := number()) < 2:
        return [function(part) for part in parts]
    with _blas().limit(limits=1), ThreadPoolExecutor(threads) as pool:
        return list(pool.map(function, parts))


def images(N: int) -> list[slice]:
    """The images of a batch in one part for each thread."""
    return list(spans(N, max(1, -(-N // number()))))


@cache
def _blas() -> ThreadpoolController:
    """A handle on NumPy's BLAS; to find it takes milliseconds."""
    return ThreadpoolController().select(user_api="blas")
