"""Where a run's results go without --out: every machine has a folder, and a run that is narrowed one of its own."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from convnotes.benchmark import Refused, isa
from convnotes.benchmark.storing import machine, reading, records, schema
from convnotes.benchmark.storing.options import Options
from convnotes.benchmark.terminal.output import shorten

RESULTS, QUICK, PARTIAL = Path("results"), Path("results/quick"), Path("results/partial")

# Options that make another machine of this one, and narrow nothing.
CONDITIONS = ("device", "threads", "isa", "dtype")

# Longer names are cut; what was cut is in the letters and digits at their end.
LONGEST = 60


def narrowed(options: Mapping[str, Any], whole: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a run's options that are not as in a whole run."""
    return {name: options.get(name) for name in whole if _plain(options.get(name)) != _plain(whole[name])}


def folder(options: Mapping[str, Any], whole: Mapping[str, Any]) -> Path:
    """Where the results of a run go; `whole` holds the options of a full run, or of a --quick one."""
    found = narrowed(options, whole)
    if options["quick"]:
        return PARTIAL / slug({"quick": True} | found) if found else QUICK
    if set(found) <= set(CONDITIONS):
        return Path("_".join(filter(None, [str(of_this_machine()), slug(found)])))
    return PARTIAL / slug(found)


def of_this_machine() -> Path:
    """Where the results of a full run of this machine go."""
    return RESULTS / machine.folder_name()


def slug(options: Mapping[str, Any]) -> str:
    """A file's name that says which options these are; two that differ have two names.

    >>> slug({"threads": 2, "implementations": ("fast", "torch")})
    'threads-2_implementations-fast+torch'
    """
    exact = "_".join(name if value is True else f"{name}-{_text(value)}" for name, value in options.items())
    name = re.sub(r"[^a-z0-9.+_-]+", "-", exact.lower()).strip("-")
    if name == exact and len(name) <= LONGEST:
        return name
    return f"{name[:LONGEST].rstrip('-')}-{hashlib.sha256(exact.encode()).hexdigest()[:8]}"


def refuse_other_runs(options: Options) -> None:
    """Refuse to replace what a run of other options, or of another machine, has left in the folder of this one.

    A run of fewer suites is replaced: this one measures again what it holds, as when a version has one suite more.
    """
    out = options.out
    if not records.measurements(out).exists():
        return
    try:
        text = (out / records.ENVIRONMENT).read_text(encoding="utf-8-sig")
        environment = reading.environment(text, schema.ENVIRONMENT)
        stored = {"isa": isa.NATIVE} | environment["options"]
        now = options.of_results()
        different = narrowed(stored, now)
        if set(stored.get("suite", "")) < set(now["suite"]):
            del different["suite"]
        other = [f"--{name} {_text(stored.get(name, 'unknown'), ',')}" for name in different]
        here = {"cpu": machine.cpu(), "cores": machine.cores()}
        other += [f"{name} {environment[name]}" for name in narrowed(environment, here)]
    except (OSError, ValueError):
        other = ["all unknown"]
    if other:
        found = shorten(", ".join(other), 200)
        raise Refused(f"--out {out} must be given to replace what is in {str(out)!r}, another run ({found})")


def _plain(value: Any) -> Any:
    """A value as JSON gives it back; every case is as good as none chosen."""
    return None if value == "*" else list(value) if isinstance(value, tuple) else value


def _text(value: Any, comma: str = "+") -> str:
    return comma.join(map(str, value)) if isinstance(value, (tuple, list)) else str(value)
