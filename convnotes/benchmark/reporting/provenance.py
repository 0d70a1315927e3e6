"""What stands under every table and figure: the machine, the libraries, the commit and the date, in a sentence each."""

from typing import Any

from convnotes.benchmark import isa

# Others who used more than this of one processor, on average over a run, have disturbed it.
BUSY = 0.1
# Where that is not known: so many more processes than the benchmark's own threads are not others'.
IDLE = 0.5

_BLAS = {"openblas": "OpenBLAS", "mkl": "MKL", "blis": "BLIS", "accelerate": "Accelerate"}


def line(environment: dict[str, Any]) -> str:
    """The line of provenance."""
    e = environment
    blas = e["blas"] or {"name": "BLAS", "version": "unknown", "kernels": None}
    kernels = f" ({blas['kernels']})" if blas["kernels"] else ""
    versions = [f"Python {e['python']}", f"NumPy {e['numpy']}"]
    if e["torch_threads"]:
        versions.append(f"torch {e['torch']}")
    machine = [e["cpu"], _count(e["cores"], "core"), _count(e["threads"], "thread"), e["dtype"], *instructions(e)]
    if e["device"] != "cpu":
        machine.insert(0, e["gpu"] or e["device"])
    parts = [
        ", ".join(machine),
        f"{_BLAS.get(blas['name'], blas['name'])} {blas['version']}{kernels}",
        ", ".join(versions),
        _code(e),
        e["date"][:10],
        *foreign(e),
    ]
    return "; ".join(parts)


def asked(environment: dict[str, Any]) -> str:
    """Which instructions the run asked for; a run of a time before there was a choice asked for none."""
    return environment["options"].get("isa", isa.NATIVE)


def instructions(environment: dict[str, Any]) -> list[str]:
    """What held NumPy and torch: the run itself, or the variables that its user had set."""
    if (name := asked(environment)) != isa.NATIVE:
        return [f"{name.upper()} only"]
    return [f"{name}={value}" for name, value in environment.get("kernels", {}).get("variables", {}).items()]


def foreign(environment: dict[str, Any]) -> list[str]:
    """Those implementations that are none of ours, each with its file or module and what of it was measured."""
    found = []
    for label in environment["options"].get("implementations", ()):
        if origin := environment.get("origins", {}).get(label):
            exact = origin.get("version") or origin.get("sha256", "")[:10]
            found.append(f"{label}: {' '.join(filter(None, [origin['source'], exact]))}")
    return found


def _code(environment: dict[str, Any]) -> str:
    """What was measured: the commit, or where there is no git the version, which older results lack."""
    if environment["commit"] or not environment.get("version"):
        return f"commit {environment['commit'] or 'unknown'}"
    return f"convnotes {environment['version']}"


def settings(environment: dict[str, Any]) -> str:
    """How the measurements were chosen."""
    o = environment["options"]
    if found := environment.get("layers"):
        layers, file = _count(len(found["times"]), "layer"), o.get("layers", "a file")
        chosen = f"{layers} of `{file}` (SHA-256 {found['sha256'][:10]})"
    else:
        batch = "batches as the suites have them" if o["batch"] is None else f"{_count(o['batch'], 'image')} in a batch"
        cases = "" if o["cases"] in (None, "*") else f", cases `{o['cases']}`"
        chosen = f"Suites {', '.join(o['suite'])}{cases}, {batch}"
    held = f" NumPy and torch were held to {asked(environment).upper()}." if asked(environment) != isa.NATIVE else ""
    return (
        f"{chosen}; {_count(o['rounds'], 'round')} over all problems with at "
        f"most {_count(o['repeats'], 'repeat')} each; calls longer than {o['limit']:g} s not run.{held}"
    )


def ceilings(best: dict[str, float]) -> str:
    """What the machine did at best in the same run, as `summary.ceilings` finds it; nothing if it was not asked."""
    found = []
    if "gflops" in best:
        found.append(f"a product of two large matrices reached {best['gflops']:.0f} GFLOP/s")
    if "gigabytes_per_second" in best:
        found.append(f"a large copy moved {best['gigabytes_per_second']:.1f} GB/s (read and written)")
    return f"In the same run and with the same threads, {', and '.join(found)}." if found else ""


def warning(environment: dict[str, Any]) -> str | None:
    """A sentence where something else ran beside the benchmark.

    That is known from the processor time of others, or else, as of earlier runs, from the load of the last minute.
    """
    load, threads = environment["load"], environment["threads"]
    if (others := load.get("others")) is not None:
        if others <= BUSY:
            return None
        found = f"other processes used {others:.2f} of a processor on average"
    elif (load["after"] or 0) <= threads + IDLE:
        return None
    else:
        found = f"its load average was {load['after']} at the end, with {_count(threads, 'thread')} in use"
    return f"The machine was busy: {found}. These times may be too long."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
