"""Windows on padded grids: where frames stand, what is hatched, what moves, what is written, and what is refused."""

import subprocess
import sys
from io import BytesIO

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patches import Rectangle
from PIL import Image

from convnotes import draw, style
from convnotes.draw.sliders import panel


@pytest.fixture(autouse=True)
def house_style():
    plt.switch_backend("Agg")
    with plt.style.context("default"):
        style.use()
        yield
    plt.close("all")


def squares(fig) -> list[Rectangle]:
    return [patch for patch in fig.axes[0].patches if isinstance(patch, Rectangle)]


def frames(fig) -> list[tuple]:
    """The frames' x, y, width, height and line."""
    found = [square for square in squares(fig) if square.get_linewidth() == 2.5]
    return [(f.get_x(), f.get_y(), f.get_width(), f.get_height(), f.get_linestyle()) for f in found]


def texts(fig) -> list[str]:
    return [text.get_text() for text in fig.axes[0].texts]


def hatched(fig) -> set[tuple]:
    return {(square.get_y(), square.get_x()) for square in squares(fig) if square.get_hatch()}


def test_a_window_and_its_result_are_framed():
    fig = draw.walk((6, 7), (3, 2), stride=(2, 3), padding=((1, 0), (0, 2)), at=(2, 1))
    window, result = frames(fig)
    assert fig.get_size_inches()[0] == 6.4
    assert window == (3, 4, 2, 3, "-")
    assert result[2:] == (1, 1, "-")
    assert "X  6 x 7, padded 7 x 9" in texts(fig)
    assert "Y  3 x 3" in texts(fig)


def test_by_default_the_first_window_and_the_last_with_lines_of_their_own():
    first, its_result, last, last_result = frames(draw.walk((5, 7), 3, stride=2, padding=1))
    assert first == (0, 0, 3, 3, "-")
    assert last == (6, 4, 3, 3, "--")
    assert (its_result[4], last_result[4]) == ("-", "--")
    assert (last_result[0] - its_result[0], last_result[1] - its_result[1]) == (3, 2)
    assert len(frames(draw.walk((3, 4), (3, 4)))) == 2, "one window is both"


