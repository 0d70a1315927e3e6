"""Layers of one's own: a file with one layer a line, read, written, and made from a network.

`columns` says what a layers file holds, `reading` and `writing` take it in and out, `trace_torch` and
`trace_onnx` find the layers of a network, and `command` puts it together.

Importing this package loads nothing but the standard library.
"""

MOST_FAULTS = 20


class LayersError(ValueError):
    """A layers file or a network that cannot be used; `faults` has a sentence for each reason, and the text a line."""

    def __init__(self, *faults: str) -> None:
        self.faults = faults
        lines = list(faults[:MOST_FAULTS])
        if len(faults) > MOST_FAULTS:
            lines.append(f"and {len(faults) - MOST_FAULTS} more")
        super().__init__("\n".join(lines))
