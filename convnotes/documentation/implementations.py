"""What each implementation adds to the description of an operation: how far it errs, and what it holds."""

from collections.abc import Mapping

FAST_WORKSPACE = (
    "Beside its arguments and its result a call holds at most 64 MiB, or one image's share where that is larger, the "
    "bytes of its input and its output; where more than four threads work on it, 16 MiB for each. An argument of "
    "another precision, or in no run of memory, may be copied first. How it is done stands in "
    "notebooks/12_inside_fast.ipynb."
)
# What the error is a share of.
OF_PRODUCTS = "sum of absolute products, which is the largest entry of the same operation on absolute values"
OF_VALUES = "sum of absolute values"
ERRORS = {
    **dict.fromkeys(("bias_grad", "max_pool2d_grad_input", "avg_pool2d", "avg_pool2d_grad_input"), OF_VALUES),
    "bias_add": "Each sum is rounded once.",
    "max_pool2d": "A maximum is an entry of the input: nothing is rounded.",
    "local_response_norm": "entry of the result, with beta of at most 1",
    "local_response_norm_grad_input": "sum of absolute terms, with beta of at most 1",
}
FAST_CONVOLUTION = (
    "That holds for every algorithm. Where products cancel the result is smaller, and the error relative to it is "
    'larger. "winograd" rounds on its way: with it zero weights and whole numbers give no exact results, as with all '
    "others they do.",
    "Not-a-numbers and infinities stand where the definition puts them. To make sure takes about 1 % of the time, and "
    "where there are any the result is made a second time, by im2col.",
)
NOTES = {
    "naive": "One loop for each index of the equation: a definition to compare with, for small arrays.",
    "matmul": "The textbook's matrices, as large as they are; how in notebooks/06_matrix_multiplication.ipynb.",
    "reference": "What torch does; arrays are copied to it and back. What differs stands in help(convnotes.reference).",
}


def notes(who: str, operation: str) -> list[str]:
    """Paragraphs on an operation of an implementation."""
    if who != "fast":
        return [NOTES[who]]
    convolution = operation.startswith("conv")
    error = ERRORS.get(operation, OF_PRODUCTS)
    if not error.endswith("."):
        error = f"In float32 the error stays below 3e-5 of the largest {error}; in float64 below 1e-12 of it."
    return [error, *(FAST_CONVOLUTION if convolution else ()), FAST_WORKSPACE]


def algorithm(operation: str, algorithms: Mapping[str, str], transposes: Mapping[str, str]) -> tuple[str, str]:
    """The parameter `algorithm` of a convolution of `fast`: its values, and what each takes.

    algorithms, transposes: the names of `fast.dispatch`, and their rules
    """
    chosen = '"auto" is the one that is predicted to be the fastest. '
    if operation not in ("conv2d_grad_input", "conv_transpose2d"):
        return "str", chosen + _listed(algorithms) + "."
    others = " and ".join(f'"{name}"' for name in algorithms if name not in transposes)
    phases = f"; {others} a convolution for each phase of the stride."
    return "str", f"{chosen}{_listed(transposes)}, each the transpose of what it does forward{phases}"


def _listed(rules: Mapping[str, str]) -> str:
    return "; ".join(f'"{name}" takes {rule}' for name, rule in rules.items())
