"""Rules about values: a ladder of layers from the plainest to all parameters together, and what is not finite."""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from functools import partial
from itertools import product
from typing import Any

from hypothesis import strategies as st

from convnotes import OPERATIONS
from convnotes.cases import Case
from convnotes.proof import derivations, problems
from convnotes.proof.calls import Call
from convnotes.proof.rules import FINITE, VALUES, Asked, Beside, Rule, equal, is_defined

SEEDS = st.integers(0, 2**16)
# What needs a parameter: the other features do not.
FREE = {"many", "empty", "remainder", "sides"} | problems.LARGER

FIRST, TIES = "the first of several maxima takes the gradient", "ties"

# Each step of a ladder: what it is about, and the features that it draws beyond many images, channels and filters.
LADDERS: dict[str, dict[str, Set[str]]] = {
    "conv2d": {
        "one channel and one filter": set(),
        "channels, filters and images": {"many"},
        "stride": {"many", "stride"},
        "a stride that leaves a remainder": {"many", "stride", "remainder"},
        "padding": {"many", "padding"},
        "padding of four sides": {"many", "padding", "sides"},
        "dilation": {"many", "dilation"},
        "groups": {"many", "groups"},
        "all parameters together": problems.CONVOLUTION,
    },
    "conv_transpose2d": {
        "one channel and one filter": set(),
        "channels, filters and images": {"many"},
        "stride": {"many", "stride"},
        "padding": {"many", "padding"},
        "output_padding": {"many", "stride", "padding", "output_padding"},
        "dilation": {"many", "dilation"},
        "groups": {"many", "groups"},
        "all parameters together": problems.TRANSPOSED,
    },
    "max_pool2d": {
        "windows side by side": set(),
        "channels and images": {"many"},
        "stride": {"many", "stride"},
        "a stride that leaves a remainder": {"many", "stride", "remainder"},
        "padding": {"many", "padding"},
        "dilation": {"many", "stride", "dilation"},
        "ceil_mode": {"many", "stride", "remainder", "ceil_mode"},
        FIRST: {"many", "stride"},
        TIES: {"many", "stride", "ties"},
        "all parameters together": problems.MAX_POOL,
    },
    "avg_pool2d": {
        "windows side by side": set(),
        "channels and images": {"many"},
        "stride": {"many", "stride"},
        "a stride that leaves a remainder": {"many", "stride", "remainder"},
        "padding": {"many", "padding"},
        "count_include_pad": {"many", "padding", "count_include_pad"},
        "divisor_override": {"many", "divisor_override"},
        "ceil_mode": {"many", "stride", "remainder", "ceil_mode"},
        "all parameters together": problems.AVG_POOL,
    },
    "local_response_norm": {
        "an odd size": {"many"},
        "an even size": {"many"},
        "alpha": {"many", "alpha"},
        "beta": {"many", "beta"},
        "k": {"many", "k"},
        "all parameters together": problems.NORMALIZATION,
    },
    "bias_add": {"channels and images": {"many"}},
}
ALL = "all parameters together"
# What a question of a step must have: its parameter alone could have a value that everybody offers.
HAVING = {
    "a stride that leaves a remainder": lambda case: any(rest > 0 for rest in case.windows.remainder),
    "padding of four sides": lambda case: any(before != after for before, after in case.options["padding"]),
    "ceil_mode": lambda case: case.options["ceil_mode"],
}
# What each of them is called, and the layers that have it.
LARGER = {
    "more images": ("images", LADDERS),
    "more channels": ("channels", LADDERS),
    "more windows": ("windows", LADDERS.keys() - {"local_response_norm"}),
    "larger kernels": ("kernels", LADDERS.keys() - {"local_response_norm", "bias_add"}),
    "larger steps": ("steps", ("conv2d", "conv_transpose2d")),
}
STRATEGIES = {
    "conv2d": problems.convolutions,
    "conv_transpose2d": problems.transposed_convolutions,
    "max_pool2d": problems.max_pools,
    "avg_pool2d": problems.avg_pools,
    "local_response_norm": problems.normalizations,
    "bias_add": problems.biases,
}
SIZES = {"an odd size": range(1, 10, 2), "an even size": range(2, 10, 2)}


