"""convnotes: the layers of a convolutional network, derived, implemented, proven equal and measured.

Every implementation offers the same functions under the same names (see `OPERATIONS`)::

    from convnotes import naive
    Y = naive.conv2d(X, K, stride=2, padding=1)

Importing this package loads no implementation, and neither torch nor matplotlib nor pandas.
"""

from importlib import import_module
from types import ModuleType

# The one place where the version stands: pyproject.toml reads it from here.
__version__ = "0.1.0"

# One line registers an implementation: tests, benchmark and plots find it here.
IMPLEMENTATIONS = {
    "naive": "convnotes.naive",
    "matmul": "convnotes.matmul",
    "fast": "convnotes.fast",
    "torch": "convnotes.reference",
}

# One line registers another library, by the name that it is imported by; the extra `peers` installs them all. They are
# chosen by name alone, and treated as whatever somebody else wrote.
PEERS = {
    "jax": "convnotes.peers.jax",
    "onnxruntime": "convnotes.peers.onnxruntime",
    "openvino": "convnotes.peers.openvino",
    "mygrad": "convnotes.peers.mygrad",
    "autograd": "convnotes.peers.autograd",
    "scipy": "convnotes.peers.scipy",
}

# Every operation with the arguments it takes before its options, in order. A name that ends in _size is a
# shape, the others are arrays.
OPERATIONS = {
    "conv2d": ("input", "weight", "bias"),
    "conv2d_grad_input": ("input_size", "weight", "grad_output"),
    "conv2d_grad_weight": ("input", "weight_size", "grad_output"),
    "conv_transpose2d": ("input", "weight", "bias"),
    "conv_transpose2d_grad_input": ("input_size", "weight", "grad_output"),
    "conv_transpose2d_grad_weight": ("input", "weight_size", "grad_output"),
    "bias_add": ("input", "bias"),
    "bias_grad": ("grad_output",),
    "max_pool2d": ("input",),
    "max_pool2d_grad_input": ("input", "grad_output"),
    "avg_pool2d": ("input",),
    "avg_pool2d_grad_input": ("input_size", "grad_output"),
    "local_response_norm": ("input",),
    "local_response_norm_grad_input": ("input", "grad_output"),
}


def implementation(name: str) -> ModuleType:
    """The module that offers every operation in the way called `name`; ValueError for an unknown name."""
    if name not in IMPLEMENTATIONS:
        raise ValueError(f"implementation must be one of {', '.join(IMPLEMENTATIONS)}, got {name!r}")
    return import_module(IMPLEMENTATIONS[name])
