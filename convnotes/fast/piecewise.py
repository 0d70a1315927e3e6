"""The maps of a convolution on one thread's part of it, piece by piece, within the space that it has.

A piece's result is written or added to where it belongs. The windows of a piece can lie on the padding all of them:
then it adds nothing, but a weight that is not finite times zeros.
"""

from collections.abc import Callable
from math import prod

import numpy as np

from convnotes.fast import blocks, col2im, phases, pieces
from convnotes.fast.pieces import Piece, by_group
from convnotes.windows import Convolution


def gather(
    part: Piece,
    X: np.ndarray,
    K: np.ndarray,
    Y: np.ndarray,
    choose: Callable,
    threads: int,
    b: np.ndarray | None = None,
    apart: bool = False,
) -> None:
    """Write Y, for a weight K `by_group`; with `apart` by way of a result that lies in one run."""

    def beside(piece: Piece) -> bool:
        return apart or not piece.begins

    def held(piece: Piece) -> float:
        q, weight = piece.p, piece.of_weight(K)
        entries = _held(piece, choose)
        if beside(piece):
            entries += prod(q.output_size)
        return entries + _copied(weight)

    for piece in pieces.divided(part, held, _space(part, X, threads)):
        q, out = piece.p, piece.of_output(Y)
        weight = piece.of_weight(K).reshape(q.weight_size)
        bias = (
            None
            if b is None or not piece.begins
            else b[piece.filters]
        )
        result = (
            np.empty(out.shape, X.dtype) if beside(piece) else out
        )
        if piece.meets():
            choose(q).gather(
                piece.of_input(X), weight, q, result, bias
            )
        else:
            result[...] = _times_zeros(weight)[:, None, None]
            if bias is not None:
                result += bias[:, None, None]
        if not piece.begins:
            out += result
        elif apart:
            out[...] = result


def spread(
    part: Piece,
    K: np.ndarray,
    dY: np.ndarray,
    dX: np.ndarray,
    module,
    choose: Callable,
    threads: int,
) -> None:
    """Put dX in place of zeros, for a weight K `by_group`: by a module, or as a convolution for each phase."""
    upstream, result = part.of_output(dY), part.of_input(dX)
    if module is None:
        for place, some, turned, q in phases.each(
            K, upstream, part.p
        ):
            gather(
                pieces.whole(q),
                some,
                turned,
                result[place],
                choose,
                threads,
                apart=True,
            )
    elif module is not col2im:
        weight = K.reshape(part.whole.weight_size)
        module.spread(weight, upstream, part.p, result)
    else:

        def held(piece: Piece) -> float:
            weight = piece.of_weight(K)
            return col2im.workspace(piece.p) + _copied(weight)

        most = _space(part, dY, threads)
        for piece in pieces.divided(part, held, most):
            q, upstream = piece.p, piece.of_output(dY)
            weight = piece.of_weight(K).reshape(q.weight_size)
            result, add = piece.of_input(dX), piece is not part
            if piece.meets():
                col2im.spread(weight, upstream, q, result, add)


def correlate(
    part: Piece,
    X: np.ndarray,
    dY: np.ndarray,
    choose: Callable,
    threads: int,
    dK: np.ndarray | None = None,
) -> np.ndarray:
    """The weight gradient, in an array of its own or added to dK."""

    def held(piece: Piece) -> float:
        alone = piece is part and dK is None
        return _held(piece, choose) + (
            0 if alone else prod(piece.p.weight_size)
        )

    most, total = _space(part, X, threads), dK
    if dK is None:
        # Those of the other threads.
        most -= (threads - 1) * prod(part.p.weight_size) // threads
    for piece in pieces.divided(part, held, most):
        q, upstream = piece.p, piece.of_output(dY)
        if piece.meets():
            some = choose(q).correlate(piece.of_input(X), upstream, q)
        else:
            by_filter = _times_zeros(upstream.swapaxes(0, 1))
            some = np.empty(q.weight_size, X.dtype)
            some[...] = by_filter[:, None, None, None]
        if piece is part and dK is None:
            return some
        if total is None:
            total = np.zeros(part.whole.weight_size, X.dtype)
        place = piece.of_weight(by_group(total, part.whole))
        place += some.reshape(place.shape)
    return total


def copies(p: Convolution, itemsize: int, threads: int) -> bool:
    """Whether a weight gradient for each thread is too much: more than half of the space."""
    most = blocks.space(p.input_size, p.output_size, itemsize)
    return (threads - 1) * prod(p.weight_size) > most // 2


def _space(part, like, threads):
    p = part.whole
    return blocks.space(
        p.input_size, p.output_size, like.itemsize, threads
    )


def _held(piece, choose) -> float:
    """What the algorithm that is chosen holds; infinitely much if one that is asked for does not take a part."""
    if not piece.meets():
        return 0
    try:
        entries = choose(piece.p).workspace(piece.p)
        return entries + pieces.TAP * sum(piece.p.kernel)
    except ValueError:
        if piece.p is piece.whole:
            raise
        return float("inf")


def _copied(weight) -> int:
    """What it takes to have a weight in one run."""
    return 0 if weight.flags.c_contiguous else weight.size


def _times_zeros(A) -> np.ndarray:
    """Along the first axis the sums of an array's products with zeros: zeros, but for what is not finite."""
    axes = tuple(range(1, A.ndim))
    with np.errstate(invalid="ignore"):
        return A.max(axes) * 0 + A.min(axes) * 0
