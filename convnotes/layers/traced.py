"""What is found in a network: its layers, each distinct one once, and what of it is none."""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from convnotes.cases import Case
from convnotes.layers.columns import COLUMNS, default
from convnotes.layers.kinds import Line
from convnotes.layers.layer import SUITE, Layer, check

_NAME = Line()
MOST_KINDS = 20


class LeftOut(Exception):  # noqa: N818 - it is an answer, not a fault
    """Something like a layer is none that can be measured; the text says why, after its kind."""


@dataclass
class Traced:
    """The layers of a network in the order in which they first run, and by kind how often other things run."""

    layers: list[Layer] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    def add(self, name: str, case: Case, output_size: tuple[int, ...]) -> None:
        """Count a layer; one that differs from all before is called `name`, with a number where that is taken.

        output_size: the shape that its output has in the network
        LeftOut where the vocabulary has no such layer, or gives it another output.
        """
        try:
            check(case)
        except (ValueError, TypeError) as problem:
            raise LeftOut(f"that is refused ({problem})") from None
        if case.output_size != output_size:
            raise LeftOut(f"with an output of {output_size} in place of {case.output_size}")
        case = replace(case, suite=SUITE, options=_without_defaults(case))
        for place, known in enumerate(self.layers):
            if replace(case, name=known.case.name) == known.case:
                self.layers[place] = replace(known, times=known.times + 1)
                return
        self.layers.append(Layer(replace(case, name=self._free(name))))

    def _free(self, name: str) -> str:
        """A name like this one that no layer has yet."""
        taken = {layer.case.name for layer in self.layers}
        name, number = _NAME.nearest(name) or "layer", 1
        found = name
        while found in taken:
            number += 1
            found = f"{name[:90]} {number}"
        return found

    def leave_out(self, kind: str) -> None:
        """Count something that is no layer."""
        self.left_out[_NAME.nearest(kind, 300)] += 1

    def sentence(self) -> str:
        """What is not measured, as "not measured: 12 BatchNorm2d, 1 Linear"; empty where that is nothing."""
        kinds = self.left_out.most_common()
        told = [f"{count} {kind}" for kind, count in kinds[:MOST_KINDS]]
        if len(kinds) > MOST_KINDS:
            told.append(f"{sum(count for _, count in kinds[MOST_KINDS:])} of {len(kinds) - MOST_KINDS} other kinds")
        return f"not measured: {', '.join(told)}" if told else ""


def _without_defaults(case: Case) -> dict[str, Any]:
    """The options in their shortest form: one number for two equal ones, and no defaults."""
    options = {name: _short(value) for name, value in case.options.items()}
    kernel = options.get("kernel_size")
    defaults = {column.option: default(column, case.layer, kernel) for column in COLUMNS if column.option}
    return {
        name: value
        for name, value in options.items()
        if value is not None and (name not in defaults or value != defaults[name])
    }


def _short(value: Any) -> Any:
    if isinstance(value, tuple):
        first, second = map(_short, value)
        return first if first == second else (_long(first), _long(second)) if _deep(first, second) else (first, second)
    return value


def _deep(*axes: Any) -> bool:
    return any(isinstance(axis, tuple) for axis in axes)


def _long(axis: Any) -> tuple[Any, ...]:
    return axis if isinstance(axis, tuple) else (axis, axis)
