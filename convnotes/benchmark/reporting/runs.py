"""The full runs that lie side by side in a folder of results, each of another machine."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from convnotes import IMPLEMENTATIONS
from convnotes.benchmark.reporting import provenance
from convnotes.benchmark.storing import machine, records

# What a full run has at least, whatever suites were added since, and with which options.
SUITES = {"founding", "scaling", "networks", "ops"}
FULL = {"device": "cpu", "threads": 1, "dtype": "float32", "batch": None, "quick": False}


class Run(NamedTuple):
    """A run: its folder, its summary, and its environment."""

    folder: Path
    summary: pd.DataFrame
    environment: dict[str, Any]

    @property
    def line(self) -> str:
        """Its line of provenance."""
        return provenance.line(self.environment)


def full(results: Path) -> dict[str, Run]:
    """The full runs on one thread in the folders of `results`, by their folders' names, this machine's first.

    A folder of another run, such as a quick one, is left out. ValueError if there is none.
    """
    found = {}
    for path in sorted(results.glob(f"*/{records.ENVIRONMENT}")):
        environment = json.loads(path.read_text(encoding="utf-8"))
        if _is_full(environment["options"]) and (path.parent / records.SUMMARY).exists():
            found[path.parent.name] = Run(path.parent, pd.read_csv(path.parent / records.SUMMARY), environment)
    if not found:
        raise ValueError(f"results must hold the folder of a full run of `convnotes benchmark`, got {str(results)!r}")
    mine = machine.folder_name()
    return {name: found[name] for name in sorted(found, key=lambda name: name != mine)}


def _is_full(options: dict[str, Any]) -> bool:
    whole = options["cases"] in (None, "*") and set(IMPLEMENTATIONS) <= set(options["implementations"])
    return whole and SUITES <= set(options["suite"]) and FULL.items() <= options.items()
