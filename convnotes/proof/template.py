"""A file to fill in: the vocabulary's signatures and docstrings as the definition has them, without the bodies."""

import inspect

from convnotes import OPERATIONS, naive

HEAD = '''"""Your own implementation of the layers of a convolutional network: fill in what you like, in any order.

`convnotes check THIS_FILE` says what is right, and of what is not the smallest call that shows it. A function
that raises NotImplementedError is not asked, and one without a parameter is not asked about that parameter.
Arrays are NumPy arrays of shape (N, C, H, W); a pair is (vertical, horizontal).
"""

import numpy as np
'''


def template() -> str:
    """The text of a Python file with every operation of the vocabulary."""
    return "\n\n".join([HEAD, *map(_function, OPERATIONS)])


def _function(operation: str) -> str:
    function = getattr(naive, operation)
    doc = inspect.getdoc(function).replace("\\", "\\\\")
    lines = [f"    {line}".rstrip() for line in f'"""{doc}\n"""'.splitlines()]
    return "\n".join([_signature(operation, inspect.signature(function)), *lines, "    raise NotImplementedError\n"])


def _signature(operation: str, signature: inspect.Signature) -> str:
    line = f"def {operation}{signature}:"
    if len(line) <= 79:
        return line
    parameters = "".join(f"    {parameter},\n" for parameter in signature.parameters.values())
    return f"def {operation}(\n{parameters}):"
