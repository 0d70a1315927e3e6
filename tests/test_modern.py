"""The layers of other networks: every kind that they stand for, where each is from, and how they are told of."""

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import matplotlib.style
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from convnotes import cases
from convnotes.benchmark.commands import benchmark, parser
from convnotes.benchmark.measuring import jobs
from convnotes.benchmark.reporting import tables
from convnotes.benchmark.reporting.figures import parts, ratio, steps, workspace
from convnotes.benchmark.reporting.summary import calls, summarize
from convnotes.benchmark.storing import records
from convnotes.cases import modern
from convnotes.style import SHEET
from measurements import everything

SUITE = cases.SUITES["modern"]
ROOT = Path(__file__).parents[1]
NETWORKS = list(dict.fromkeys(case.name.split("/")[0] for case in SUITE))


def test_it_has_enough_layers_and_each_once():
    assert len(SUITE) >= 40
    both = SUITE + cases.SUITES["networks"]
    shapes = Counter((c.layer, c.input_size, c.weight_size, str(c.windows)) for c in both)
    assert set(shapes.values()) == {1}


@pytest.mark.parametrize("network", NETWORKS)
def test_the_source_of_every_network_is_named(network):
    """Its authors, its title in quotes, its year in parentheses, and the size of its images."""
    (source,) = re.findall(rf"^{network}: (.*?)(?=^\w+: |\Z)", modern.__doc__, re.DOTALL | re.MULTILINE)
    assert re.match(r'[A-Z][^"]+, "[^"]{15,}" \(20\d\d\)', source)
    assert re.search(r"\d+ x \d+", source)


def test_the_readme_counts_its_networks():
    assert len(NETWORKS) == 12
    assert "[twelve other networks](convnotes/cases/modern.py)" in (ROOT / "README.md").read_text()


def test_no_source_is_of_a_network_that_is_not_there():
    named = re.findall(r"^(\w+): ", modern.__doc__, re.MULTILINE)
    assert named == NETWORKS


def is_depthwise(case):
    return case.options.get("groups", 1) == case.input_size[1]


