"""Witnesses beyond those of `convnotes.proof.adjoint`: one operation as another's transpose, and torch's gradcheck."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from convnotes import IMPLEMENTATIONS, check, implementation
from convnotes.cases import Case
from convnotes.proof import adjoint, problems

OURS = [name for name in IMPLEMENTATIONS if name != "torch"]


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


def as_autograd_function(module, case: Case, operands: dict):
    """One of our layers as torch sees a layer of its own: forward and backward on tensors."""
    names = [name for name in ("input", "weight", "bias") if name in case.arguments(case.layer, operands)]
    gradients = {adjoint.source(gradient): gradient for gradient in case.operations[1:]}

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


@pytest.mark.parametrize("case", adjoint.DIFFERENTIABLE, ids=lambda case: f"{case.layer} {case.options}")
@pytest.mark.parametrize("name", OURS)
def test_torchs_gradcheck_accepts_our_layers(name, case):
    layer, tensors = as_autograd_function(implementation(name), case, problems.operands(case, seed=7))
    assert torch.autograd.gradcheck(layer, tensors)
