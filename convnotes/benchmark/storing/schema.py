"""What the files of a run hold: of every column and of every key its kind, its range and its unit, in two tables.

`reading` reads the files by them.
"""

from math import inf
from sys import float_info
from typing import NamedTuple

from convnotes import OPERATIONS
from convnotes.benchmark import isa
from convnotes.benchmark.storing.kinds import ABSENT, ANY, Date, Number, Text

# What is not offered lacks in an implementation that has a part of the vocabulary alone; that is no fault of it.
STATUSES = MEASURED, NOT_RUN, NOT_OFFERED, WRONG, FAILED = ("measured", "not run", "not offered", "wrong", "failed")
STEPS = IM2COL, PRODUCT, RESHAPE = ("im2col", "product", "reshape")

# The suite of what the machine itself does, and what that is.
MACHINE = "machine"
# The suite of the user's own layers.
LAYERS = "layers"
# The suites of layers of networks, which are measured with batches of several sizes: whole networks, each of them told
# of by itself, and layers of many others, told of together.
NETWORKS, MODERN = OF_NETWORKS = ("networks", "modern")
# The suites of a full run, in their order.
SUITES = ("founding", "scaling", *OF_NETWORKS, "ops")
CEILINGS = ("matrix product", "copy", "Python loop")

DTYPES, DEVICES = ("float32", "float64"), ("cpu", "cuda")

NAME, NOTE = Text(without="$"), Text()  # a figure takes what is between two dollars for a formula
SIZE, POSITIVE = Number(0, 10**9, whole=True), Number(1, 10**9, whole=True)
COUNT = Number(1, 10**18, whole=True)
SECONDS = Number(1e-12, 1e9)


class Column(NamedTuple):
    """A column of measurements.csv.gz.

    needed: the statuses whose rows have a value there
    allowed: the statuses whose rows may have one
    """

    kind: Text | Number
    unit: str = ""
    needed: tuple[str, ...] = ()
    allowed: tuple[str, ...] = STATUSES

    def __str__(self) -> str:
        return f"{self.kind} {self.unit}".rstrip()


# One row for each timing; an implementation that was not timed has one row that says why. An empty `step` is the
# whole call; the parts of a call have no costs of their own but the product's multiply-adds. The suite "machine"
# holds what the machine itself did, measured once in every round.
COLUMNS = {
    "suite": Column(NAME, needed=STATUSES),
    "case": Column(NAME, needed=STATUSES),
    "batch": Column(POSITIVE, "images", needed=STATUSES),
    "channels_in": Column(SIZE, needed=STATUSES),
    "channels_out": Column(SIZE, needed=STATUSES),
    "side": Column(SIZE, "pixels", needed=STATUSES),
    "kernel": Column(SIZE, "pixels", needed=STATUSES),
    "stride": Column(POSITIVE, "pixels", needed=STATUSES),
    "groups": Column(POSITIVE, needed=STATUSES),
    "operation": Column(Text((*OPERATIONS, *CEILINGS)), needed=STATUSES),
    "implementation": Column(NAME, needed=STATUSES),
    "step": Column(Text(STEPS)),
    "device": Column(Text(DEVICES), needed=STATUSES),
    "dtype": Column(Text(DTYPES), needed=STATUSES),
    "threads": Column(POSITIVE, needed=STATUSES),
    "status": Column(Text(STATUSES), needed=STATUSES),
    "round": Column(SIZE, needed=(MEASURED,), allowed=(MEASURED, FAILED)),
    "repeat": Column(SIZE, needed=(MEASURED,), allowed=(MEASURED,)),
    "seconds": Column(SECONDS, "s", needed=(MEASURED,), allowed=(MEASURED,)),
    "loops": Column(POSITIVE, needed=(MEASURED,), allowed=(MEASURED,)),
    "error": Column(Number(0, inf)),
    "definition": Column(NAME),
    "multiply_adds": Column(COUNT),
    "bytes": Column(COUNT, "B"),
    "workspace_bytes": Column(Number(0, 10**18, whole=True), "B"),
    "peak_bytes": Column(Number(0, 10**18, whole=True), "B"),
    "estimate_seconds": Column(SECONDS, "s", needed=(NOT_RUN,), allowed=(NOT_RUN,)),
    "note": Column(NOTE, needed=(NOT_OFFERED, FAILED), allowed=(NOT_OFFERED, WRONG, FAILED)),
}

# What names a call, and what every timing of it may have another value of.
CALL = ("suite", "case", "batch", "operation", "implementation", "step", "device", "dtype", "threads")
TIMING = ("status", "round", "repeat", "seconds", "loops", "note")

# What ran beside a run: the system's load before and after it, and the processors that others kept busy meanwhile.
_LOAD = Number(0, 1e6), None
_BESIDE = {"before": _LOAD, "after": _LOAD, "others": (*_LOAD, ABSENT)}
_SESSION = {"date": Date(), **_BESIDE}

# Keys that stand in no sentence of the report are nobody's business.
ENVIRONMENT = {
    "cpu": NOTE,
    "cores": POSITIVE,
    "system": (NOTE, ABSENT),
    "threads": POSITIVE,
    "dtype": Text(DTYPES),
    "device": Text(DEVICES),
    "python": NOTE,
    "numpy": NOTE,
    "torch": NOTE,
    "version": (NOTE, None, ABSENT),
    "commit": (NOTE, None),
    "date": Date(),
    "options": {
        "suite": [NAME],
        "cases": (NOTE, [NOTE], None),
        "layers": (NOTE, ABSENT),
        "operations": ([NAME], ABSENT),
        "implementations": ([NAME], ABSENT),
        # Without it, what was measured is of a time before there was a choice.
        "isa": (Text(tuple(isa.VARIABLES)), ABSENT),
        "rounds": POSITIVE,
        "repeats": POSITIVE,
        "batch": (POSITIVE, None),
        "limit": Number(0, float_info.max),
    },
    "blas": ({"name": NOTE, "version": (NOTE, None), "threads": POSITIVE, "kernels": (NOTE, None)}, None),
    "torch_threads": (POSITIVE, None),
    "gpu": (NOTE, None),
    "kernels": ({"variables": {ANY: NOTE}}, ABSENT),
    "origins": ({ANY: {"source": NOTE, "sha256": (NOTE, ABSENT), "version": (NOTE, ABSENT)}}, ABSENT),
    # The user's own layers: which file they were read from, and how often each occurs in its network.
    "layers": ({"sha256": NOTE, "times": {ANY: POSITIVE}}, ABSENT),
    "sessions": ([_SESSION], ABSENT),
    "load": _BESIDE,
}
# A run that is not finished has had sessions, and no load yet that would be that of all of it.
UNFINISHED = ENVIRONMENT | {"sessions": [_SESSION], "load": (ENVIRONMENT["load"], ABSENT)}
