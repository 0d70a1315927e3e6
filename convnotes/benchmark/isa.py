"""Which instructions of the processor NumPy and torch use: what they choose themselves, or AVX2 at most.

Held to AVX2, a processor with AVX-512 is measured as if it had none: a second machine on every machine. A library reads
its variable once, when it is loaded, so `VARIABLES` are set before a process starts. What the libraries then do is read
back in that process by `in_force`.

Importing this module loads nothing but the standard library.
"""

import os
import sys
from typing import Any

from convnotes.benchmark import Refused

NATIVE, AVX2 = "native", "avx2"

VARIABLES = {
    NATIVE: {},
    AVX2: {
        "OPENBLAS_CORETYPE": "Haswell",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        # What is no matrix product, such as a maximum. NumPy's names were others before 2.4; it skips unknown ones.
        "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR",
    },
}
# Whose kernels `in_force` reads, as a sentence calls them, and which of these are AVX2's. NumPy's own had another name
# before 2.4. oneDNN and MKL, which are parts of torch, tell nothing.
_LIBRARIES = {"blas": "NumPy's BLAS", "numpy": "NumPy", "torch": "torch"}
_KERNELS = {AVX2: {"blas": ("Haswell",), "numpy": ("X86_V3", "AVX2"), "torch": ("AVX2",)}}


def in_force() -> dict[str, Any]:
    """What holds in this process: the kernels of its libraries, None where they tell nothing, and the variables set.

    torch is asked where it is loaded.
    """
    from numpy.lib.introspect import opt_func_info
    from threadpoolctl import threadpool_info

    blas = [library.get("architecture") for library in threadpool_info() if library["user_api"] == "blas"]
    loops = opt_func_info(func_name="^maximum$", signature="float32").get("maximum", {})
    torch = sys.modules.get("torch")
    names = dict.fromkeys(name for variables in VARIABLES.values() for name in variables)
    return {
        "blas": blas[0] if blas else None,
        "numpy": next((found["current"] for found in loops.values()), None),
        "torch": torch.backends.cpu.get_cpu_capability() if torch else None,
        "variables": {name: os.environ[name] for name in names if name in os.environ},
    }


def refuse_lacking(isa: str) -> None:
    """Refuse what the processor cannot do: told to all the same, a library would end its process."""
    # The one list of them that every system has; `numpy.show_runtime` prints it.
    from numpy._core._multiarray_umath import __cpu_features__ as features  # type: ignore[import-not-found]

    if isa == AVX2 and not features.get("AVX2"):
        raise Refused(f"--isa must be {NATIVE} on a processor without AVX2, got {isa!r}")


def refuse_disobeyed(isa: str, found: dict[str, Any]) -> None:
    """Refuse to go on with other kernels than were asked for; `found` is what `in_force` has read back.

    A torch that is not loaded is not measured. A BLAS that tells nothing may do anything; OpenBLAS tells and obeys.
    """
    for library, allowed in _KERNELS.get(isa, {}).items():
        kernels = found[library]
        if kernels in allowed or (library == "torch" and kernels is None):
            continue
        used = f"uses {kernels} instead of" if kernels else "does not say that it uses"
        raise Refused(f"--isa must be one that {_LIBRARIES[library]} obeys, got {isa!r}: it {used} {allowed[0]}")
