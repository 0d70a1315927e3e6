"""Writes window.gif beside this file, the moving picture at the top of the README: python docs/window.py"""

from pathlib import Path

import numpy as np

from convnotes import draw, naive, style

PICTURE = Path(__file__).with_name("window.gif")


def window(path: Path) -> draw.animation.Animation:
    """A 3 x 3 window of ones, with stride 2 and padding 1, on its way over 6 x 7 numbers, which it sums."""
    X = np.random.default_rng(3).integers(0, 10, (6, 7))
    options = {"stride": 2, "padding": 1}
    Y = naive.conv2d(X[None, None], np.ones((1, 1, 3, 3)), **options)[0, 0]
    return draw.animate(X.shape, 3, **options, X=X, Y=Y, path=path, seconds=0.9)


if __name__ == "__main__":
    style.use()
    window(PICTURE)
