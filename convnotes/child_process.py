"""What a process does first that is to run somebody else's code, or to compute for another one."""

import os
import signal
from contextlib import suppress
from typing import Any

# Seconds: no clock counts further than this.
LONGEST = 1e6


def silence() -> None:
    """Let whatever this process prints go nowhere, and let it find nothing to read."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    os.close(nowhere)


def end_with(parent: Any) -> None:
    """Sleep until the parent is gone, even if it was killed, and end; a group of one's own ends together.

    Otherwise this process would wait for its next task for ever.
    """
    parent.join()
    with suppress(AttributeError, OSError):
        if os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)
    os._exit(1)