def test_a_dilated_window_fills_what_it_reads_and_frames_what_it_spans():
    fig = draw.walk((7, 9), (2, 3), dilation=(3, 2), at=(1, 2))
    filled = {(s.get_y(), s.get_x()) for s in squares(fig) if s.get_facecolor()[3] == 0.22}
    assert {(1 + 3 * i, 2 + 2 * j) for i in range(2) for j in range(3)} <= filled
    assert len(filled) == 6 + 1
    assert frames(fig)[0][:4] == (2, 1, 5, 4)


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding", "dilation"),
    [
        ((6, 6), 3, (2, 3), (1, 0), 1),
        ((6, 7), (3, 2), (2, 3), ((1, 0), (0, 2)), 1),
        ((7, 7), 3, 2, 1, 2),
        ((5, 6), (4, 3), 1, "same", 1),
        ((1, 9), (1, 3), (1, 4), 0, (1, 1)),
    ],
)
def test_what_no_window_reads_is_hatched(size, kernel, stride, padding, dilation):
    """Found by marking what windows read on an array, without convnotes' own windows."""
    K, S, D = ((v, v) if isinstance(v, int) else v for v in (kernel, stride, dilation))
    if padding == "same":
        padding = tuple(((k - 1) // 2, k // 2) for k in K)
    P = padding if np.ndim(padding) == 2 else tuple((v, v) for v in np.broadcast_to(padding, 2))
    padded = np.array(size) + np.sum(P, axis=1)
    read = np.zeros(padded, bool)
    for y in range(0, padded[0] - D[0] * (K[0] - 1), S[0]):
        for x in range(0, padded[1] - D[1] * (K[1] - 1), S[1]):
            read[y : y + D[0] * (K[0] - 1) + 1 : D[0], x : x + D[1] * (K[1] - 1) + 1 : D[1]] = True
    fig = draw.walk(size, kernel, stride, padding, dilation)
    assert hatched(fig) == {(y, x) for y, x in np.argwhere(~read)}


def test_padding_holds_zeros_and_looks_unlike_the_input():
    fig = draw.walk((2, 3), 3, padding=1)
    assert texts(fig).count("0") == 4 * 5 - 2 * 3
    cells = {(s.get_y(), s.get_x()): s.get_facecolor() for s in squares(fig)[: 4 * 5]}
    inside = {cells[y, x] for y in (1, 2) for x in (1, 2, 3)}
    around = {face for place, face in cells.items() if not (1 <= place[0] <= 2 and 1 <= place[1] <= 3)}
    assert len(inside) == len(around) == 1
    assert inside != around


def test_numbers_of_input_and_output_are_written():
    X, Y = [[1.5, 2, 3], [4, 5, 6]], [[12.25, 7]]
    written = texts(draw.walk((2, 3), 2, X=X, Y=Y))
    assert written[:6] == ["1.5", "2", "3", "4", "5", "6"]
    assert written[-2:] == ["12.25", "7"]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"size": (5,)}, r"^size must be an integer or a pair"),
        (
            {"kernel_size": 9},
            r"^kernel_size must not be larger than the padded input, got .* \(9, 9\)",
        ),
        ({"stride": 0}, r"^stride must be at least 1 along both axes, got 0$"),
        ({"stride": 2, "padding": "same"}, r"^padding must not be 'same' unless stride is 1"),
        ({"at": (3, 0)}, r"^at must be positions \(y, x\) with y below 3 and x below 4, got \(3, 0\)$"),
        ({"at": [(0, 0), (0, -1)]}, r"^at must be positions"),
        ({"at": [(0, 0)] * 5}, r"^at must be one to 4 positions \(y, x\), got 5$"),
        ({"X": np.ones((5, 5))}, r"^X must have the shape \(5, 6\), got \(5, 5\)$"),
        ({"Y": np.ones((3, 3))}, r"^Y must have the shape \(3, 4\), got \(3, 3\)$"),
    ],
)
def test_what_cannot_be_drawn_is_refused(changed, sentence):
    with pytest.raises(ValueError, match=sentence):
        draw.walk(**{"size": (5, 6), "kernel_size": 3} | changed)


def test_an_animation_has_a_frame_for_each_window():
    animation = draw.animate((4, 5), (3, 2), stride=(1, 2), padding=1)
    assert repr(animation) == "Animation of 12 frames"
    assert len({frame.tobytes() for frame in animation.frames}) == 12
    assert {frame.size[0] for frame in animation.frames} == {640}
    assert not plt.get_fignums(), "nothing is left for plt.show()"


def test_an_animation_moves_its_window_and_leaves_nothing_behind():
    blue = []
    for frame in draw.animate((4, 5), 2, stride=(2, 1)).frames:
        red, _, blues = np.asarray(frame.convert("RGB"), int).transpose(2, 0, 1)
        blue.append(np.sum(blues > red + 20))
    assert len(blue) == 8
    assert max(blue) < 1.02 * min(blue)


def test_an_animation_writes_each_result_with_its_window():
    """Between two frames, pixels of the output change where the results of the two stand, and nowhere behind them."""
    with_numbers = draw.animate((3, 5), 3, Y=[[7, 7, 7]]).frames
    without = draw.animate((3, 5), 3).frames
    grey = [[np.asarray(frame.convert("L"), int) for frame in animated] for animated in (with_numbers, without)]
    differ = [np.abs(a - b) > 60 for a, b in zip(*grey)]
    ends = [np.flatnonzero(pixels.any(axis=0))[-1] for pixels in differ]
    assert ends == sorted(set(ends))


def test_an_animation_shows_itself_as_a_small_moving_png_with_a_white_page():
    X, Y = np.arange(35).reshape(5, 7) % 10, np.arange(12).reshape(3, 4)
    data = draw.animate((5, 7), 3, stride=2, padding=1, X=X, Y=Y, seconds=0.5)._repr_png_()
    assert len(data) < 60_000
    with Image.open(BytesIO(data)) as image:
        assert image.format == "PNG"
        assert image.n_frames == 12
        assert image.info["duration"] == 500
        for k in range(image.n_frames):
            image.seek(k)
            assert image.convert("RGB").getpixel((1, 1)) == (255, 255, 255)


