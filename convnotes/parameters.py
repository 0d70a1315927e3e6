"""What a parameter may be: integers, pairs, sizes and paddings, each refused in one sentence."""

from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from typing import Any, TypeVar

Pair = tuple[int, int]
Size = tuple[int, int, int, int]
Padding = tuple[Pair, Pair]
# What a caller may write for these.
IntOrPair = int | Sequence[int]
SizeLike = Sequence[int]
PaddingLike = int | str | Sequence[int] | Sequence[Sequence[int]]

T = TypeVar("T")


def _is_integer(value: object) -> bool:
    # Python's own integers are by far the most, and to ask for their type takes a tenth of the time.
    return type(value) is int or (isinstance(value, Integral) and not isinstance(value, bool))


def integer(name: str, value: Any, minimum: int | None = None) -> int:
    """`value` as an int, of at least `minimum` if one is given."""
    if not _is_integer(value):
        raise TypeError(f"{name} must be an integer, got {value!r}")
    if minimum is not None and value < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {value!r}")
    return int(value)


def number(name: str, value: Any) -> float:
    """`value` as a finite float."""
    if not isinstance(value, Real) or isinstance(value, bool):
        raise TypeError(f"{name} must be a real number, got {value!r}")
    if not abs(float(value)) < float("inf"):
        raise ValueError(f"{name} must be finite, got {value!r}")
    return float(value)


def flag(name: str, value: object) -> bool:
    """`value` as a bool."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return value


def pair(name: str, value: Any, minimum: int) -> Pair:
    """`value` as (vertical, horizontal); a scalar stands for both axes."""
    if type(value) is int and value >= minimum:
        return value, value
    entries = tuple(value) if isinstance(value, tuple | list) else (value, value)
    if not all(map(_is_integer, entries)):
        raise TypeError(f"{name} must be an integer or a pair of integers, got {value!r}")
    if len(entries) != 2:
        raise ValueError(f"{name} must be an integer or a pair (vertical, horizontal), got {value!r}")
    if min(entries) < minimum:
        raise ValueError(f"{name} must be at least {minimum} along both axes, got {value!r}")
    return int(entries[0]), int(entries[1])


def size(name: str, value: Any, axes: str = "(N, C, H, W)") -> Size:
    """`value` as four lengths; only a batch, the axis called N, may be empty."""
    if type(value) is tuple and len(value) == 4 and all(type(v) is int and v > 0 for v in value):
        return value[0], value[1], value[2], value[3]
    if not isinstance(value, tuple | list):
        raise TypeError(f"{name} must be a tuple of four integers {axes}, got {value!r}")
    if not all(map(_is_integer, value)):
        raise TypeError(f"{name} must hold integers {axes}, got {value!r}")
    if len(value) != 4:
        raise ValueError(f"{name} must have four axes {axes}, got {tuple(value)!r}")
    batch = axes.startswith("(N,")
    if value[0] < (0 if batch else 1) or min(value[1:]) < 1:
        exception = " except N" if batch else ""
        raise ValueError(f"{name} must have entries along every axis of {axes}{exception}, got {tuple(value)!r}")
    N, C, H, W = map(int, value)
    return N, C, H, W


def both(values: Iterable[T]) -> tuple[T, T]:
    """Two values as a pair, (vertical, horizontal)."""
    vertical, horizontal = values
    return vertical, horizontal


def padding(value: Any, kernel: Pair, stride: Pair, dilation: Pair) -> Padding:
    """`value` as ((top, bottom), (left, right)): an int, a pair, a pair of pairs, "valid" or "same".

    "same" keeps the input's size at stride 1; of an odd total the larger half goes to the bottom and
    to the right, as in torch.
    """
    if isinstance(value, str):
        if value not in ("valid", "same"):
            raise ValueError(f"padding must be 'valid', 'same', an integer or a pair, got {value!r}")
        if value == "valid":
            return (0, 0), (0, 0)
        if stride != (1, 1):
            raise ValueError(f"padding must not be 'same' unless stride is 1, got stride {stride}")
        totals = [d * (k - 1) for k, d in zip(kernel, dilation)]
        return both((total // 2, total - total // 2) for total in totals)
    if isinstance(value, tuple | list) and len(value) == 2 and all(isinstance(v, tuple | list) for v in value):
        return pair("padding", value[0], 0), pair("padding", value[1], 0)
    vertical, horizontal = pair("padding", value, 0)
    return (vertical, vertical), (horizontal, horizontal)
