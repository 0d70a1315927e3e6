"""Witnesses that need no torch: the adjoint identity and central differences; and torch's own gradcheck."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import problems
from convnotes import IMPLEMENTATIONS, check, implementation
from convnotes.cases import Case

OURS = [name for name in IMPLEMENTATIONS if name != "torch"]

# A linear map and the operation that is its transpose, with the operand that goes in, the one that comes
# back, and the strategy that draws the layer.
TRANSPOSES = [
    ("conv2d", "conv2d_grad_input", "input", problems.convolutions()),
    ("conv2d", "conv2d_grad_weight", "weight", problems.convolutions()),
    ("conv_transpose2d", "conv_transpose2d_grad_input", "input", problems.transposed_convolutions()),
    ("conv_transpose2d", "conv_transpose2d_grad_weight", "weight", problems.transposed_convolutions()),
    ("avg_pool2d", "avg_pool2d_grad_input", "input", problems.avg_pools()),
]

DIFFERENTIABLE = [
    Case("c", "conv2d", (2, 4, 6, 5), (2, 2, 3, 2), {"stride": (2, 3), "padding": ((1, 0), (2, 1)), "groups": 2}),
    Case("c", "conv2d", (1, 2, 7, 6), (3, 2, 2, 3), {"dilation": (3, 2), "padding": 1}),
    Case("t", "conv_transpose2d", (2, 4, 2, 3), (4, 1, 3, 2), {
        "stride": 2, "padding": 1, "output_padding": 1, "groups": 2,
    }),
    Case("t", "conv_transpose2d", (1, 2, 3, 2), (2, 2, 2, 2), {"dilation": (2, 3), "output_padding": (1, 2)}),
    Case("b", "bias_add", (2, 3, 2, 2)),
    Case("m", "max_pool2d", (2, 2, 6, 7), None, {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}),
    Case("m", "max_pool2d", (1, 2, 7, 6), None, {"kernel_size": (2, 3), "stride": 1, "dilation": 2}),
    Case("a", "avg_pool2d", (2, 2, 6, 7), None, {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}),
    Case("a", "avg_pool2d", (1, 2, 5, 6), None, {"kernel_size": 2, "padding": 1, "count_include_pad": False}),
    Case("l", "local_response_norm", (2, 6, 2, 2), None, {"size": 4, "alpha": 0.7, "beta": 0.75, "k": 1.5}),
    Case("l", "local_response_norm", (1, 5, 2, 2), None, {"size": 3, "alpha": 2.0, "beta": 0.5, "k": 1.0}),
]  # fmt: skip

# The operand that each gradient is for.
SOURCES = {"grad_input": "input", "grad_weight": "weight", "bias_grad": "bias"}


def source(gradient: str) -> str:
    return next(operand for ending, operand in SOURCES.items() if gradient.endswith(ending))


@pytest.mark.parametrize(("forward", "backward", "operand", "strategy"), TRANSPOSES)
@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_a_gradient_is_the_transpose(name, forward, backward, operand, strategy):
    module = implementation(name)

    @given(strategy, st.integers(0, 2**32))
    def transpose(case, seed):
        drawn = problems.operands(case, seed) | {"bias": None}

        def call(operation, **changed):
            return getattr(module, operation)(**case.arguments(operation, drawn | changed))

        check.adjoint(
            forward,
            lambda x: call(forward, **{operand: x}),
            lambda y: call(backward, grad_output=y),
            drawn[operand],
            drawn["grad_output"],
        )

    transpose()


@given(problems.convolutions(), st.integers(0, 2**32))
def test_the_transpose_of_a_convolution_is_the_transposed_convolution(case, seed):
    """<conv(x), y> = <x, conv_transpose(y)> for symmetric padding, the remainder being the output padding."""
    drawn = problems.operands(case, seed)
    padding = tuple(max(sides) for sides in case.windows.padding)
    case = Case(case.name, case.layer, case.input_size, case.weight_size, {**case.options, "padding": padding})
    p = case.windows
    rng = np.random.default_rng(seed)
    X, Y, K = rng.standard_normal(p.input_size), rng.standard_normal(p.output_size), drawn["weight"]
    for name in IMPLEMENTATIONS:
        module = implementation(name)
        check.adjoint(
            name,
            lambda x, module=module: module.conv2d(x, K, **case.options),
            lambda y, module=module: module.conv_transpose2d(y, K, output_padding=p.remainder, **case.options),
            X,
            Y,
        )


@pytest.mark.parametrize("case", DIFFERENTIABLE, ids=lambda case: f"{case.layer} {case.options}")
@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_gradients_match_central_differences(name, case):
    module, drawn = implementation(name), problems.operands(case, seed=6)
    for gradient in case.operations[1:]:
        operand = source(gradient)

        def forward(value, operand=operand):
            return getattr(module, case.layer)(**case.arguments(case.layer, drawn | {operand: value}))

        numerical = check.numerical_gradient(forward, drawn[operand], drawn["grad_output"])
        analytic = getattr(module, gradient)(**case.arguments(gradient, drawn))
        assert check.error(analytic, numerical) < 1e-8, gradient


def as_autograd_function(module, case: Case, operands: dict):
    """One of our layers as torch sees a layer of its own: forward and backward on tensors."""
    names = [name for name in ("input", "weight", "bias") if name in case.arguments(case.layer, operands)]
    gradients = {source(gradient): gradient for gradient in case.operations[1:]}

    class Layer(torch.autograd.Function):
        @staticmethod
        def forward(ctx, *tensors):
            ctx.operands = operands | {name: tensor.detach().numpy() for name, tensor in zip(names, tensors)}
            return torch.from_numpy(getattr(module, case.layer)(**case.arguments(case.layer, ctx.operands)))

        @staticmethod
        def backward(ctx, grad_output):
            known = ctx.operands | {"grad_output": grad_output.numpy()}
            results = []
            for name in names:
                if name == "bias":
                    result = module.bias_grad(known["grad_output"])
                elif name in gradients:
                    gradient = gradients[name]
                    result = getattr(module, gradient)(**case.arguments(gradient, known))
                else:  # the input of bias_add
                    result = known["grad_output"].copy()
                results.append(torch.from_numpy(result))
            return tuple(results)

    return Layer.apply, [torch.tensor(operands[name], requires_grad=True) for name in names]


@pytest.mark.parametrize("case", DIFFERENTIABLE, ids=lambda case: f"{case.layer} {case.options}")
@pytest.mark.parametrize("name", OURS)
def test_torchs_gradcheck_accepts_our_layers(name, case):
    layer, tensors = as_autograd_function(implementation(name), case, problems.operands(case, seed=7))
    assert torch.autograd.gradcheck(layer, tensors)
