"""The named problems: every suite holds what its figures and tables need."""

from collections import Counter
from math import prod

import pytest

from convnotes import IMPLEMENTATIONS, OPERATIONS, cases
from convnotes.benchmark.commands import benchmark, parser
from convnotes.benchmark.measuring import jobs
from convnotes.benchmark.storing.costs import multiply_adds


def series(name):
    return [case for case in cases.SUITES["scaling"] if case.name.startswith(f"scaling/{name} ")]


@pytest.mark.parametrize(
    ("name", "axis", "values"),
    [
        ("batch", 0, [1, 4, 16, 64, 256, 1024, 4096]),
        ("channels in", 1, [1, 4, 16, 64, 256, 1024, 4096]),
        ("image", 2, [4, 8, 16, 32, 64, 128, 256, 512]),
    ],
)
def test_a_series_varies_one_quantity_of_the_input_over_a_decade_and_more(name, axis, values):
    base = [1, 4, 8, 8]
    for case, value in zip(series(name), values, strict=True):
        expected = list(base)
        expected[axis : axis + (2 if axis == 2 else 1)] = [value] * (2 if axis == 2 else 1)
        assert list(case.input_size) == expected
        assert case.name == f"scaling/{name} {value}"
        assert case.weight_size == (4, case.input_size[1], 3, 3)


def test_filters_and_kernels_vary_alone_too():
    assert [case.weight_size for case in series("channels out")] == [
        (C, 4, 3, 3) for C in (1, 4, 16, 64, 256, 1024, 4096)
    ]
    assert [case.weight_size for case in series("kernel")] == [(4, 4, k, k) for k in (1, 3, 5, 7, 9, 11)]
    assert {case.input_size for case in series("channels out") + series("kernel")} == {(1, 4, 8, 8)}


@pytest.mark.parametrize("name", ["batch", "channels in", "channels out", "image"])
def test_a_series_spans_two_decades_of_multiply_adds(name):
    counts = [multiply_adds(case, "conv2d") for case in series(name)]
    assert len(counts) >= 5
    assert counts == sorted(counts)
    assert counts[-1] >= 100 * counts[0]


def test_padding_keeps_the_size_of_the_image():
    for case in cases.SUITES["scaling"]:
        assert case.output_size[2:] == case.input_size[2:], case.name


def test_the_grid_is_full_and_forward_alone():
    grid = series("grid")
    assert [(c.weight_size[2], c.input_size[1]) for c in grid] == [(k, C) for k in (1, 3, 5, 7) for C in (1, 4, 16, 64)]
    assert {case.operations for case in grid} == {("conv2d",)}


def test_the_networks_are_whole():
    count = Counter((case.name.split("/")[0], case.layer) for case in cases.SUITES["networks"])
    assert count == {
        ("lenet5", "conv2d"): 2,
        ("lenet5", "avg_pool2d"): 2,
        ("alexnet", "conv2d"): 5,
        ("alexnet", "local_response_norm"): 2,
        ("alexnet", "max_pool2d"): 3,
        ("vgg16", "conv2d"): 9,
        ("vgg16", "max_pool2d"): 5,
        ("resnet50", "conv2d"): 23,
        ("resnet50", "max_pool2d"): 1,
        ("resnet50", "avg_pool2d"): 1,
        ("mobilenet", "conv2d"): 19,
        ("mobilenet", "avg_pool2d"): 1,
        ("dcgan", "conv_transpose2d"): 5,
    }


def test_every_shape_of_a_network_stands_there_once():
    shapes = Counter((c.layer, c.input_size, c.weight_size, str(c.options)) for c in cases.SUITES["networks"])
    assert set(shapes.values()) == {1}


@pytest.mark.parametrize(
    ("pattern", "repeated", "millions"),
    [
        # Multiply-adds of the whole network's convolutions, as its own paper or common counts give them.
        ("vgg16/conv*", {"conv3_2": 2, "conv4_2": 2, "conv5_1": 3}, 15_347),
        (
            "mobilenet/[cdp]*[!l]",
            {"depthwise 512": 5, "pointwise 512 to 512": 5},
            568,
        ),
    ],
)
def test_the_layers_add_up_to_the_network(pattern, repeated, millions):
    layers = [case for case in cases.select(pattern) if case.layer == "conv2d"]
    total = sum(multiply_adds(case, "conv2d") * repeated.get(case.name.split("/")[1], 1) for case in layers)
    assert total / 1e6 == pytest.approx(millions, rel=0.005)


