"""Other libraries in the vocabulary, as far as each offers it: one module for each, which `convnotes.PEERS` names.

A peer is an implementation like a stranger's. A parameter that a library does not have is none of its function's, and a
value that it does not take raises NotImplementedError. Nothing that a library lacks is made up for here.

Each function is written as its preparation: it returns a call without arguments, on the library's own arrays, with
everything compiled. The benchmark times that call; `offered` makes the vocabulary's function of it.
"""

import os
from collections.abc import Callable
from functools import wraps
from typing import Any

from convnotes.windows import Windows


def threads() -> int:
    """How many threads a library may use: what OMP_NUM_THREADS says, as the benchmark sets it, else one."""
    first = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return max(1, int(first)) if first.isdecimal() else 1


def offered(to_numpy: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator: of a function that prepares a call it makes one that does it, and returns a NumPy array.

    to_numpy: makes an array of what the call returns
    The function that prepares is kept as `__wrapped__`.
    """

    def decorate(prepare: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(prepare)
        def function(*args: Any, **kwargs: Any) -> Any:
            return to_numpy(prepare(*args, **kwargs)())

        return function

    return decorate


def refuse_room_for_windows(p: Windows) -> Windows:
    """The windows as they are, unless there is room for more of them, which a library's convolution would find."""
    if any(rest >= S for rest, S in zip(p.remainder, p.stride)):
        raise NotImplementedError("output_padding must be below stride")
    return p


def refuse_windows_on_padding(p: Windows) -> None:
    """For who takes the lowest finite number for the maximum of padding alone."""
    if not p.all_meet_input():
        raise NotImplementedError("no window may lie wholly on the padding")
