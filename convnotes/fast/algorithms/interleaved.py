"""A dilated convolution as one without dilation: on the D * D images that lie interleaved in each image.

Windows without a stride meet only rows that are D apart. So every D-th row, and every D-th column, are an image of
their own, and a convolution of all of these at once has the same products. Its outputs lie interleaved as well.

Source: Yu and Koltun, arXiv 1511.07122; as "space to batch" known from TensorFlow's documentation.
Derived in notebooks/09_fast_convolution.ipynb.
"""

from math import prod

import numpy as np

from convnotes.fast.machine.cost import Work
from convnotes.fast.machine.workspace import spans
from convnotes.windows import Convolution, Windows


class Interleaved:
    """An algorithm for convolutions without dilation, which so takes those with dilation, too."""

    def __init__(self, algorithm):
        self.algorithm, self.rule, self.suspect = (
            algorithm,
            algorithm.rule,
            algorithm.suspect,
        )

    def takes(self, p: Convolution) -> bool:
        """What the algorithm takes once nothing is dilated."""
        if p.dilation == (1, 1):
            return self.algorithm.takes(p)
        return p.stride == (1, 1) and max(p.dilation) <= min(p.count) and self.algorithm.takes(_apart(p, 1))

    def work(self, p: Convolution, which: str) -> Work:
        """That of the algorithm, and that of taking images apart and outputs together."""
        if p.dilation == (1, 1):
            return self.algorithm.work(p, which)
        q = _apart(p, p.input_size[0])
        copied = prod(q.input_size) + 2 * prod(q.output_size)
        return self.algorithm.work(q, which) + Work(copied=3 * copied, runs=copied / max(1, q.count[1]), calls=20)

    def forward(self, X, K, p: Convolution, Y, b=None, most=float("inf")) -> None:
        """Write Y."""
        if p.dilation == (1, 1):
            self.algorithm.forward(X, K, p, Y, b, most)
            return
        for n, q in self._images(p, most):
            out = np.empty(q.output_size, Y.dtype)
            self.algorithm.forward(_split(X[n], p, q.size, p.padding), K, q, out, b, most / 2)
            _join(out, p, Y[n])

    def grad_weight(self, X, dY, p: Convolution, dK, most=float("inf")) -> None:
        """Add to dK."""
        if p.dilation == (1, 1):
            self.algorithm.grad_weight(X, dY, p, dK, most)
            return
        for n, q in self._images(p, most):
            upstream = _split(dY[n], p, q.count, ((0, 0), (0, 0)))
            self.algorithm.grad_weight(_split(X[n], p, q.size, p.padding), upstream, q, dK, most / 2, add=True)

    def _images(self, p: Convolution, most: float):
        """Some images of a batch at a time, and their convolution."""
        one = _apart(p, 1)
        each = 2 * prod(one.input_size) + 2 * prod(one.output_size)
        for n in spans(p.input_size[0], most / 2 / each):
            yield n, _apart(p, n.stop - n.start)


def _apart(p: Convolution, N: int) -> Convolution:
    """The convolution without dilation of N images taken apart: all of one size, some with rows that are not used."""
    count = tuple(-(-number // D) for number, D in zip(p.count, p.dilation))
    size = tuple(number + K - 1 for number, K in zip(count, p.kernel))
    q = Windows(size, p.kernel, (1, 1), (1, 1), ((0, 0), (0, 0)), count)
    N *= prod(p.dilation)
    sizes = (N, p.input_size[1], *size), p.weight_size, (N, p.output_size[1], *count)
    return Convolution(*vars(q).values(), *sizes, p.groups)


def _split(A: np.ndarray, p: Convolution, size, padding) -> np.ndarray:
    """(N, C, H, W) -> (N * D * D, C, *size): the interleaved images, padded."""
    (H, W), ((top, _), (left, _)), (D_H, D_W) = A.shape[2:], padding, p.dilation
    canvas = np.zeros((*A.shape[:2], size[0] * D_H, size[1] * D_W), A.dtype)
    canvas[:, :, top : top + H, left : left + W] = A
    apart = canvas.reshape(*A.shape[:2], size[0], D_H, size[1], D_W)
    return apart.transpose(0, 3, 5, 1, 2, 4).reshape(-1, A.shape[1], *size)


def _join(out: np.ndarray, p: Convolution, Y: np.ndarray) -> None:
    """Write the outputs of interleaved images to their places in Y."""
    D_H, D_W = p.dilation
    apart = out.reshape(len(Y), D_H, D_W, *out.shape[1:])
    for a, b in np.ndindex(D_H, D_W):
        place = Y[:, :, a::D_H, b::D_W]
        place[...] = apart[:, a, b, :, : place.shape[2], : place.shape[3]]
