"""What the picture of a matrix says: equal entries look equal, zeros are pale, frames stand where asked."""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from convnotes import draw, matmul, style


@pytest.fixture(autouse=True)
def house_style():
    plt.switch_backend("Agg")
    with plt.style.context("default"):
        style.use()
        yield
    plt.close("all")


def squares(fig) -> list:
    """The entries, without the outlines of the matrices and the frames."""
    return [patch for patch in fig.axes[0].patches if patch.get_linewidth() == 0.5]


def texts(fig) -> list[str]:
    return [text.get_text() for text in fig.axes[0].texts]


def brightness(color) -> float:
    return float(np.dot(to_rgb(color), (0.299, 0.587, 0.114)))


def drawn(fig) -> dict:
    """The face of every entry that is not 0, by its place."""
    return {s.get_xy(): s.get_facecolor() for s in squares(fig) if s.get_facecolor()[3] > 0}


def toeplitz(weights=(1.0, 2, 3)):
    return matmul.toeplitz(np.reshape(weights, (1, 1, 1, -1)), (1, 1, 1, 5))


def test_every_entry_is_drawn_and_zeros_have_neither_colour_nor_text():
    T = toeplitz()
    fig = draw.matrices([T], ["T"])
    assert len(squares(fig)) == T.size
    assert len(drawn(fig)) == np.count_nonzero(T)
    assert texts(fig) == ["1", "2", "3"] * 3 + ["T  3 x 5"]
    assert fig.get_size_inches()[0] == 6.4


def test_equal_values_look_alike_in_all_matrices_and_others_differ_in_grey_too():
    T = toeplitz()
    fig = draw.matrices([T, T.T], ["T", "T^T"])
    entries = drawn(fig)
    of_value = {}
    for text in fig.axes[0].texts:
        if text.get_text() in "123":
            x, y = text.get_position()
            of_value.setdefault(text.get_text(), []).append(entries[x - 0.5, y - 0.5])
    assert {value: len(set(colors)) for value, colors in of_value.items()} == {"1": 1, "2": 1, "3": 1}
    assert [len(of_value[value]) for value in "123"] == [6, 6, 6]
    greys = [brightness(of_value[value][0]) for value in "123"]
    assert greys[1] - greys[0] > 0.1
    assert greys[2] - greys[1] > 0.1


def test_numbers_can_be_read_on_their_ground():
    fig = draw.matrices([np.arange(1.0, 17).reshape(4, 4) - 8.5], ["M"])
    entries = drawn(fig)
    for text in fig.axes[0].texts[:-1]:
        x, y = text.get_position()
        assert abs(brightness(text.get_color()) - brightness(entries[x - 0.5, y - 0.5])) > 0.4


def test_the_entries_stand_where_the_matrix_has_them():
    entries = drawn(draw.matrices([[[0, 5, 0], [0, 0, 7]]], ["M"]))
    (left, top), (right, bottom) = sorted(entries)
    assert (left, right) == (1, 2)
    assert bottom - top == pytest.approx(1)


def test_names_are_written_instead_of_values():
    fig = draw.matrices([toeplitz()], ["T"], names={1.0: "a", 3.0: "c"})
    assert texts(fig)[:3] == ["a", "2", "c"]


def test_rows_and_columns_are_framed_in_their_own_matrix():
    T = toeplitz()
    fig = draw.matrices([T, T.T, T], ["T", "T^T", "T"], frames=[("row", 1), ("column", 2), None])
    frames = [p for p in fig.axes[0].patches if p.get_linewidth() == 2.5]
    assert [(f.get_width(), f.get_height()) for f in frames] == [(5, 1), (1, 5)]
    outlines = [p for p in fig.axes[0].patches if p.get_linewidth() == 1]
    assert frames[0].get_y() == outlines[0].get_y() + 1
    assert frames[1].get_x() == outlines[1].get_x() + 2
    assert {f.get_edgecolor() for f in frames} != {o.get_edgecolor() for o in outlines}


@pytest.mark.parametrize("size", [1, 4, 16])
def test_texts_fit_into_their_squares_and_titles_on_the_figure(size):
    M = np.round(np.random.default_rng(0).standard_normal((size, size)), 2)
    fig = draw.matrices([M, M], ["first", "second"])
    fig.canvas.draw()
    ax = fig.axes[0]
    side = ax.transData.transform((1, 0))[0] - ax.transData.transform((0, 0))[0]
    *numbers, _ = (text for text in ax.texts)
    for text in numbers:
        box = text.get_window_extent()
        if " x " in text.get_text():
            assert box.x0 >= 0
            assert box.x1 <= fig.bbox.width
            assert box.y1 <= fig.bbox.height
        else:
            assert box.width <= side


def test_titles_do_not_meet_above_narrow_matrices():
    fig = draw.matrices([np.ones((4, 1))] * 3, ["transposed"] * 3)
    fig.canvas.draw()
    boxes = [text.get_window_extent() for text in fig.axes[0].texts if " x " in text.get_text()]
    assert all(a.x1 < b.x0 for a, b in pairwise(boxes))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (([], []), r"pictured must hold matrices of two axes, got shapes \[\]"),
        (([np.ones(3)], ["a"]), r"pictured must hold matrices of two axes, got shapes \[\(3,\)\]"),
        (([np.ones((2, 2))], []), "titles must be one for each of the 1 matrices, got 0"),
        (([np.ones((2, 2))], ["a"], None, []), "frames must be one for each of the 1 matrices, got 0"),
        (([np.ones((2, 2))], ["a"], None, [("row", 2)]), r"frames must name .*, got \('row', 2\)"),
        (([np.ones((2, 2))], ["a"], None, [("line", 0)]), r"frames must name .*, got \('line', 0\)"),
    ],
)
def test_what_cannot_be_drawn_is_refused(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        draw.matrices(*arguments)
