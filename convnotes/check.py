"""The checks that notebooks print: each raises where its claim fails and otherwise prints a bound.

A bound and not the error itself is printed, so that the stored output is the same on every machine.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convnotes import arguments
from convnotes.annotations import ArrayLike

Map = Callable[[NDArray[Any]], ArrayLike]

# What rounding alone explains, relative to the largest entry, in sums as long as those of the notebooks.
BOUNDS = {np.dtype(np.float32): 1e-5, np.dtype(np.float64): 1e-12}


def distance(a: ArrayLike, b: ArrayLike) -> float:
    """The L2 distance between two arrays of the same shape."""
    return float(np.linalg.norm(_array("a", a) - _array("b", b)))


def error(actual: ArrayLike, expected: ArrayLike) -> float:
    """The largest deviation, relative to the largest finite entry expected; infinite where the two cannot be compared.

    They cannot where the shapes differ, or where one array is infinite or not a number and the other is not the same.
    """
    actual, expected = _array("actual", actual), _array("expected", expected)
    if actual.shape != expected.shape:
        return np.inf
    finite = np.isfinite(expected)
    if not np.array_equal(actual[~finite], expected[~finite], equal_nan=True) or not np.isfinite(actual[finite]).all():
        return np.inf
    if not finite.any():
        return 0.0
    scale = np.abs(expected[finite]).max()
    return float(np.abs(actual[finite] - expected[finite]).max() / (scale or 1))


def compare(name: str, actual: ArrayLike, expected: ArrayLike, against: str, bound: float | None = None) -> None:
    """Check that `actual` equals `expected` up to rounding, and print one line that says so.

    name, against: what is compared with what, for the line
    bound: the largest `error` allowed; by default 1e-12, or 1e-5 where one of the arrays is float32

    AssertionError if the shapes differ or the error is not below the bound.

    >>> compare("sum", np.ones((2, 2)) + np.ones((2, 2)), np.full((2, 2), 2.0), against="two")
    sum  (2, 2)  matches two  error < 1e-12
    """
    actual, expected = _array("actual", actual), _array("expected", expected)
    if bound is None:
        bound = max(BOUNDS.get(array.dtype, 1e-12) for array in (actual, expected))
    if actual.shape != expected.shape:
        raise AssertionError(f"{name} has shape {actual.shape}, {against} has {expected.shape}")
    _hold(error(actual, expected), bound, f"{name}  {actual.shape}  matches {against}")


def adjoint(name: str, forward: Map, transpose: Map, X: NDArray[Any], Y: NDArray[Any], bound: float = 1e-12) -> None:
    """Check that <forward(X), Y> = <X, transpose(Y)>, the identity that defines a transpose, and print one line.

    X and Y should be random: then an error in any entry of either map shows. The error is relative to
    |forward(X)| |Y|. AssertionError if it is not below the bound.

    >>> A = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> adjoint("A", lambda x: A @ x, lambda y: A.T @ y, np.array([5.0, 6.0]), np.array([7.0, 8.0]))
    A  (2,) -> (2,)  <A x, y> = <x, A^T y>  error < 1e-12
    """
    image, back = _array("forward(X)", forward(X)), _array("transpose(Y)", transpose(Y))
    scale = np.linalg.norm(image) * np.linalg.norm(Y)
    deviation = abs(np.vdot(image, Y) - np.vdot(X, back)) / (scale or 1)
    _hold(float(deviation), bound, f"{name}  {X.shape} -> {Y.shape}  <A x, y> = <x, A^T y>")


def numerical_gradient(function: Map, X: ArrayLike, grad_output: ArrayLike, step: float = 1e-5) -> NDArray[np.float64]:
    """The gradient of <function(X), grad_output> with respect to X by central differences, in float64.

    Exact but for rounding (about 1e-11) where the function is linear; else the error grows with step^2.
    """
    X, upstream = np.array(_array("X", X), float), np.asarray(grad_output)
    gradient = np.empty_like(X)
    for index in np.ndindex(X.shape):
        value = X[index]
        X[index] = value + step
        above = np.vdot(np.asarray(function(X)), upstream)
        X[index] = value - step
        below = np.vdot(np.asarray(function(X)), upstream)
        X[index] = value
        gradient[index] = (above - below) / (2 * step)
    return gradient


def within(name: str, values: ArrayLike, low: float, high: float) -> None:
    """Check that every one of the values lies between two bounds, and print one line that says so.

    For what differs from machine to machine, such as times: the line holds the bounds alone.
    AssertionError if a value lies outside, or if there are none.

    >>> within("slope", [0.98, 1.03], 0.9, 1.1)
    slope  between 0.9 and 1.1
    """
    values = np.atleast_1d(values)
    outside = values[~((values >= low) & (values <= high))]
    claim = f"{name}  between {low:g} and {high:g}"
    if not values.size or outside.size:
        raise AssertionError(f"{claim} fails: {outside[0]:.3g} is not" if values.size else f"{claim} fails: no values")
    print(claim)


def _array(name: str, value: ArrayLike) -> NDArray[Any]:
    return np.asarray(arguments.unmasked(name, value))


def _hold(deviation: float, bound: float, claim: str) -> None:
    if not deviation < bound:
        raise AssertionError(f"{claim} fails: error {deviation:.2g} is not below {_short(bound)}")
    print(f"{claim}  error < {_short(bound)}")


def _short(bound: float) -> str:
    """1e-5 rather than 1e-05, and 0.03 as it is."""
    return f"{bound:g}".replace("e-0", "e-")
