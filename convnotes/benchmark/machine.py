"""The machine and the libraries that a measurement was made with. Names of hosts, users and folders are left out."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from convnotes import __version__

PACKAGE = Path(__file__).parents[1]


def cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load() -> float | None:
    """The processes that were running or waiting on average in the last minute, where the system tells."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def describe(dtype: str, device: str, threads: int) -> dict:
    """What a line of provenance says, but for the libraries' own threads."""
    return {
        "cpu": _cpu(),
        "cores": cores(),
        "system": platform.system(),
        "threads": threads,
        "dtype": dtype,
        "device": device,
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "torch": version("torch"),
        "commit": _commit(),
        "version": __version__,
        "date": now(),
    }


def now() -> str:
    """The date and time in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def libraries(torch_too: bool) -> dict:
    """The BLAS of NumPy, the threads in force in this process and the GPU; None for what is not there."""
    from threadpoolctl import threadpool_info

    found = [library for library in threadpool_info() if library["user_api"] == "blas"]
    names = {"name": "internal_api", "version": "version", "threads": "num_threads", "kernels": "architecture"}
    blas = {name: found[0].get(key) for name, key in names.items()} if found else None
    if not torch_too:
        return {"blas": blas, "torch_threads": None, "gpu": None}
    import torch

    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return {"blas": blas, "torch_threads": torch.get_num_threads(), "gpu": gpu}


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _commit() -> str | None:
    """The commit the package stands at, if it lies in its own repository, and whether it was changed since."""
    if _git("rev-parse", "--show-toplevel") != str(PACKAGE.parent.resolve()):
        return None
    commit = _git("rev-parse", "--short=10", "HEAD")
    return commit and commit + (" + changes" if _git("status", "--porcelain", "--", PACKAGE.name) else "")


def _git(*arguments) -> str | None:
    try:
        done = subprocess.run(["git", "-C", PACKAGE.parent, *arguments], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
