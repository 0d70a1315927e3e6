"""The same operations as matrix products, the textbook way: im2col lays every window out as a column.

The price is memory: the matrix of columns holds N * C * kH * kW * H_Y * W_Y numbers, about kH * kW / stride^2 times
the input. `col2im` is the transpose of `im2col`, and `toeplitz` writes a whole convolution as one explicit matrix.

Derived in notebooks/06_matrix_multiplication.ipynb.
"""

from convnotes import documentation
from convnotes.matmul.bias import bias_add, bias_grad
from convnotes.matmul.convolution import (
    conv2d,
    conv2d_grad_input,
    conv2d_grad_weight,
)
from convnotes.matmul.im2col import col2im, im2col
from convnotes.matmul.normalization import (
    local_response_norm,
    local_response_norm_grad_input,
    neighbours,
)
from convnotes.matmul.pooling import (
    avg_pool2d,
    avg_pool2d_grad_input,
    max_pool2d,
    max_pool2d_grad_input,
)
from convnotes.matmul.toeplitz import toeplitz
from convnotes.matmul.transposed import (
    conv_transpose2d,
    conv_transpose2d_grad_input,
    conv_transpose2d_grad_weight,
)

__all__ = [
    "avg_pool2d",
    "avg_pool2d_grad_input",
    "bias_add",
    "bias_grad",
    "col2im",
    "conv2d",
    "conv2d_grad_input",
    "conv2d_grad_weight",
    "conv_transpose2d",
    "conv_transpose2d_grad_input",
    "conv_transpose2d_grad_weight",
    "im2col",
    "local_response_norm",
    "local_response_norm_grad_input",
    "max_pool2d",
    "max_pool2d_grad_input",
    "neighbours",
    "toeplitz",
]

documentation.complete(globals())
