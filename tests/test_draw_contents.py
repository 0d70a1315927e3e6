"""The sheet of small pictures: one for each notebook, under its title, and each says what its notebook says."""

from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest

from convnotes import draw, naive, style, windows
from convnotes.draw import cells
from convnotes.draw.contents import PICTURES

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


@pytest.fixture(autouse=True)
def house_style():
    plt.switch_backend("Agg")
    with plt.style.context("default"):
        style.use()
        yield
    plt.close("all")


def picture(name: str):
    """The axes of the picture whose title starts with these two digits."""
    return next(ax for ax in draw.contents().axes if ax.get_title().startswith(name))


def texts(ax) -> list[str]:
    return [text.get_text() for text in ax.texts if text.get_text()]


def frames(ax) -> list:
    """The frames' x, y, width, height and line, in the order in which they were drawn."""
    found = [patch for patch in ax.patches if patch.get_linewidth() == 2.5]
    return [(*f.get_xy(), f.get_width(), f.get_height(), f.get_linestyle()) for f in found]


def filled(ax, color: str) -> list:
    """The corners of the squares that are filled with a colour, from left to right, row by row."""
    wanted = plt.matplotlib.colors.to_rgb(color)
    found = [p.get_xy() for p in ax.patches if p.get_facecolor()[:3] == wanted and p.get_facecolor()[3] > 0]
    return sorted(found, key=lambda corner: corner[::-1])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_every_notebook_has_a_picture_under_its_title(path):
    title = nbformat.read(path, as_version=4).cells[0].source.splitlines()[0]
    assert title.removeprefix("# ") in [name.replace("\n", " ") for name in PICTURES]


def test_the_sheet_has_the_houses_width_and_every_picture_in_order():
    fig = draw.contents()
    assert fig.get_size_inches()[0] == 6.4
    assert [ax.get_title() for ax in fig.axes] == list(PICTURES)
    assert [int(name[:2]) for name in PICTURES] == list(range(13))


def test_nothing_sticks_out_and_no_picture_meets_another():
    fig = draw.contents()
    fig.draw_without_rendering()
    boxes = [ax.get_tightbbox() for ax in fig.axes]
    for k, box in enumerate(boxes):
        assert 0 <= box.x0 < box.x1 <= fig.bbox.width, list(PICTURES)[k]
        assert 0 <= box.y0 < box.y1 <= fig.bbox.height, list(PICTURES)[k]
        assert not any(box.overlaps(other) for other in boxes[:k]), list(PICTURES)[k]


def test_cells_and_numbers_stand_on_the_page():
    for ax in draw.contents().axes:
        for patch in ax.patches:
            (x, y), width, height = patch.get_xy(), patch.get_width(), patch.get_height()
            assert -0.1 <= x < x + width <= 8.1, ax.get_title()
            assert -0.1 <= y < y + height <= 5.1, ax.get_title()
        for line in ax.lines:
            assert 0 <= line.get_xdata()[0] <= 8, ax.get_title()
            assert 0 <= line.get_ydata()[0] <= 5, ax.get_title()


def test_a_window_has_its_result():
    (x, y, *_), (left, top, *_) = frames(picture("01"))
    assert (left - 5, top - 1) == (x, y - 0.5)
    assert len(filled(picture("01"), cells.COVERED)) == 4


def test_padding_is_hatched_and_a_dilated_window_has_gaps():
    ax = picture("02")
    hatched = {patch.get_xy() for patch in ax.patches if patch.get_hatch()}
    assert hatched == {(0.5 + w, h) for h in range(5) for w in range(7) if h in (0, 4) or w in (0, 6)}
    assert filled(ax, cells.COVERED) == [(0.5 + w, h) for h in (0, 2) for w in (0, 2, 4)]


def test_a_gradient_goes_back_to_the_whole_window():
    ax = picture("03")
    (result,) = frames(ax)
    assert [text.xy[0] - 0.5 for text in ax.texts] == [x for x, _ in filled(ax, cells.COVERED)]
    assert [x - result[0] for x, _ in filled(ax, cells.COVERED)] == [-1, 0, 1]


