"""The machine and the libraries that a measurement was made with. Names of hosts, users and folders are left out."""

import os
import platform
import re
import subprocess
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from convnotes import __version__
from convnotes.benchmark import isa

PACKAGE = Path(__file__).parents[2]
# The letters of a machine's name, at most.
LONGEST = 40


def cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load() -> float | None:
    """The processes that were running or waiting on average in the last minute, where the system tells."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def memory() -> int | None:
    """The bytes of memory that this process may use, where the system tells."""
    found = []
    with suppress(ValueError, OSError, AttributeError):
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    with suppress(ImportError, OSError):
        import resource

        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        found += [limit] if limit != resource.RLIM_INFINITY else []
    with suppress(ValueError, OSError):
        found.append(int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="utf-8")))
    return min((bytes for bytes in found if bytes > 0), default=None)


def busy() -> float | None:
    """The seconds that processors have worked for others than this process and its children that have ended.

    Of the processors that this process may use, and with what the host of a virtual machine took from it. Two such
    numbers differ by what others have used in between. None where the system does not tell.
    """
    try:
        lines = Path("/proc/stat").read_text(encoding="utf-8").splitlines()
        used = {f"cpu{number}" for number in os.sched_getaffinity(0)}
        fields = [line.split() for line in lines]
        # user, nice, system, [idle, iowait, irq, softirq,] steal
        ticks = sum(int(found[i]) for found in fields if found[0] in used for i in (1, 2, 3, 8))
        own = os.times()
        return ticks / os.sysconf("SC_CLK_TCK") - sum(own[:4]) if ticks else None
    except (AttributeError, OSError, ValueError, IndexError):
        return None


def describe(dtype: str, device: str, threads: int) -> dict[str, Any]:
    """What a line of provenance says, but for the libraries' own threads."""
    return {
        "cpu": cpu(),
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


def libraries(torch_too: bool) -> dict[str, Any]:
    """The BLAS of NumPy, the threads and kernels in force in this process, the GPU; None for what is not there."""
    from threadpoolctl import threadpool_info

    found = [library for library in threadpool_info() if library["user_api"] == "blas"]
    names = {"name": "internal_api", "version": "version", "threads": "num_threads", "kernels": "architecture"}
    blas = {name: found[0].get(key) for name, key in names.items()} if found else None
    known = {"blas": blas, "torch_threads": None, "gpu": None, "kernels": isa.in_force()}
    if not torch_too:
        return known
    import torch

    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return known | {"torch_threads": torch.get_num_threads(), "gpu": gpu}


def cpu() -> str:
    """What the processor says that it is."""
    return _cpuinfo("model name") or platform.processor() or platform.machine()


def folder_name() -> str:
    """A name for this machine's results: its processor's, in letters, digits and hyphens.

    Virtual machines call many processors the same. A name without a number has the widest instructions added to it.
    """
    plain = re.sub(r"\((r|tm)\)|@.*|\b(cpu|processor)\b", " ", cpu().lower())
    words = re.findall(r"[a-z0-9]+", plain)
    if not any(map(str.isdigit, "".join(words))):
        flags = _cpuinfo("flags").split()
        words += [name for flag, name in (("avx512f", "avx512"), ("avx2", "avx2")) if flag in flags][:1]
    return "-".join(words)[:LONGEST].strip("-") or "unknown"


def _cpuinfo(field: str) -> str:
    """What Linux knows of the first processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(field) and ":" in line), "")


def _commit() -> str | None:
    """The commit the package stands at, if it lies in its own repository, and whether it was changed since."""
    top = _git("rev-parse", "--show-toplevel")
    try:
        if not top or not os.path.samefile(os.fsdecode(top), PACKAGE.parent):
            return None
    except (OSError, ValueError):
        return None
    commit = _git("rev-parse", "--short=10", "HEAD")
    changes = _git("status", "--porcelain", "--", PACKAGE.name)
    return commit.decode("ascii", "replace") + (" + changes" if changes else "") if commit else None


def _git(*arguments: str) -> bytes | None:
    """What git answers, in bytes: a path in it has the encoding of the file system and not that of the locale."""
    try:
        done = subprocess.run(["git", "-C", PACKAGE.parent, *arguments], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.removesuffix(b"\n")
