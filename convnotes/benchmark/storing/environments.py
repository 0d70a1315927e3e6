"""The environment of a run: the machine, the libraries and the options, stored before anything is measured."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from convnotes.benchmark import Refused
from convnotes.benchmark.storing import files, machine, reading, records, schema
from convnotes.benchmark.storing.kinds import short
from convnotes.benchmark.storing.options import Options

# What must be the same for a run to go on: all that is known of it, but for its dates and loads.
CHANGING = ("date", "load", "sessions")


def stored(folder: Path) -> bool:
    """Whether a run has begun there: its environment is written before anything else."""
    return (folder / records.ENVIRONMENT).exists()


def describe(options: Options, libraries: list[dict[str, Any]]) -> dict[str, Any]:
    """The environment as it is now; `libraries` as the worker processes found them."""
    found = {name: [one[name] for one in libraries if one[name]] for name in ("blas", "torch_threads", "gpu")}
    # torch's are known where it is loaded alone.
    kernels = {key: value for one in libraries for key, value in one["kernels"].items() if value is not None}
    facts = machine.describe(options.dtype, options.device, options.threads)
    origins = {one.label: _lines(one.origin() or {"source": one.source}) for one in options.foreign}
    return {
        **_lines(facts),
        **({"origins": origins} if origins else {}),
        "options": options.of_results() | {"cases": options.cases or "*"},
        **({"layers": options.network.stored()} if options.network else {}),
        **{name: values[0] if values else None for name, values in found.items()},
        "kernels": kernels | {"variables": _lines(kernels["variables"])},
    }


def _lines(facts: dict[str, Any]) -> dict[str, Any]:
    """Facts whose texts are such as a file can hold."""
    return {name: schema.NOTE.nearest(fact) if isinstance(fact, str) else fact for name, fact in facts.items()}


def write(folder: Path, environment: dict[str, Any]) -> None:
    """Store the environment beside the measurements."""
    files.write(folder / records.ENVIRONMENT, json.dumps(environment, indent=2) + "\n")


def read(folder: Path, now: dict[str, Any]) -> dict[str, Any]:
    """The environment that a run began with; refuses to go on with it in another one."""
    try:
        before = reading.environment((folder / records.ENVIRONMENT).read_text(encoding="utf-8-sig"), schema.UNFINISHED)
    except ValueError as problem:
        raise Refused(
            f"--resume must find a readable {records.ENVIRONMENT} in {str(folder)!r}, or it be deleted ({problem})"
        ) from None
    now = json.loads(json.dumps(now))
    for name in dict.fromkeys(name for name in (*before, *now) if name not in CHANGING):
        old, new = before.get(name), now.get(name)
        if old == new:
            continue
        if name in ("options", "origins") and old and new:
            key = next(key for key in (*new, *old) if old.get(key) != new.get(key))
            name, old, new = f"--{key}" if name == "options" else key, old.get(key), new.get(key)
        if name == "layers" and old and new:
            name, old, new = "layers file, by its SHA-256,", old["sha256"], new["sha256"]
        raise Refused(f"--resume must go on with the same {name} as the unfinished run, {short(old)}, got {short(new)}")
    return before


def largest_load(sessions: Iterable[Mapping[str, Any]], key: str) -> float | None:
    """The largest load of all sessions, where it is known of any."""
    return max((session[key] for session in sessions if session.get(key) is not None), default=None)
