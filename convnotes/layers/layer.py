"""A layer of a layers file: a case, and how often it occurs; what it is in columns and out of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from convnotes import arguments, parameters
from convnotes.cases import Case
from convnotes.layers.columns import COLUMNS, CONVOLUTIONS, POOLS

SUITE = "layers"


@dataclass(frozen=True)
class Layer:
    """One layer and how many times it occurs in its network."""

    case: Case
    times: int = 1


def layer(values: Mapping[str, Any]) -> Layer:
    """The layer that stands in columns, those left out being the defaults.

    ValueError or TypeError, in the words of the vocabulary, where the values do not go together.
    """
    operation = values["operation"]
    options = {column.option: values[column.name] for column in COLUMNS if column.option and column.name in values}
    size = tuple(values[name] for name in ("N", "C_in", "H", "W"))
    weight = None
    if operation in CONVOLUTIONS:
        kernel, groups = parameters.pair("kernel", values["kernel"], 1), values.get("groups", 1)
        whole, shared = ("C_out", "C_in") if operation == "conv2d" else ("C_in", "C_out")
        if values[shared] % groups:
            raise ValueError(f"groups must divide {shared}, got groups {groups} for {shared} {values[shared]}")
        weight = (values[whole], values[shared] // groups, *kernel)
    elif operation in POOLS:
        options = {"kernel_size": values["kernel"], **options}
    case = Case(values["name"], operation, size, weight, options, SUITE)
    check(case)
    return Layer(case, values.get("times", 1))


def check(case: Case) -> None:
    """Ask the vocabulary whether it has this layer, without making its arrays; ValueError or TypeError if not."""
    parameters.size("input", case.input_size)
    case.windows  # noqa: B018 - it is refused there
    # What does not hang on the sizes is asked of an array of one entry.
    one, options = np.zeros((1, 1, 1, 1), np.float32), case.options
    if case.layer == "avg_pool2d":
        arguments.avg_pool2d(
            one, 1, 1, 0, False, options.get("count_include_pad", True), options.get("divisor_override")
        )
    if case.layer == "local_response_norm":
        arguments.local_response_norm(
            one, options["size"], options.get("alpha", 1e-4), options.get("beta", 0.75), options.get("k", 1.0)
        )


def columns(layer: Layer) -> dict[str, Any]:
    """What stands in the columns of a layer; what is None stands in none."""
    case, options, weight_size = layer.case, dict(layer.case.options), layer.case.weight_size
    values: dict[str, Any] = {
        "name": case.name,
        "operation": case.layer,
        **dict(zip(("N", "C_in", "H", "W"), case.input_size)),
    }
    if weight_size:
        values["kernel"] = weight_size[2:]
        groups = options.get("groups", 1)
        values["C_out"] = weight_size[0] if case.layer == "conv2d" else weight_size[1] * groups
    elif case.layer in POOLS:
        values["kernel"] = options["kernel_size"]
    values |= {column.name: options.get(column.option) for column in COLUMNS if column.option}
    values["times"] = layer.times
    return {column.name: values[column.name] for column in COLUMNS if values.get(column.name) is not None}
