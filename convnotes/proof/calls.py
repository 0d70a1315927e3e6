"""A call of an operation, and the answer: what came back, what was raised, and what else was done."""

import inspect
import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convnotes import naive
from convnotes.implementations import offers, parameters
from convnotes.wording import said

# How an array can lie in memory; the values are the same.
LAYOUTS: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "Fortran order": np.asfortranarray,
    "negative strides": lambda array: np.flip(np.flip(array).copy()),
    "every other entry": lambda array: np.repeat(array, 2, axis=-1)[..., ::2],
    "stray strides": lambda array: np.lib.stride_tricks.as_strided(array, strides=_stray(array)),
    "transposed axes": lambda array: np.moveaxis(np.moveaxis(array, 0, -1).copy(), -1, 0),
}


def _stray(array: NDArray[Any]) -> tuple[int, ...]:
    """The stride of an axis of one entry is never used, and may be anything."""
    return tuple(stride if size > 1 else 4 * stride + 3 for size, stride in zip(array.shape, array.strides))


# No answer to a question that is asked here has so many bytes.
LARGEST = 2**26
_UNEXPECTED = re.compile(r"unexpected keyword argument '(\w+)'")


@dataclass(frozen=True)
class Stored:
    """An array that is to lie in memory in a certain way, and perhaps not be written to."""

    array: np.ndarray
    layout: str
    writeable: bool = False

    def lay_out(self) -> np.ndarray:
        array = LAYOUTS[self.layout](self.array.copy())
        array.flags.writeable = self.writeable
        return array


@dataclass(frozen=True)
class Call:
    """An operation and its arguments by name."""

    operation: str
    arguments: Mapping[str, Any]

    def having(self, **arguments: Any) -> "Call":
        """The same call with some arguments changed."""
        return Call(self.operation, {**self.arguments, **arguments})

    def in_single(self) -> "Call":
        """The same call with float32 in place of float64."""
        return self.having(**{name: _single(value) for name, value in self.arguments.items()})


def _single(value: Any) -> Any:
    if isinstance(value, Stored):
        return Stored(_single(value.array), value.layout, value.writeable)
    return value.astype(np.float32) if isinstance(value, np.ndarray) and value.dtype == np.float64 else value


@dataclass(frozen=True)
class Answer:
    """What a call did.

    value: the array that came back, or None
    other: what came back instead, in words
    raised, kinds, said: what was raised: its class, that and its bases, its text
    lacking: whether the operation, or one with these parameters, is not offered
    unknown: the parameter that a function which seems to take anything has said it does not
    changed, shared: the arguments that were changed in place, and those whose memory the result shares, or that of
        the answer before
    lost: what became of the process, if it gave no answer
    """

    value: np.ndarray | None = None
    other: str = ""
    raised: str = ""
    kinds: tuple[str, ...] = ()
    said: str = ""
    lacking: bool = False
    unknown: str = ""
    changed: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    flags: Mapping[str, Any] = field(default_factory=dict)
    lost: str = ""

    def __str__(self) -> str:
        """In words, but for an array."""
        if self.lost:
            return self.lost
        if self.raised:
            return f"{self.raised}: {self.said}" if self.said else self.raised
        return self.other or f"an array of shape {getattr(self.value, 'shape', None)}"


# The array that came back last: while it is held no other one can lie where it does, but by sharing its memory.
_before: list[np.ndarray] = []


def answer(module: ModuleType, call: Call) -> Answer:
    """Make a call, whatever it does to this process."""
    if not offers(module, call.operation, call.arguments):
        return Answer(lacking=True)
    given = {name: value.lay_out() if isinstance(value, Stored) else value for name, value in call.arguments.items()}
    before = {name: value.copy() for name, value in given.items() if type(value) is np.ndarray}
    try:
        with np.errstate(all="ignore"):
            result = getattr(module, call.operation)(**given)
    except NotImplementedError:
        return Answer(lacking=True)
    except BaseException as problem:
        text = said(problem)
        if type(problem) is TypeError and (name := _no_parameter(module, call, text)):
            return Answer(lacking=True, unknown=name)
        kinds = tuple(kind.__name__[:80] for kind in type.mro(type(problem)))
        return Answer(raised=kinds[0], kinds=kinds, said=text)
    changed = tuple(name for name, array in before.items() if not _same(given[name], array))
    if type(result) is not np.ndarray or result.dtype.kind not in "biuf":
        return Answer(other=_kind(result)[:80], changed=changed)
    if result.nbytes > LARGEST:
        return Answer(other=f"an array of shape {result.shape}, of {result.nbytes / 2**20:.0f} MiB", changed=changed)
    shared = tuple(name for name in before if np.may_share_memory(given[name], result))
    shared += ("an earlier result",) if any(np.may_share_memory(one, result) for one in _before) else ()
    _before[:] = [result]
    flags = {"contiguous": result.flags.c_contiguous, "writeable": result.flags.writeable}
    return Answer(np.array(result), changed=changed, shared=shared, flags=flags)


