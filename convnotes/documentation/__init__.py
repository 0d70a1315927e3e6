"""What help() says of the operations of the vocabulary: one source for all implementations, so that they agree.

`convolutions` and `others` describe what operations do, `implementations` what holds of one implementation, and
`compose` puts both together with the few words that stand at a function itself: how it is done there.
"""

from collections.abc import Mapping
from typing import Any

from convnotes import OPERATIONS
from convnotes.documentation import convolutions, others
from convnotes.documentation.compose import docstring
from convnotes.documentation.implementations import algorithm, notes

DESCRIPTIONS = convolutions.DESCRIPTIONS | others.DESCRIPTIONS


def complete(module: Mapping[str, Any], *rules: Mapping[str, str]) -> None:
    """Complete the docstrings of an implementation's functions.

    module: its globals; rules: of `fast`, what each algorithm takes, forward and for input gradients
    """
    who = module["__name__"].rpartition(".")[2]
    for operation in OPERATIONS:
        function = module[operation]
        if "\nParameters\n---" in (function.__doc__ or ""):  # the module is loaded anew, and its functions are not
            continue
        own = {"algorithm": algorithm(operation, *rules)} if rules else {}
        function.__doc__ = docstring(DESCRIPTIONS[operation], function, who, own, notes(who, operation))
