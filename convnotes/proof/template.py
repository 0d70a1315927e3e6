"""A file to fill in: the vocabulary's signatures and docstrings as the definition has them, without the bodies."""

import inspect

from convnotes import OPERATIONS, naive

HEAD = '''"""Your own implementation of the layers of a convolutional network: fill in what you like, in any order.

`convnotes check THIS_FILE` says what is right, and of what is not the smallest call that shows it. A function
that raises NotImplementedError is not asked, and one without a parameter is not asked about that parameter.
Arrays are NumPy arrays of shape (N, C, H, W); a pair is (vertical, horizontal). A function that computes in float32
alone raises NotImplementedError for float64, and is asked in float32.

`convnotes benchmark` times these functions. A library that has arrays of its own, or compiles, can offer two more:

    prepare(operation, arguments)   a call without arguments that does the operation on the library's own arrays,
                                    everything compiled, and returns the library's own result when that is there
    to_numpy(result)                that result as a NumPy array

Then that call alone is timed. `operation` is a function's name, and `arguments` are what it would be called with, by
name. How many threads to use is in the environment variable OMP_NUM_THREADS before this file is loaded.
"""

import numpy as np
'''


def template() -> str:
    """The text of a Python file with every operation of the vocabulary."""
    return "\n\n".join([HEAD, *map(_function, OPERATIONS)])


def _function(operation: str) -> str:
    function = getattr(naive, operation)
    # What is refused, how far results may be off and an example are not asked for.
    doc = (inspect.getdoc(function) or "").partition("\n\nRaises\n")[0]
    lines = [f"    {line}".rstrip() for line in f'"""{doc}\n"""'.splitlines()]
    return "\n".join([_signature(operation, inspect.signature(function)), *lines, "    raise NotImplementedError\n"])


def _signature(operation: str, signature: inspect.Signature) -> str:
    plain = [one.replace(annotation=one.empty) for one in signature.parameters.values()]
    signature = signature.replace(parameters=plain, return_annotation=signature.empty)
    line = f"def {operation}{signature}:"
    if len(line) <= 79:
        return line
    parameters = "".join(f"    {parameter},\n" for parameter in signature.parameters.values())
    return f"def {operation}(\n{parameters}):"
