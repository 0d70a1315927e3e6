"""Named problems for tests, notebooks and benchmark: the founding notebook's, series, layers of networks, operations.

`SUITES` holds the cases by suite, `CASES` all of them in order; a case's shapes stand in one file per suite.
"""

from collections.abc import Iterable
from dataclasses import replace
from fnmatch import fnmatchcase

from convnotes.cases import founding, modern, networks, scaling, vocabulary
from convnotes.cases.case import Case

__all__ = ["CASES", "SUITES", "Case", "select"]

_FILES = {"founding": founding, "scaling": scaling, "networks": networks, "modern": modern, "ops": vocabulary}

SUITES = {suite: tuple(replace(case, suite=suite) for case in file.CASES) for suite, file in _FILES.items()}
CASES = tuple(case for cases in SUITES.values() for case in cases)


def select(pattern: str = "*", suites: Iterable[str] = tuple(SUITES)) -> list[Case]:
    """The cases of some suites whose name matches a shell pattern such as "alexnet/*", in order; ValueError if none."""
    offered = [case for suite in suites for case in SUITES[suite]]
    chosen = [case for case in offered if fnmatchcase(case.name, pattern)]
    if not chosen:
        families = dict.fromkeys(case.name.split("/")[0] + "/*" for case in offered)
        raise ValueError(f"cases must match a case of {', '.join(families)}, got {pattern!r}")
    return chosen
