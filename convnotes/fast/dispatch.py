"""The three maps of a convolution, each by the algorithm that is predicted to cost the least, shared among threads.

Infinities and not-a-numbers stand where the definition puts them. Algorithms that do more than the definition does
could put them elsewhere. So what such an algorithm made is looked through, which takes about 1 % of its time, and
made again by im2col where anything in it is not finite.
"""

from functools import lru_cache, partial
from typing import Any, NoReturn

import numpy as np

from convnotes.annotations import Array, Function
from convnotes.fast.algorithms import phases, winograd
from convnotes.fast.algorithms.lowering import balanced, im2col
from convnotes.fast.algorithms.shares import Share, part_of, parts_of
from convnotes.fast.machine import threads
from convnotes.fast.machine.finite import all_finite
from convnotes.fast.machine.workspace import space
from convnotes.windows import Convolution

# One line registers an algorithm. Each has `rule`, what it takes in words, and
#   takes(p)                          whether it takes a problem
#   work(p, which)                    what one of the three maps does
#   forward(X, K, p, Y, most)         writes Y, and holds at most `most` entries
#   grad_weight(X, dY, p, dK, most)   writes dK in place of zeros
#   suspect(p, K, Y)                  an array that tells whether infinities are where they belong; None: they are
ALGORITHMS: dict[str, Any] = {"im2col": im2col, "balanced": balanced, "winograd": winograd}
# Those that make an input gradient by themselves, as the transpose of their forward pass: it is added to dX by
#   grad_input(K, dY, p, dX, most)
# By others it is a convolution for each phase of the stride.
TRANSPOSES: dict[str, Any] = {"col2im": im2col, "balanced": balanced}


def forward(X: Array, K: Array, p: Convolution, algorithm: str = "auto") -> Array:
    """The map from an input of p.input_size to an output of p.output_size."""
    Y = np.empty(p.output_size, X.dtype)
    _forward(X, K, p, Y, space(p.input_size, p.output_size, X.itemsize), algorithm)
    return Y


def grad_weight(X: Array, dY: Array, p: Convolution, algorithm: str = "auto") -> Array:
    """The weight gradient for the output gradient dY."""
    most = space(p.input_size, p.output_size, X.itemsize)
    dK = np.zeros(p.weight_size, X.dtype)
    chosen, seconds = choose(algorithm, p, "grad_weight", X.itemsize)
    parts = parts_of(p, seconds) if dY.size else []
    if (len(parts) - 1) * dK.size > most / 2:
        # A gradient for each thread is too much: then the threads are those of BLAS.
        parts = [part_of(p, slice(0, len(X)), slice(0, p.count[0]))]
    each = most // len(parts) - dK.size if len(parts) > 1 else most

    def some(images: slice, met: slice, rows: slice, q: Convolution) -> Array:
        total = dK if q is parts[0][-1] else np.zeros_like(dK)
        chosen.grad_weight(X[images, :, met], dY[images, :, rows], q, total, each)
        return total

    for other in _share(chosen, parts, some)[1:]:
        dK += other
    if chosen.suspect(p, dK, dK) is not None and not all_finite(dK):
        return grad_weight(X, dY, p, "im2col")
    return dK


def grad_input(K: Array, dY: Array, p: Convolution, algorithm: str = "auto") -> Array:
    """The transpose of `forward` for the same weight."""
    most = space(p.input_size, p.output_size, dY.itemsize)
    dX = np.zeros(p.input_size, dY.dtype)
    chosen, seconds = transpose(algorithm, p, dY.itemsize)
    if not dY.size:
        return dX
    if chosen is None:
        phases.grad_input(K, dY, p, dX, partial(_forward, algorithm=algorithm), most)
    else:
        parts = parts_of(p, seconds, bands=False)
        each = most // len(parts)
        _share(chosen, parts, lambda n, met, _, q: chosen.grad_input(K, dY[n], q, dX[n, :, met], each))
    # Padded with zeros dY meets weights that are not finite. Either array tells, so the smaller one is asked.
    if chosen is not im2col and not all_finite(min(K, dX, key=np.size)):
        return grad_input(K, dY, p, "col2im")
    return dX


def _forward(X: Array, K: Array, p: Convolution, Y: Array, most: float, algorithm: str = "auto") -> None:
    chosen, seconds = choose(algorithm, p, "forward", X.itemsize)
    if not Y.size:
        return
    parts = parts_of(p, seconds)
    each = most // len(parts)
    _share(chosen, parts, lambda n, met, rows, q: chosen.forward(X[n, :, met], K, q, Y[n, :, rows], each))
    suspect = chosen.suspect(p, K, Y)
    if suspect is not None and not all_finite(suspect):
        _forward(X, K, p, Y, most, "im2col")


def _share(chosen: Any, parts: list[Share], function: Function) -> list[Any]:
    """A function of every part, in threads; only im2col, which makes again what is not finite, is heard of it."""
    quiet: dict[str, Any] = {} if chosen is im2col else {"invalid": "ignore", "over": "ignore"}

    def some(part: Share) -> Any:
        with np.errstate(**quiet):
            return function(*part)

    return threads.share(some, parts)


@lru_cache(maxsize=1024)
def choose(algorithm: str, p: Convolution, which: str, itemsize: int = 4) -> tuple[Any, float]:
    """The algorithm of a name, which must take the problem, and its predicted seconds; "auto" is the fastest."""
    _refuse_unknown(algorithm, ALGORITHMS)
    taking = [each for name, each in ALGORITHMS.items() if algorithm in ("auto", name) and each.takes(p)]
    if not taking:
        _refuse(algorithm, ALGORITHMS[algorithm].rule, p)
    return _fastest(taking, p, which, itemsize)


@lru_cache(maxsize=1024)
def transpose(algorithm: str, p: Convolution, itemsize: int = 4) -> tuple[Any, float]:
    """The algorithm that makes an input gradient by itself, and its seconds; None for a convolution of each phase."""
    _refuse_unknown(algorithm, ALGORITHMS | TRANSPOSES)
    taking = [each for name, each in TRANSPOSES.items() if algorithm in ("auto", name) and each.takes(p)]
    if taking:
        best = _fastest(taking, p, "grad_input", itemsize)
        if algorithm != "auto" or not phases.takes(p):
            return best
    elif phases.takes(p):
        return None, 0
    else:
        chosen = choose(algorithm, p, "grad_input", itemsize)
        return chosen if chosen[0] is im2col else _refuse(algorithm, phases.rule, p)
    each = [choose("auto", q, "forward", itemsize)[1] for *_, q in phases.convolutions(p)]
    phased = phases.work(p).seconds(itemsize) + sum(each)
    return best if best[1] < phased else (None, phased)


def _refuse_unknown(algorithm: str, registered: dict[str, Any]) -> None:
    if algorithm not in ("auto", *registered):
        raise ValueError(f"algorithm must be auto or one of {', '.join(registered)}, got {algorithm!r}")


def _fastest(algorithms: list[Any], p: Convolution, which: str, itemsize: int) -> tuple[Any, float]:
    return min(((each, each.work(p, which).seconds(itemsize)) for each in algorithms), key=lambda pair: pair[1])


def _refuse(algorithm: str, rule: str, p: Convolution) -> NoReturn:
    of = f"stride {p.stride}, padding {p.padding}, dilation {p.dilation} and groups {p.groups}"
    raise ValueError(f"algorithm {algorithm!r} must be used for {rule}, got weight {p.weight_size}, {of}")
