"""The benchmark: how long every implementation takes on every case, and how far it is from the definition.

Its rooms, each of which may import those before it: `terminal` is how the commands speak; `storing` is what a run
leaves on disk; `measuring` is how it times and checks calls, in processes of their own; `reporting` makes tables and
figures of what is stored, and knows nothing of measuring. Below them `isa` says which instructions of the processor
a run may use. On top `network` reads layers of one's own, `run` goes through a whole run, and `commands` has a file
for each command.

Importing this package loads nothing but the standard library.
"""


class Refused(Exception):  # noqa: N818 - it is an answer to a request, not a fault
    """What was asked for cannot be done; the message is one sentence and `code` the command's exit code."""

    def __init__(self, sentence: str, code: int = 2) -> None:
        super().__init__(sentence)
        self.code = code