def _same(a: NDArray[Any], b: NDArray[Any]) -> bool:
    # The bytes are compared where numbers cannot be: not-a-number is unequal to itself.
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()


def _kind(result: object) -> str:
    """What came back where it is no array of real numbers."""
    if type(result) is np.ndarray:
        return f"an array of dtype {result.dtype}"
    try:
        return f"a {type(result).__name__}"
    except Exception:  # the name of a class can be made by anybody's code
        return "an object of a class without a name"


def _no_parameter(module: ModuleType, call: Call, text: str) -> str:
    """The parameter that a function which seems to take anything, as a decorated one does, says it does not; or ""."""
    found = _UNEXPECTED.search(text)
    if found and parameters(module, call.operation) is None and found[1] not in required(call.operation):
        return found[1]
    return ""


@cache
def known(operation: str) -> frozenset[str]:
    """All parameters of an operation."""
    return frozenset(inspect.signature(getattr(naive, operation)).parameters)


@cache
def required(operation: str) -> frozenset[str]:
    """The parameters that no call of an operation can be without."""
    found = inspect.signature(getattr(naive, operation)).parameters
    return frozenset(name for name, one in found.items() if one.default is one.empty)


def source(value: Any, width: int = 58) -> str:
    """A value as Python, where `np` is NumPy; an array that is longer than a width over several lines."""
    if isinstance(value, Stored):
        array = source(value.array, 0)
        return {
            "Fortran order": f"np.asfortranarray({array})",
            "negative strides": f"np.flip(np.flip({array}).copy())",
            "every other entry": f"np.repeat({array}, 2, axis=-1)[..., ::2]",
            "stray strides": f"np.lib.stride_tricks.as_strided({array}, strides={_stray(value.array)})",
            "transposed axes": f"np.moveaxis(np.moveaxis({array}, 0, -1).copy(), -1, 0)",
        }[value.layout]
    if isinstance(value, np.ma.MaskedArray):
        mask = np.ma.getmaskarray(value)
        return f"np.ma.array({source(value.data, 0)}, mask={source(mask, 0)})"
    if isinstance(value, np.ndarray):
        if not value.size:
            return f"np.zeros({value.shape}, {value.dtype.str!r})"
        text = f"[{', '.join(map(_number, value.ravel()))}]"
        dtype = "float" if value.dtype.str == np.dtype(float).str else repr(value.dtype.str)
        shape = f".reshape{value.shape}" if value.ndim != 1 else ""
        short = f"np.array({text}, {dtype}){shape}"
        if len(short) <= width:
            return short
        text = textwrap.fill(text, 64, initial_indent="    ", subsequent_indent="     ", break_on_hyphens=False)
        return f"np.array(\n{text},\n    {dtype},\n){shape}"
    if isinstance(value, float) and not np.isfinite(value):
        return _number(np.float64(value))
    if isinstance(value, np.generic):
        return f"np.{type(value).__name__}({value.item()!r})"
    return repr(value)


def _number(value: Any) -> str:
    """A whole number without its point, and names for what is not finite."""
    if isinstance(value, np.datetime64):
        return repr(str(value))
    if isinstance(value, np.floating):
        if not np.isfinite(value):
            return {"nan": "np.nan", "inf": "np.inf", "-inf": "-np.inf"}[str(value)]
        return str(int(value)) if float(value).is_integer() and abs(float(value)) < 1e6 else str(value)
    return repr(value.item() if isinstance(value, np.generic) else value)
