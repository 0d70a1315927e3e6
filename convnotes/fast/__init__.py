"""The same operations as fast as NumPy goes: for every problem the algorithm that costs the least.

Every algorithm has a file of its own in `algorithms`, and `dispatch` chooses by the cost model in `machine.cost`.

What a call holds beside its arguments and its result has a bound, whatever the sizes and parameters: each function's
own help says which. Nothing is kept between calls but small transform matrices, how a problem is cut and by what it is
computed, threads that wait, and a handle on those of BLAS.

Derived in notebooks/09_fast_convolution.ipynb and 12_inside_fast.ipynb.
"""

from convnotes import documentation
from convnotes.fast import dispatch
from convnotes.fast.bias import bias_add, bias_grad
from convnotes.fast.convolution import conv2d, conv2d_grad_input, conv2d_grad_weight
from convnotes.fast.normalization import local_response_norm, local_response_norm_grad_input
from convnotes.fast.pooling import avg_pool2d, avg_pool2d_grad_input, max_pool2d, max_pool2d_grad_input
from convnotes.fast.transposed import conv_transpose2d, conv_transpose2d_grad_input, conv_transpose2d_grad_weight

__all__ = [
    "avg_pool2d", "avg_pool2d_grad_input", "bias_add", "bias_grad", "conv2d", "conv2d_grad_input", "conv2d_grad_weight",
    "conv_transpose2d", "conv_transpose2d_grad_input", "conv_transpose2d_grad_weight", "local_response_norm",
    "local_response_norm_grad_input", "max_pool2d", "max_pool2d_grad_input",
]  # fmt: skip

_rules = ({name: one.rule for name, one in some.items()} for some in (dispatch.ALGORITHMS, dispatch.TRANSPOSES))
documentation.complete(globals(), *_rules)
