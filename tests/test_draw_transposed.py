"""The pictures of the transposed convolution agree with the layer itself."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from convnotes import draw, naive, style


@pytest.fixture(autouse=True)
def house_style():
    plt.switch_backend("Agg")
    with plt.style.context("default"):
        style.use()
        yield
    plt.close("all")


def texts(fig) -> list[str]:
    return [text.get_text() for text in fig.axes[0].texts]


def hatched(fig) -> list:
    return [patch for patch in fig.axes[0].patches if patch.get_hatch()]


def test_stamps_write_every_product_and_the_sums():
    fig = draw.stamps([2, 1, 3], [1, 2, 4], stride=2)
    numbers = [text for text in texts(fig) if text not in ("K", "times K", "sum", "X", "Y")]
    assert numbers == [*"124", *"2248", *"1124", *("3", "3", "6", "12"), *"2", *"492", *("7", "6", "12")]
    assert not hatched(fig)
    assert fig.get_size_inches()[0] == 6.4


@pytest.mark.parametrize(("stride", "dilation", "rest"), [(1, 1, 0), (3, 1, 2), (2, 3, 1)])
def test_the_sums_are_the_layers_and_what_no_stamp_meets_is_hatched(stride, dilation, rest):
    X, K = np.array([2.0, 1, 3]), np.array([1.0, 5])
    fig = draw.stamps(X, K, stride, dilation, rest)
    options = {"stride": (1, stride), "dilation": (1, dilation), "output_padding": (0, rest)}
    Y = naive.conv_transpose2d(X.reshape(1, 1, 1, 3), K.reshape(1, 1, 1, 2), **options).ravel()
    assert texts(fig)[-4 - len(Y) : -4] == [f"{value:g}" for value in Y]
    # Every number here is positive: where a stamp arrived, the sum is not 0.
    start = hatched(fig)[0].get_x() - np.flatnonzero(Y == 0)[0] if hatched(fig) else None
    assert [patch.get_x() - start for patch in hatched(fig)] == list(np.flatnonzero(Y == 0))


def frames(fig) -> list:
    return [patch for patch in fig.axes[0].patches if patch.get_linewidth() == 2.5]


def test_the_input_is_spread_padded_and_numbered():
    fig = draw.transposed((2, 3), 3, stride=2)
    numbers = [text for text in texts(fig) if text.isdigit()]
    assert [text for text in numbers if text != "0"] == [*"123456"]
    assert len(numbers) == (1 * 2 + 1 + 4) * (2 * 2 + 1 + 4)
    assert {"X  2 x 3", "spread 3 x 5, padded 7 x 9"} <= set(texts(fig))
    assert "Y  5 x 7" in texts(fig)
    assert not hatched(fig)
    assert fig.get_size_inches()[0] == 6.4


def test_padding_above_the_kernels_reach_crops_entries_which_are_hatched():
    fig = draw.transposed((4, 5), 2, stride=1, padding=2)
    assert {"cropped 2 x 3", "Y  1 x 2"} <= set(texts(fig))
    assert len(hatched(fig)) == 4 * 5 - 2 * 3


@pytest.mark.parametrize("at", [(0, 0), (4, 6), (2, 3)])
def test_the_window_stands_where_its_result_says(at):
    fig = draw.transposed((2, 3), (3, 2), stride=2, dilation=(1, 2), padding=(0, 0), at=at)
    window, result = frames(fig)
    assert (window.get_width(), window.get_height()) == (3, 3)
    outputs = min(patch.get_x() for patch in fig.axes[0].patches if patch.get_x() > 9)
    assert (window.get_x(), result.get_x() - outputs) == pytest.approx((at[1], at[1]))
    assert window.get_edgecolor() != result.get_edgecolor()


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="at must be a position"):
        draw.transposed((2, 2), 3, at=(4, 0))
    with pytest.raises(ValueError, match="output_padding must be below"):
        draw.transposed((2, 2), 3, stride=2, output_padding=2)
    with pytest.raises(ValueError, match="padding must leave an output"):
        draw.transposed((2, 2), 1, padding=1)