def operations(layer: str) -> tuple[str, ...]:
    return Case("", layer, (1, 1, 1, 1)).operations


LAYERS = {operation: layer for layer in LADDERS for operation in operations(layer)}


def call(operation: str, case: Case, seed: int, fill: str = "normal", bias: bool = False) -> Call:
    """The call of an operation on a layer with drawn operands; without a bias that nobody asked for."""
    return call_on(operation, case, problems.operands(case, seed, fill), bias)


def call_on(operation: str, case: Case, drawn: Mapping[str, Any], bias: bool = False) -> Call:
    """The same with operands that are there already."""
    arguments = case.arguments(operation, drawn)
    if not bias and operation != "bias_add":
        arguments.pop("bias", None)
    return Call(operation, arguments)


def draws(
    operation: str, features: Set[str], fills: Sequence[str], sizes: Sequence[int] | None = None
) -> st.SearchStrategy[Any]:
    """A strategy of questions: a layer with these features, a seed, and what its operands are filled with."""
    layer = LAYERS[operation]
    chosen = frozenset(features)
    if operation == "max_pool2d":
        chosen -= {"ties"}
    if layer == "local_response_norm" and sizes:
        layers = problems.normalizations(chosen, sizes)
    else:
        layers = STRATEGIES[layer](chosen)
    # The fill comes before the seed, so that of two calls that fail the one that reads well is the smaller one.
    return st.tuples(layers, st.sampled_from(fills), SEEDS)


def examine(operation: str, subject: Asked, question: Any, bias: bool = False) -> None:
    """Whether the answer is the definition's."""
    case, fill, seed = question
    asked = call(operation, case, seed, fill, bias)
    if not is_defined(subject, operation, case, asked.arguments):
        raise Beside
    equal(subject, asked)


def offered(operation: str, features: Set[str], there: frozenset[str] | None) -> frozenset[str]:
    """Those features that a function has the parameters for."""
    return frozenset(features) if there is None else frozenset(one for one in features if one in FREE | there)


def rules() -> Iterator[Rule]:
    """The rules about values of all operations, the plainest of each first."""
    for operation in OPERATIONS:
        for says, features in LADDERS[LAYERS[operation]].items():
            if says in (FIRST, TIES) and operation == "max_pool2d":
                continue
            needs, weight = frozenset(features) - FREE, 1
            # Where maxima are equal is a question of its own.
            distinct = LAYERS[operation] == "max_pool2d" and says != TIES
            fills = ("distinct" if distinct else "digits", "normal")
            questions: Any = draws(operation, features, ("digits",) if says == FIRST else fills, SIZES.get(says))
            if says in HAVING:
                questions = questions.filter(partial(_has, HAVING[says]))
            if says == ALL:
                needs, weight = frozenset(), 2
                questions = partial(_everything, operation, features - {"empty"}, ("digits", "whole", "normal"))
            derived = derivations.of(operation, says)
            yield Rule(operation, VALUES, says, questions, partial(examine, operation), derived, needs, weight)
        yield from _particular(operation)
        features = all_features(operation)
        questions = partial(_everything, operation, features, ("not finite",))
        says = "not-a-numbers and infinities stand where the definition has them"
        derived = derivations.of(operation, says)
        yield Rule(operation, FINITE, says, questions, partial(examine, operation), derived, weight=2)
        if LAYERS[operation] == "max_pool2d":
            questions = partial(_everything, operation, features, ("minus infinity",))
            says = "minus infinity in the input is a maximum like any other"
            yield Rule(operation, FINITE, says, questions, partial(examine, operation), derivations.of(operation, says))


def everything(operation: str, there: frozenset[str] | None) -> st.SearchStrategy[Any]:
    """A strategy of questions with all parameters that a function has; no padding has sides that differ."""
    return _everything(operation, all_features(operation), ("digits", "normal"), there)


def _has(what: Callable[[Case], bool], question: Any) -> bool:
    return what(question[0])


def all_features(operation: str) -> frozenset[str]:
    """Those of all parameters together; no padding has sides that differ, and no batch is empty."""
    return frozenset(LADDERS[LAYERS[operation]].get(ALL, {"many"})) - {"sides", "empty"}