# Of each kind, the networks that have a layer of it.
KINDS = {
    "1 x 7 and 7 x 1": (("inception_v3",), lambda c, p: p.kernel in {(1, 7), (7, 1)}),
    "1 x 3 and 3 x 1": (("inception_v3",), lambda c, p: p.kernel in {(1, 3), (3, 1)}),
    "5 x 5": (("inception_v3", "srcnn"), lambda c, p: p.kernel == (5, 5) and not is_depthwise(c)),
    "3 x 3 with stride 2 and no padding": (
        ("inception_v3",),
        lambda c, p: (p.kernel, p.stride, p.padding) == ((3, 3), (2, 2), ((0, 0), (0, 0))),
    ),
    "bottleneck": (("densenet121",), lambda c, p: p.kernel == (1, 1) and c.weight_size[0] == 128),
    "128 to 32 channels": (("densenet121",), lambda c, p: c.weight_size == (32, 128, 3, 3)),
    "32 groups": (("resnext50",), lambda c, p: p.kernel == (3, 3) and c.options["groups"] == 32),
    "grouped 1 x 1": (("shufflenet_v1",), lambda c, p: p.kernel == (1, 1) and c.options["groups"] == 3),
    "depthwise 5 x 5": (
        ("efficientnet_b0", "mnasnet"),
        lambda c, p: is_depthwise(c) and (p.kernel, p.stride) == ((5, 5), (1, 1)),
    ),
    "depthwise 5 x 5 with stride 2": (
        ("efficientnet_b0", "mnasnet"),
        lambda c, p: is_depthwise(c) and (p.kernel, p.stride) == ((5, 5), (2, 2)),
    ),
    "depthwise 7 x 7": (("convnext_tiny",), lambda c, p: is_depthwise(c) and p.kernel == (7, 7)),
    "patches": (
        ("convnext_tiny", "unet", "vit_b16"),
        lambda c, p: p.kernel == p.stride and p.kernel in {(2, 2), (4, 4), (16, 16)},
    ),
    "dilated": (("deeplab_v3",), lambda c, p: p.dilation[0] in {2, 4, 6, 12, 18}),
    "3 x 3 without padding": (
        ("inception_v3", "unet"),
        lambda c, p: (p.kernel, p.stride, p.padding) == ((3, 3), (1, 1), ((0, 0), (0, 0))),
    ),
    "transposed": (("unet", "fcn8s"), lambda c, p: c.layer == "conv_transpose2d"),
    "9 x 9 on few channels": (("srcnn",), lambda c, p: p.kernel == (9, 9) and c.input_size[1] == 1),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_there(kind):
    networks, is_one = KINDS[kind]
    assert {case.name.split("/")[0] for case in SUITE if is_one(case, case.windows)} == set(networks)


def test_both_of_a_kind_are_there():
    windows = [case.windows for case in SUITE]
    assert {(1, 7), (7, 1), (1, 3), (3, 1)} <= {p.kernel for p in windows}
    assert {2, 4, 6, 12, 18} <= {p.dilation[0] for p in windows}
    transposed = {(p.kernel[0], p.stride[0]) for case, p in zip(SUITE, windows) if case.layer == "conv_transpose2d"}
    assert transposed == {(2, 2), (4, 2), (16, 8)}


@pytest.mark.parametrize(
    ("pattern", "sides"),
    [
        ("inception_v3/*", [149, 71, 35, 17, 17, 17, 17, 17, 8, 8]),
        ("densenet121/*", [56, 56, 28, 28, 14, 14]),
        ("resnext50/*", [56, 28, 14, 7]),
        ("shufflenet_v1/*", [28, 28, 14, 7]),
        ("efficientnet_b0/*", [28, 28, 7, 7, 1]),
        ("mnasnet/*", [28, 28, 7]),
        ("convnext_tiny/*", [56, 56, 28, 28, 14, 7, 7]),
        ("vit_b16/*", [14]),
        ("deeplab_v3/*", [33] * 5),
        ("unet/*", [30, 56, 200, 388]),
        ("fcn8s/*", [34, 70, 568]),
        ("srcnn/*", [25, 25, 21, 21, 256]),
    ],
)
def test_outputs_have_the_sizes_that_are_published(pattern, sides):
    assert [case.output_size[2:] for case in cases.select(pattern)] == [(side, side) for side in sides]


def chosen(*arguments):
    found = jobs.choose(benchmark.options(parser().parse_args(["benchmark", "--rounds", "1", *arguments])))
    return [job for job in found if not job.is_machine]


def test_it_is_measured_by_default_for_one_image_and_for_eight():
    found = [job for job in chosen() if job.case.suite == "modern"]
    assert {job.case.input_size[0] for job in found} == {1, 8}
    assert {job.case.input_size[0] for job in chosen("--suite", "modern", "--batch", "3")} == {3}
    assert [job.problem for job in chosen("--suite", "modern")] == [job.problem for job in found]
    assert any(job.case.suite == "modern" for job in chosen("--quick"))


def test_all_three_operations_are_measured_of_every_layer():
    found = Counter((job.case.name, job.case.input_size[0]) for job in chosen("--suite", "modern"))
    assert set(found.values()) == {3}
    operations = {job.operation for job in chosen("--cases", "unet/up*,fcn8s/*")}
    assert operations == {f"conv_transpose2d{part}" for part in ("", "_grad_input", "_grad_weight")}


@pytest.fixture(scope="module")
def summary():
    """Made-up measurements of the suite, and of a whole network beside it."""
    found = everything(("matmul", "fast", "torch"), 1, [*SUITE, *cases.select("lenet5/*")])
    return summarize(pd.DataFrame(found, columns=list(records.COLUMNS)))


def test_its_geometric_means_stand_by_pass_and_batch(summary):
    table = tables.overview(calls(summary)).set_index("suite or network").loc["modern"]
    assert list(zip(table["pass"], table["batch"])) == [
        (one, batch) for batch in ("1", "8") for one in ("forward", "input gradient", "parameter gradient")
    ]
    assert set(table["problems"]) == {str(len(SUITE))}
    assert all(table["fast / torch"])


def labels(figure):
    FigureCanvasAgg(figure).draw()
    return figure.axes[0].get_yticklabels()


def test_its_figure_has_a_row_for_each_layer_by_its_whole_name(summary):
    with matplotlib.style.context(SHEET, after_reset=True):
        found = labels(ratio.draw(summary, "modern"))
        assert [label.get_text() for label in found] == [case.name for case in SUITE]
        boxes = [label.get_window_extent() for label in found]
        assert all(box.x0 > 0 for box in boxes)
        assert all(above.y0 > below.y1 for above, below in pairwise(boxes))
        assert labels(ratio.draw(summary, "lenet5"))[0].get_text() == "conv1"
        assert ratio.draw(summary) is None


@pytest.mark.parametrize("figure", [steps, workspace])
def test_what_its_forward_convolutions_are_made_of_has_a_figure_too(figure, summary):
    with matplotlib.style.context(SHEET, after_reset=True):
        convolutions = [case.name for case in SUITE if case.layer == "conv2d"]
        assert [label.get_text() for label in labels(figure.draw(summary, "modern"))] == convolutions
        assert {label.get_text() for label in labels(figure.draw(summary))} == {"lenet5/conv1", "lenet5/conv2"}
        alone = summary[summary["suite"] == "modern"]
        assert figure.draw(alone) is None
        assert [ax.get_title() for ax in figure.draw(alone, "modern").axes] == ["batch 1", "batch 8"]


def test_no_name_is_too_long_for_a_figure():
    assert max(len(case.name) for case in SUITE) <= parts.LONGEST