def test_resnet_adds_up_too():
    """3, 4, 6 and 3 blocks, the first of each stage with a shortcut; 4.09 thousand million multiply-adds."""
    times = {"stage2 3x3": 3, "stage2 expand": 4, "stage2 reduce": 2}
    for stage, blocks in ((3, 4), (4, 6), (5, 3)):
        times |= {f"stage{stage} expand": blocks} | dict.fromkeys(
            [f"stage{stage} reduce", f"stage{stage} 3x3"], blocks - 1
        )
    layers = [case for case in cases.select("resnet50/*") if case.layer == "conv2d"]
    total = sum(multiply_adds(case, "conv2d") * times.get(case.name.split("/")[1], 1) for case in layers)
    assert total / 1e6 == pytest.approx(4_087, rel=0.002)


def test_a_generator_makes_an_image_of_a_list_of_numbers():
    """Every layer takes what the one before gives, from 100 numbers to an image of 64 x 64 in three colours."""
    layers = cases.select("dcgan/*")
    assert layers[0].input_size == (1, 100, 1, 1)
    assert [case.output_size for case in layers[:-1]] == [case.input_size for case in layers[1:]]
    assert layers[-1].output_size == (1, 3, 64, 64)


def test_depthwise_layers_have_one_filter_for_each_channel():
    for case in cases.select("mobilenet/depthwise*"):
        assert case.weight_size == (case.input_size[1], 1, 3, 3)
        assert case.options["groups"] == case.input_size[1]


def test_every_operation_has_a_problem():
    offered = {name for case in cases.SUITES["ops"] for name in case.operations}
    assert offered == set(OPERATIONS)
    options_of = {case.name: case.options for case in cases.SUITES["ops"]}
    assert options_of["ops/conv2d strided"]["stride"] > 1
    assert options_of["ops/conv2d grouped"]["groups"] > 1
    assert options_of["ops/conv2d dilated"]["dilation"] > 1


def test_the_suites_make_up_the_cases():
    assert benchmark.SUITES == tuple(cases.SUITES)
    assert [case for suite in cases.SUITES.values() for case in suite] == list(cases.CASES)
    assert all(case.suite == name for name, suite in cases.SUITES.items() for case in suite)
    assert cases.select("*", ["ops"]) == list(cases.SUITES["ops"])


def chosen(*arguments):
    return jobs.choose(benchmark.options(parser().parse_args(["benchmark", *arguments])))


def test_a_round_begins_with_the_ceilings_and_every_round_is_the_same():
    found = [(job.round, *job.problem) for job in chosen("--suite", "founding", "--rounds", "3")]
    rounds = [[job[1:] for job in found if job[0] == turn] for turn in range(3)]
    assert rounds[0] == rounds[1] == rounds[2]
    assert found == sorted(found, key=lambda job: job[0])
    assert rounds[0][:2] == [("machine", "ceiling", "1", name) for name in ("matrix product", "copy")]
    assert len({job.key for job in chosen("--rounds", "2")}) == len(chosen("--rounds", "2"))


def test_networks_are_measured_for_one_image_and_for_eight():
    def batches(*arguments):
        return {(job.case.suite, job.case.input_size[0]) for job in chosen(*arguments) if job.case.suite == "networks"}

    assert batches() == {("networks", 1), ("networks", 8)}
    assert batches("--quick") == {("networks", 1)}
    assert batches("--batch", "3") == {("networks", 3)}


def test_a_quick_look_has_something_of_everything():
    full, quick = ({job.case.name for job in chosen(*arguments)} for arguments in ([], ["--quick"]))
    assert quick < full
    assert len(quick) < 0.75 * len(full)
    for pattern in jobs.QUICK:
        assert cases.select(pattern)
    networks = {case.name.split("/")[0] for case in cases.SUITES["networks"]}
    assert networks <= {name.split("/")[0] for name in quick}
    assert quick & {case.name for case in cases.SUITES["modern"]}
    for name in ("batch", "channels in", "channels out", "image", "kernel"):
        assert len({case.name for case in series(name)} & quick) >= 3
    assert {case.name for case in series("grid")} <= quick
    # Cases that are asked for are measured whatever else is left out.
    assert {job.case.name for job in chosen("--quick", "--cases", "vgg16/conv1_2")} >= {"vgg16/conv1_2"}


def test_with_more_threads_a_job_is_of_one_implementation(monkeypatch):
    monkeypatch.setattr(jobs.machine, "cores", lambda: 2)
    found = chosen("--threads", "2", "--rounds", "1", "--cases", "founding/bias")
    assert [job.implementations for job in found[3:]] == [(name,) for name in IMPLEMENTATIONS for _ in range(2)]


def test_the_largest_array_of_a_definition_stays_small():
    """The matrix of columns of one image in float64, the largest array of any definition, is below 1 GiB."""
    for case in cases.CASES:
        if case.layer == "conv2d":
            assert 8 * case.input_size[1] * case.windows.area * prod(case.output_size[2:]) < 2**30, case.name
