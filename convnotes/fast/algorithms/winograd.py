"""Convolution by Winograd's tiles: F(4x4, 3x3) multiplies 36 times, windows 144 times.

A tile of inputs, transformed, is multiplied entry by entry with the transformed kernel. Along an axis, m results of a
kernel of k weights read m + k - 1 inputs. Summed over channels that is one matrix product for each of a tile's
entries. Each transform, of all tiles at once, is one product with the Kronecker product of the two axes' matrices.
The weight gradient is the transpose of all that.

In float32 the errors are three to twenty times those of sums of products. Zero weights and whole numbers give no exact
results either, since a tile's results are sums of what its entries gave, each rounded.

Source: Lavin and Gray, arXiv 1509.09308. Derived in notebooks/09_fast_convolution.ipynb, the weight
gradient in 12_inside_fast.ipynb.
"""

import numpy as np

from convnotes.annotations import Array, Function, Index
from convnotes.fast.algorithms.blocks import Block, blocks
from convnotes.fast.algorithms.toom_cook import in_two_axes
from convnotes.fast.algorithms.winograd_tiles import M, held, inputs, put, sizes_of, tiles_of, work_of
from convnotes.fast.machine.cost import Work
from convnotes.fast.machine.gemm import multiply, multiply_transposed
from convnotes.windows import Convolution

rule = "kernels of 2 to 5 rows and columns, without stride or dilation"


def takes(p: Convolution) -> bool:
    """Small kernels without stride or dilation."""
    return min(p.kernel) > 1 and max(p.kernel) <= 5 and p.stride == p.dilation == (1, 1)


def suspect(p: Convolution, K: Array, Y: Array) -> Array:
    """The result: tiles subtract neighbours."""
    return Y


def work(p: Convolution, which: str) -> Work:
    """What one of the three maps does, which is nearly the same for all."""
    return work_of(p)


def workspace(p: Convolution, most: float) -> int:
    """The entries that it holds."""
    return held(p, sizes_of(p, most))


def forward(X: Array, K: Array, p: Convolution, Y: Array, most: float = float("inf")) -> None:
    """Y = Q_Y ((Q_K K Q_K^T) * (Q_X X Q_X^T)) Q_Y^T, tile by tile."""
    Q_Y, Q_K, Q_X = in_two_axes((M, M), p.kernel, X.dtype.name)
    known: dict[str, Index] = {}
    for block in blocks(p, sizes_of(p, most), (M, M)):
        V, U, out = _inputs(block, X, Q_X, known), _filters(block, K, Q_K, known), block.output(Y)
        P = multiply(U, V)
        put(Q_Y @ P.reshape(len(P), -1), out, add=not block.begins)


def grad_weight(X: Array, dY: Array, p: Convolution, dK: Array, most: float = float("inf")) -> None:
    """dK += Q_K^T (sum over tiles of (Q_Y^T dY Q_Y) * (Q_X X Q_X^T)) Q_K: `forward` transposed in the weight."""
    Q_Y, Q_K, Q_X = in_two_axes((M, M), p.kernel, X.dtype.name)
    known: dict[str, Index] = {}
    for block in blocks(p, sizes_of(p, most), (M, M)):
        V = _inputs(block, X, Q_X, known)
        U = _transformed(Q_Y.T, tiles_of(block.output(dY), block.p.count, (0, 0), (M, M)))
        P = np.empty((*U.shape[:3], V.shape[2]), X.dtype)
        multiply_transposed(U, V, P)
        part = block.weight(dK)
        part += (P.transpose(1, 2, 3, 0) @ Q_K).reshape(part.shape)


def _inputs(block: Block, X: Array, Q_X: Array, known: dict[str, Index]) -> Array:
    """A block's transformed inputs (entries, G, C, tiles): those of the block before where only filters differ."""

    def make() -> np.ndarray:
        before = [before for before, _ in block.p.padding]
        return _transformed(Q_X, tiles_of(block.input(X), block.p.count, before, inputs(block.p)))

    return _last(known, "inputs", block.cut._replace(filters=None), make)


def _filters(block: Block, K: Array, Q_K: Array, known: dict[str, Index]) -> Array:
    """A block's transformed filters (entries, G, F, C), which may be those of the block before."""

    def make() -> np.ndarray:
        weight = block.weight(K)
        return _transformed(Q_K, weight.reshape(*weight.shape[:3], -1).transpose(3, 0, 1, 2))

    return _last(known, "filters", (block.cut.groups, block.cut.filters, block.cut.channels), make)


def _last(known: dict[str, Index], name: str, key: Index, make: Function) -> Array:
    """What was made last under a name, if its key is the same; else it is let go, and made anew."""
    if known.get(name, (None,))[0] != key:
        known.pop(name, None)
        known[name] = key, make()
    return known[name][1]


def _transformed(Q: np.ndarray, tiles: np.ndarray) -> np.ndarray:
    """A matrix times tiles (entries, G, C, tiles), or filters (entries, G, F, C)."""
    return (Q @ tiles.reshape(len(tiles), -1)).reshape(-1, *tiles.shape[1:])
