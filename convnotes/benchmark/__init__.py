"""The benchmark: how long every implementation takes on every case, and how far it is from the definition.

`timing` says how one call is measured, and `measuring` measures one problem, in a process that `worker` sets
up; `jobs` says what is measured in which order, `run` does it, and `journal` keeps what is finished whatever
happens. `report` turns the CSV file into tables and figures, `__main__` is the command line.

Importing this package loads nothing but the standard library.
"""


class Refused(Exception):  # noqa: N818 - it is an answer to a request, not a fault
    """What was asked for cannot be done; the message is one sentence and `code` the command's exit code."""

    def __init__(self, sentence: str, code: int = 2):
        super().__init__(sentence)
        self.code = code
