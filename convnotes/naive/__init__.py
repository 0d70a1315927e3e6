"""The definitions: every operation as plain loops, one for each index of its equation.

Slow on purpose. These functions know no shortcut, so that the other implementations have something
plain to be compared with. What they take and return is described in `convnotes.documentation`, once for all.
"""

from convnotes import documentation
from convnotes.naive.bias import bias_add, bias_grad
from convnotes.naive.convolution import (
    conv2d,
    conv2d_grad_input,
    conv2d_grad_weight,
)
from convnotes.naive.normalization import (
    local_response_norm,
    local_response_norm_grad_input,
)
from convnotes.naive.pooling import (
    avg_pool2d,
    avg_pool2d_grad_input,
    max_pool2d,
    max_pool2d_grad_input,
)
from convnotes.naive.transposed import (
    conv_transpose2d,
    conv_transpose2d_grad_input,
    conv_transpose2d_grad_weight,
)

__all__ = [
    "avg_pool2d",
    "avg_pool2d_grad_input",
    "bias_add",
    "bias_grad",
    "conv2d",
    "conv2d_grad_input",
    "conv2d_grad_weight",
    "conv_transpose2d",
    "conv_transpose2d_grad_input",
    "conv_transpose2d_grad_weight",
    "local_response_norm",
    "local_response_norm_grad_input",
    "max_pool2d",
    "max_pool2d_grad_input",
]

documentation.complete(globals())
