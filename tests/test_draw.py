"""Pictures are looked at by eye; what they say in numbers, frames and hatching is tested."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from convnotes import draw, naive, style


@pytest.fixture(autouse=True)
def house_style():
    plt.switch_backend("Agg")
    with plt.style.context("default"):
        style.use()
        yield
    plt.close("all")


def squares(fig) -> list[Rectangle]:
    return [patch for patch in fig.axes[0].patches if isinstance(patch, Rectangle)]


def texts(fig) -> list[str]:
    return [text.get_text() for text in fig.axes[0].texts]


def test_every_figure_has_the_houses_width():
    X, K = np.ones((3, 4)), np.ones((2, 2))
    for fig in (draw.slide([1, 2, 3], [1, 2]), draw.correlation(X, K, K, at=(0, 0)), draw.images([X, K], ["a", "b"])):
        assert fig.get_size_inches()[0] == 6.4


def test_slide_writes_every_sum_and_hatches_the_remainder():
    fig = draw.slide([3, 1, 4, 1, 5, 9, 2, 6], [1, 0, -1], stride=2)
    assert [text for text in texts(fig) if text not in ("sum", "X", "Y")] == [
        *("3", "1", "4", "1", "5", "9", "2", "6"),
        *("1", "0", "-1", "-1"),
        *("1", "0", "-1", "-1"),
        *("1", "0", "-1", "3"),
    ]
    assert [square.get_x() for square in squares(fig) if square.get_hatch()] == [7]


def test_slide_places_a_dilated_window():
    fig = draw.slide([1, 2, 3, 4, 5], [1, 1], dilation=3)
    weights = [(square.get_x(), square.get_y()) for square in squares(fig)[5:]]
    assert [x for x, y in weights if x < 5] == [0, 3, 1, 4]


def test_correlation_frames_the_window_and_its_result():
    X, K = np.arange(20.0).reshape(4, 5), np.ones((2, 3))
    Y = naive.conv2d(X[None, None], K[None, None], stride=2)[0, 0]
    fig = draw.correlation(X, K, Y, at=(1, 1), stride=2)
    frames = [square for square in squares(fig) if square.get_linewidth() == 2.5]
    assert [(f.get_width(), f.get_height()) for f in frames] == [(3, 2), (3, 2), (1, 1)]
    assert (frames[0].get_x(), frames[0].get_y()) == (2, 2)
    assert f"{Y[1, 1]:g}" in texts(fig)
    assert frames[0].get_edgecolor() != frames[2].get_edgecolor()


def test_counts_writes_every_number_and_frames_what_is_beside_the_diagonal():
    table = [[5, 0, 2], [0, 7, 0], [0, 1, 9]]
    fig = draw.counts(table, rows="true", columns="answered")
    assert fig.get_size_inches()[0] == 6.4
    numbers = {(text.get_position(), text.get_text()) for text in fig.axes[0].texts}
    for r, row in enumerate(table):
        for c, number in enumerate(row):
            assert ((2 + c + 0.5, 2 + r + 0.5), str(number)) in numbers
    heavy = {(square.get_x() - 2, square.get_y() - 2) for square in squares(fig) if square.get_linewidth() == 2}
    assert heavy == {(2, 0), (1, 2)}
    pale = [text for text in fig.axes[0].texts if text.get_color() == "0.6"]
    assert [text.get_text() for text in pale] == ["0"] * 4
    assert {"true", "answered"} <= set(texts(fig))


def test_the_cycle_is_the_houses_colours_and_markers():
    marks = style.marks()
    assert list(marks) == ["naive", "matmul", "fast", "torch"]
    colors = [to_rgb(mark["color"]) for mark in marks.values()]
    assert colors == [to_rgb(color) for color in ("black", "#0072B2", "#009E73", "#D55E00")]
    assert [mark["marker"] for mark in marks.values()] == ["o", "s", "D", "^"]
