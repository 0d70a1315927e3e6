"""The environment of a run: the machine, the libraries and the options, stored before anything is measured."""

import json
from dataclasses import asdict
from pathlib import Path

from convnotes.benchmark import Refused, files, machine, records
from convnotes.benchmark.options import Options

# What must be the same for a run to go on: all that is known of it, but for its dates and loads.
CHANGING = ("date", "load", "sessions")


def stored(folder: Path) -> bool:
    """Whether a run has begun there: its environment is written before anything else."""
    return (folder / records.ENVIRONMENT).exists()


def describe(options: Options, libraries: list[dict]) -> dict:
    """The environment as it is now; `libraries` as the worker processes found them."""
    given = {name: value for name, value in asdict(options).items() if name not in ("out", "resume")}
    found = {name: [one[name] for one in libraries if one[name]] for name in ("blas", "torch_threads", "gpu")}
    return {
        **machine.describe(options.dtype, options.device, options.threads),
        "options": given | {"cases": options.cases or "*"},
        **{name: values[0] if values else None for name, values in found.items()},
    }


def write(folder: Path, environment: dict) -> None:
    """Store the environment beside the measurements."""
    files.write(folder / records.ENVIRONMENT, json.dumps(environment, indent=2) + "\n")


def read(folder: Path, now: dict) -> dict:
    """The environment that a run began with; refuses to go on with it in another one."""
    try:
        before = json.loads((folder / records.ENVIRONMENT).read_text(encoding="utf-8"))
        names = [name for name in before if name not in CHANGING]
        sessions = [session["date"] for session in before["sessions"]]
    except (ValueError, TypeError, KeyError):
        sessions = []
    if not sessions:
        raise Refused(f"--resume must find a readable {records.ENVIRONMENT} in {str(folder)!r}, or it be deleted")
    now = json.loads(json.dumps(now))
    for name in dict.fromkeys([*names, *(name for name in now if name not in CHANGING)]):
        old, new = before.get(name), now.get(name)
        if old == new:
            continue
        if name == "options":
            key = next(key for key in (*new, *old) if old.get(key) != new.get(key))
            name, old, new = f"--{key}", old.get(key), new.get(key)
        raise Refused(f"--resume must go on with the same {name} as the unfinished run, {old!r}, got {new!r}")
    return before


def largest_load(sessions, key) -> float | None:
    """The largest load of all sessions, where it is known of any."""
    return max((session[key] for session in sessions if session[key] is not None), default=None)
