"""The drawn layers do reach the corners that the other tests count on."""

import pytest
from hypothesis import find, settings

from convnotes.proof import problems

options = settings(max_examples=5000, derandomize=True, database=None)


def remainder(case):
    return case.windows.remainder


CORNERS = {
    "a remainder as large as it can be": lambda case: (
        remainder(case) == tuple(s - 1 for s in case.windows.stride) != (0, 0)
    ),
    "a remainder of each axis alone": lambda case: remainder(case)[0] == 0 < remainder(case)[1],
    "a kernel as large as the padded input": lambda case: case.windows.count == (1, 1) and remainder(case) == (0, 0),
    "an input of one pixel": lambda case: case.windows.size == (1, 1),
    "a dilation above the kernel": lambda case: min(case.windows.dilation) > max(case.windows.kernel) > 1,
    "a stride above the kernel": lambda case: min(case.windows.stride) > max(case.windows.kernel) > 1,
    "padding on one side alone": lambda case: (0, 3) in case.windows.padding,
    "depthwise groups": lambda case: case.options["groups"] == case.input_size[1] > 1,
    "grouped filters": lambda case: case.options["groups"] > 1 and case.weight_size[1] > 1,
    "an empty batch": lambda case: case.input_size[0] == 0,
    "nothing symmetric": lambda case: len({*case.windows.size, *case.windows.kernel, *case.windows.count}) == 6,
}


@pytest.mark.parametrize("corner", CORNERS.values(), ids=CORNERS)
def test_convolutions_reach(corner):
    find(problems.convolutions(), corner, settings=options)


POOL_CORNERS = {
    "a window that overhangs": lambda case: min(remainder(case)) < 0,
    "a remainder": lambda case: max(remainder(case)) > 0,
    "a window that ceil_mode leaves out": lambda case: case.options["ceil_mode"] and max(remainder(case)) > 0,
    "a window wholly on the padding": lambda case: not case.windows.all_meet_input(),
    "a kernel larger than the padded input": lambda case: case.windows.count == (1, 1) and max(remainder(case)) < 0,
    "padding and dilation": lambda case: case.windows.padding != ((0, 0), (0, 0)) and max(case.windows.dilation) > 1,
    "all ties": lambda case: case.options["ties"] == "all",
}


@pytest.mark.parametrize("corner", POOL_CORNERS.values(), ids=POOL_CORNERS)
def test_max_pools_reach(corner):
    find(problems.max_pools(), corner, settings=options)


@pytest.mark.parametrize("divisor", [None, 3, -2])
@pytest.mark.parametrize("count_include_pad", [True, False])
def test_avg_pools_reach(divisor, count_include_pad):
    wanted = {"divisor_override": divisor, "count_include_pad": count_include_pad}
    find(
        problems.avg_pools(),
        lambda case: wanted.items() <= case.options.items() and max(case.windows.padding) > (0, 0),
        settings=options,
    )


@pytest.mark.parametrize("relation", ["below the stride", "at the stride"])
def test_transposed_convolutions_reach_output_paddings(relation):
    def reached(case):
        pairs = zip(case.options["output_padding"], case.options["stride"])
        return any(rest >= S if relation == "at the stride" else 0 < rest < S for rest, S in pairs)

    find(problems.transposed_convolutions(), reached, settings=options)


@pytest.mark.parametrize("parity", [0, 1])
def test_normalizations_reach_both_parities_within_and_beyond_the_channels(parity):
    for wider in (True, False):

        def reached(case, wider=wider):
            size, C = case.options["size"], case.input_size[1]
            return size % 2 == parity and C > 1 and size > 1 and (size > C) == wider

        find(problems.normalizations(), reached, settings=options)