def _everything(
    operation: str, features: Set[str], fills: Sequence[str], there: frozenset[str] | None
) -> st.SearchStrategy[Any]:
    return draws(operation, offered(operation, features, there), fills)


def _particular(operation: str) -> Iterator[Rule]:
    """What is enumerated rather than drawn."""
    layer = LAYERS[operation]

    def rule(says: str, questions: Any, *needs: str, bias: bool = False) -> Rule:
        check = partial(examine, operation, bias=bias)
        return Rule(operation, VALUES, says, questions, check, derivations.of(operation, says), frozenset(needs))

    if layer == "conv2d":
        yield rule("every remainder of the stride", _remainders(), "stride")
        yield rule("a kernel as large as the padded input", _whole_kernels(), "padding")
    for says, (kind, layers) in LARGER.items():
        if layer in layers:
            yield rule(says, partial(_everything, operation, all_features(operation) | {kind}, ("digits", "normal")))
    if operation in ("conv2d", "conv_transpose2d"):
        yield rule("bias", draws(operation, {"many"}, ("digits", "normal")), "bias", bias=True)
        yield rule("bias beside all parameters", partial(everything, operation), "bias", bias=True)
    if layer == "conv2d":
        yield rule("padding 'same' and 'valid'", _same(), "padding", "dilation")
    if layer == "conv_transpose2d":
        yield rule("every output_padding", _output_paddings(), "stride", "padding", "output_padding", "dilation")
    if layer in ("conv2d", "conv_transpose2d", "max_pool2d", "avg_pool2d"):
        yield rule("an int stands for both axes", _ints(layer), "stride", "padding")
    if layer == "max_pool2d":
        yield rule("a window wholly on the padding", _on_padding(operation), "stride", "padding", "dilation")


def _remainders() -> list[Any]:
    found = []
    for S in (1, 2, 3, 4):
        for r_H, r_W in product(range(S), repeat=2):
            image = (2 * S + 3 + r_H, S + 2 + r_W)
            found.append((Case("drawn", "conv2d", (1, 1, *image), (1, 1, 3, 2), {"stride": S}), "digits", 2))
    return found


def _whole_kernels() -> list[Any]:
    cases = [
        Case("drawn", "conv2d", (1, 1, H, W), (1, 1, H + 2 * P, W + 2 * P), {"padding": P})
        for H, W, P in [(1, 1, 0), (2, 3, 0), (1, 2, 1), (3, 1, 2)]
    ]
    return [(case, "digits", 3) for case in cases]


def _same() -> list[Any]:
    found = []
    for K, D in product([(1, 1), (1, 3), (3, 2), (2, 2), (4, 3)], [(1, 1), (1, 2), (3, 1)]):
        for P in ("same", "valid"):
            if P == "same" or D[0] * (K[0] - 1) < 5:
                case = Case("drawn", "conv2d", (1, 1, 5, 6), (1, 1, *K), {"padding": P, "dilation": D})
                found.append((case, "digits", 4))
    return found


def _output_paddings() -> list[Any]:
    chosen = [(1, 0, 0, 1), (2, 0, 1, 1), (3, 1, 2, 1), (2, (1, 0), (0, 1), (2, 1)), (1, 1, 2, 3), (2, 1, (4, 3), 5)]
    names = ("stride", "padding", "output_padding", "dilation")
    return [
        (Case("drawn", "conv_transpose2d", (1, 1, 3, 2), (1, 1, 3, 2), dict(zip(names, values))), "digits", 5)
        for values in chosen
    ]


def _ints(layer: str) -> list[Any]:
    options = {"stride": 2, "padding": 1}
    if "pool" in layer:
        return [(Case("drawn", layer, (1, 1, 6, 7), None, {"kernel_size": 3, **options}), "digits", 6)]
    return [(Case("drawn", layer, (1, 1, 6, 5), (1, 1, 3, 2), options), "digits", 6)]


def _on_padding(operation: str) -> list[Any]:
    options = {"kernel_size": (2, 4), "stride": (1, 3), "padding": (1, 2), "dilation": (2, 3)}
    case = Case("drawn", "max_pool2d", (1, 1, 1, 9), None, options)
    return [(case, "digits", 7)]
