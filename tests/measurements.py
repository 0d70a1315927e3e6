"""Measurements made up here, of every suite and in plausible sizes, the same at every call."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from convnotes.benchmark.storing import costs, files, reading, records
from convnotes.benchmark.storing.schema import OF_NETWORKS
from convnotes.cases import CASES

ENVIRONMENT = {
    "cpu": "Some CPU",
    "gpu": None,
    "cores": 4,
    "threads": 1,
    "dtype": "float32",
    "device": "cpu",
    "python": "3.11.7",
    "numpy": "2.4.6",
    "torch": "2.13.0",
    "commit": "0123456789",
    "date": "2026-01-02T03:04:05+00:00",
    "options": {"suite": ["founding"], "cases": None, "rounds": 2, "repeats": 3, "limit": 2.0, "batch": None},
    "blas": {"name": "openblas", "version": "0.3.31", "threads": 1, "kernels": "Zen"},
    "torch_threads": 1,
    "load": {"before": 0.1, "after": 1.0},
}

# Seconds for each multiply-add, and seconds that a call takes at least.
SPEEDS = {"naive": (5e-7, 2e-5), "matmul": (3.2e-11, 8e-5), "fast": (2.4e-11, 5e-5), "torch": (2.2e-11, 2e-5)}
GRADIENTS = {"_grad_input": 1.4, "_grad_weight": 1.2}
STEPS = {"im2col": 0.45, "product": 0.4, "reshape": 0.15}
LIMIT = 1.0  # seconds, above which a call is not run


def rows(case, operation, implementation, seconds=(), **facts) -> list[dict]:
    """The records of one call: `seconds` holds a list for each round, or the timings of a single round."""
    common = {
        **{"suite": "networks", "case": case, "batch": 1, "channels_in": 3, "channels_out": 4, "side": 16},
        **{"kernel": 3, "stride": 1, "groups": 1, "operation": operation, "implementation": implementation},
        **{"step": "", "device": "cpu", "dtype": "float32", "threads": 1, "status": "measured"},
        **{"error": 3e-7, "definition": "naive", "multiply_adds": 1_000_000, "bytes": 2_000_000},
        **{"workspace_bytes": 2**21, "peak_bytes": 2**22, **facts},
    }
    rounds = seconds if len(seconds) and isinstance(seconds[0], list) else [seconds]
    timed = [
        {**common, "round": turn, "repeat": i, "seconds": s, "loops": 1}
        for turn, times in enumerate(rounds)
        for i, s in enumerate(times)
    ]
    return timed or [common]


def ceilings(gflops=100.0, gigabytes_per_second=20.0) -> list[dict]:
    """The machine's ceilings, each measured in two rounds, of which the second is the better."""
    sizes = {"matrix product": {"multiply_adds": 2**33}, "copy": {"bytes": 2**28}}
    best = {"matrix product": 2 * 2**33 / gflops / 1e9, "copy": 2**28 / gigabytes_per_second / 1e9}
    none = {"multiply_adds": None, "bytes": None, "error": None, "workspace_bytes": None, "peak_bytes": None}
    found = []
    for operation, seconds in best.items():
        facts = {"suite": "machine", **none, **sizes[operation]}
        found += rows("ceiling", operation, "numpy", [[1.2 * seconds], [seconds]], **facts)
    return found


def write(folder: Path, found: list[dict], environment=ENVIRONMENT) -> Path:
    """Store records and an environment as a run does."""
    store(folder, pd.DataFrame(found, columns=list(records.COLUMNS)).to_csv(index=False))
    (folder / records.ENVIRONMENT).write_text(json.dumps(environment, indent=2))
    return folder


def store(folder: Path, text: str) -> None:
    """Put a text in the place of the measurements."""
    (folder / records.MEASUREMENTS).write_bytes(files.packed(text))


def text(folder: Path) -> str:
    """The text of the measurements."""
    return reading.unpacked((folder / records.MEASUREMENTS).read_bytes()).decode()


def everything(implementations=("naive", "matmul", "torch"), rounds=3, cases=CASES) -> list[dict]:
    """Cases of the project, the networks' at batch 1 and 8, with noise; naive is not run where it would be slow."""
    rng = np.random.default_rng(0)
    found = ceilings()
    for case in cases:
        for one in [case, case.with_batch(8)] if case.suite in OF_NETWORKS else [case]:
            for operation in one.operations:
                for name in implementations:
                    found += _call(one, operation, name, rounds, rng)
    return found


def _call(case, operation, name, rounds, rng) -> list[dict]:
    rate, least = SPEEDS[name]
    size = costs.multiply_adds(case, operation)
    slower = next((factor for ending, factor in GRADIENTS.items() if operation.endswith(ending)), 1.0)
    seconds = least + rate * size * slower * rng.lognormal(0, 0.2)
    facts = costs.facts(case, operation) | {"multiply_adds": size, "bytes": costs.compulsory_bytes(case, operation, 4)}
    facts["workspace_bytes"] = costs.workspace_bytes(case, operation, name, 4)
    facts |= {
        "error": 1e-7 * rng.lognormal(0, 0.7),
        "peak_bytes": None if name == "torch" else round(1.2 * facts["bytes"]),
    }
    if name == "matmul":
        facts["peak_bytes"] = facts["bytes"] // 3 + facts["workspace_bytes"]
    del facts["case"], facts["operation"]
    if seconds > LIMIT:
        facts |= {"status": "not run", "estimate_seconds": seconds, "error": None, "peak_bytes": None}
        return rows(case.name, operation, name, **facts)
    found = rows(case.name, operation, name, _times(seconds, rounds, rng), **facts)
    if name == "matmul" and operation == "conv2d":
        facts |= {"bytes": None, "workspace_bytes": None, "peak_bytes": None}
        for step, share in STEPS.items():
            times = _times(seconds * share * rng.lognormal(0, 0.3), rounds, rng)
            found += rows(case.name, operation, name, times, **{**facts, "step": step})
    return found


def _times(seconds, rounds, rng) -> list[list[float]]:
    return [list(seconds * rng.lognormal(0, 0.02) * rng.lognormal(0, 0.03, 3)) for _ in range(rounds)]
