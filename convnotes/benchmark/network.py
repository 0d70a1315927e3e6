"""The user's own layers, which a run measures in place of the suites: `convnotes benchmark --layers FILE`."""

import hashlib
from pathlib import Path

from convnotes.benchmark import Refused
from convnotes.benchmark.storing.options import Network
from convnotes.benchmark.storing.schema import NAME, NOTE
from convnotes.layers import LayersError


def read(path: Path) -> Network:
    """The layers in a file; refuses in a line for each of its faults."""
    # This loads NumPy.
    from convnotes.layers import reading

    name = NOTE.nearest(str(path))
    try:
        layers = tuple(reading.read(path))
        # What a layers file may hold and files of measurements may not.
        cases = [one.case for one in layers]
        faults = [f"{name}, N of {case.name!r}: must be at least 1, got 0" for case in cases if not case.input_size[0]]
        faults += [f"{name}, name: must be {NAME}, got {case.name!r}" for case in cases if not NAME.holds(case.name)]
        if faults:
            raise LayersError(*faults)
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    except (LayersError, OSError) as problem:
        raise Refused(f"--layers {problem}") from None
    return Network(NOTE.nearest(path.name), sha256, layers)
