"""How long tests wait for what must happen: on a busy machine that takes long, and only what hangs takes so long."""

import os
import time

SECONDS = 600


def until(condition) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, "what is waited for does not happen"
        time.sleep(0.02)


def alone(group) -> bool:
    """Whether no process of a group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False