def test_stamps_cover_the_output_as_often_as_the_layer_counts():
    stamped = filled(picture("04"), cells.COVERED)
    counts = naive.conv_transpose2d(np.ones((1, 1, 2, 2)), np.ones((1, 1, 3, 3)), stride=2)[0, 0]
    assert [[stamped.count((3 + x, y)) for x in range(5)] for y in range(5)] == counts.tolist()


def test_a_bias_is_the_same_at_every_place_of_its_channel():
    assert texts(picture("05")) == ["+2"] * 4 + ["-1"] * 4 + ["+5"] * 4


def test_the_matrix_has_the_weights_once_in_every_row():
    ax = picture("06")
    assert "".join(texts(ax)) == "abc" * 4
    assert filled(ax, cells.COVERED) == [(1 + y + j, 0.5 + y) for y in range(4) for j in range(3)]


def test_the_pool_is_that_of_the_layer():
    ax = picture("07")
    grid = {(text.get_position()[1] - 1, text.get_position()[0] - 0.5): int(text.get_text()) for text in ax.texts}
    X = np.array([[grid[i, j] for j in range(4)] for i in range(4)])
    Y = naive.max_pool2d(X[None, None], 2)[0, 0]
    assert [grid[1 + y, 5.5 + x] for y in range(2) for x in range(2)] == Y.ravel().tolist()
    marked = [X[int(y - 0.5), int(x)] for x, y in filled(ax, cells.RESULT) if x < 4]
    assert sorted(marked) == sorted(Y.ravel())


def test_two_channels_on_either_side_and_one_place():
    ax = picture("08")
    (channel,) = frames(ax)
    neighbours = filled(ax, cells.COVERED)
    assert {y for _, y in neighbours} == {channel[1]}
    assert [round((x - channel[0]) / 1.15) for x, _ in neighbours] == [-2, -1, 0, 1, 2]


def test_tiles_overlap_and_their_results_do_not():
    ax = picture("09")
    (first, _, width, _, solid), (second, _, _, _, dashed) = frames(ax)
    assert first < second < first + width
    assert solid != dashed
    results = filled(ax, cells.RESULT) + filled(ax, cells.COVERED)
    assert sorted(set(results)) == [(left, top) for left in (2, 3, 4, 5) for top in (1.5, 2.5)], "side by side"
    assert texts(ax) == ["1"] * 4 + ["2"] * 4


def test_the_curves_say_what_their_notebooks_say():
    early, late = (line.get_ydata() for line in picture("10").child_axes[0].lines)
    assert early[0] < late[0]
    assert early[-1] > late[-1]
    (loss,) = picture("11").child_axes[0].lines
    assert np.all(np.diff(loss.get_ydata()) < 0)


def test_pixels_and_weights_that_meet_have_the_same_letter():
    """Both are numbered modulo the stride."""
    ax = picture("12")
    letters = {(t.get_position()[1] - 0.5, t.get_position()[0] - 0.5): t.get_text() for t in ax.texts}
    pixels = [[letters[0.5 + i, j] for j in range(4)] for i in range(4)]
    weights = [[letters[1 + i, 5 + j] for j in range(3)] for i in range(3)]
    assert len(letters) == 16 + 9
    p = windows.sliding((1, 1, 4, 4), 3, 2, ((0, 1), (0, 1)))
    for y, x in np.ndindex(p.count):
        for h, w in p.entries(y, x):
            assert pixels[h][w] == weights[h - 2 * y][w - 2 * x]
    assert len({pixel for row in pixels for pixel in row}) == 4


def test_the_four_implementations_have_their_marks():
    lines = picture("00").lines
    assert [(line.get_color(), line.get_marker()) for line in lines] == [
        (mark["color"], mark["marker"]) for mark in style.marks().values()
    ]
    assert texts(picture("00")) == ["="] * 3