@pytest.mark.parametrize(("name", "form"), [("walk.gif", "GIF"), ("walk.PNG", "PNG")])
def test_an_animation_is_written_by_one_call(tmp_path, name, form):
    (tmp_path / name).write_text("before")
    draw.animate((4, 4), 3, path=tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name], "nothing else is left behind"
    with Image.open(tmp_path / name) as image:
        assert (image.format, image.n_frames) == (form, 4)


@pytest.mark.parametrize("step", ["pathlib.Path.write_bytes", "os.replace"])
def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch, step):
    animation, path = draw.animate((4, 4), 3), tmp_path / "walk.gif"
    path.write_text("before")

    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr(step, full)
    with pytest.raises(OSError, match="no space left"):
        animation.save(path)
    assert path.read_text() == "before"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_path_that_cannot_be_is_refused_before_anything_is_drawn(tmp_path):
    (tmp_path / "folder.gif").mkdir()
    for path, sentence in [
        ("walk.mp4", "^path must end in .gif or .png, got 'walk.mp4'$"),
        (tmp_path / "missing" / "walk.gif", "^path must lie in a folder that exists, got '.*walk.gif'$"),
        (tmp_path / "folder.gif", "^path must be a file, got the folder '.*folder.gif'$"),
    ]:
        with pytest.raises(ValueError, match=sentence):
            draw.animate((400, 400), 3, path=path)
    with pytest.raises(ValueError, match=r"^seconds must be above 0, got 0$"):
        draw.animate((4, 4), 3, seconds=0)


def picture(kernel=3, stride=2, padding=1):
    return draw.walk((4, 5), kernel, stride, padding)


def test_without_a_reader_sliders_are_the_picture_alone():
    draw.sliders(picture, kernel=range(1, 6), padding=[0, 1, "same"])
    (number,) = plt.get_fignums()
    assert "Y  2 x 3" in texts(plt.figure(number))
    assert draw.sliders(picture, stride=range(1, 4)) is None


def test_sliders_start_at_the_defaults_and_redraw():
    widget = panel(picture, {"kernel": 3, "stride": 2}, {"kernel": range(1, 9), "stride": [1, 2]}, b"start")
    kernel, stride, sentence, image = widget.children
    assert (kernel.value, stride.value, image.value) == (3, 2, b"start")
    stride.value = 1
    with Image.open(BytesIO(image.value)) as first:
        assert first.size[0] == 640
    shown = image.value
    kernel.value = 8
    assert sentence.value.startswith("kernel_size must not be larger than the padded input")
    assert image.layout.display == "none"
    kernel.value = 3
    assert (sentence.value, image.layout.display, image.value) == ("", None, shown)
    assert not plt.get_fignums(), "nothing is left for plt.show()"


def test_with_a_reader_a_panel_is_shown_and_the_picture_stored(monkeypatch):
    shown = []
    monkeypatch.setattr(sys.modules["convnotes.draw.sliders"], "attended", lambda: True)
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    draw.sliders(picture, kernel=range(1, 6))
    (data,) = shown
    assert set(data) == {"application/vnd.jupyter.widget-view+json", "image/png", "text/plain"}
    assert data["image/png"].startswith(b"\x89PNG")
    assert data["text/plain"].startswith("<Figure size 640x"), "as plt.show() writes it"
    assert not plt.get_fignums()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"colour": [1]}, "^colour must be a parameter of picture, which has kernel, stride, padding$"),
        ({"kernel": []}, r"^kernel must have values for its slider, got \[\]$"),
        ({"kernel": range(4, 6)}, r"^kernel must start at one of its slider's values range\(4, 6\), got 3$"),
    ],
)
def test_sliders_that_cannot_be_are_refused(values, sentence):
    with pytest.raises(ValueError, match=sentence):
        draw.sliders(picture, **values)


def test_widgets_are_loaded_for_sliders_alone():
    line = "import sys; from convnotes import draw; print('ipywidgets' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True).stdout == "False\n"
