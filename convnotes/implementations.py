"""Implementations, ours and anybody's: a registered name, an importable module or the path of a .py file.

Whoever has functions of the vocabulary, any part of it, has an implementation; nothing in the package is to be changed.
Of a function that somebody else wrote nothing is known: whoever calls it does so in a process of its own.
"""

import hashlib
import importlib.util
import inspect
import os
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from convnotes import IMPLEMENTATIONS, PEERS
from convnotes.wording import nearest_of, quote, said

# What an implementation may be called in tables, figures and files.
LABEL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,29}")
_MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_NAMES_OF_FILES = "convnotes_implementation_"


class LoadError(Exception):
    """An implementation that cannot be loaded; the message is one sentence."""


@dataclass(frozen=True)
class Implementation:
    """An implementation by its label, which is its name in tables and figures, and its source."""

    label: str
    source: str

    @property
    def is_ours(self) -> bool:
        return self.source in IMPLEMENTATIONS

    @property
    def is_file(self) -> bool:
        return self.source.endswith(".py")

    def load(self) -> ModuleType:
        """The module. Its code is run, whatever that does; LoadError if it cannot be."""
        _look_in(os.getcwd())
        if self.is_file:
            _look_in(str(Path(self.source).resolve().parent))
        try:
            return self._module()
        except BaseException as problem:  # a module may raise anything, SystemExit among it
            if self.source in PEERS and isinstance(problem, ModuleNotFoundError):
                needed = f"the module {problem.name}, which is not installed: pip install 'convnotes[peers]'"
                raise LoadError(f"{self.source} needs {needed}") from None
            what, text = type(problem).__name__, said(problem, 200)
            raise LoadError(f"{quote(self.source)} cannot be loaded ({f'{what}: {text}' if text else what})") from None

    def origin(self) -> dict[str, str]:
        """What it was when it was used: its file's name or module, the SHA-256, and the version of its distribution."""
        if self.is_ours:
            return {}
        path = self.path()
        found = {"source": Path(self.source).name if self.is_file else _module_of(self.source)}
        if path:
            found["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
        if not self.is_file and (version := _version(self.source)):
            found["version"] = version
        return found

    def path(self) -> Path | None:
        """The file that it starts from; None where that is not known."""
        if self.is_file:
            return Path(self.source)
        _look_in(os.getcwd())
        try:
            spec = _spec(_module_of(self.source))
        except (ImportError, ValueError, AttributeError):
            return None
        return Path(spec.origin) if spec and spec.origin and Path(spec.origin).is_file() else None

    def _module(self) -> ModuleType:
        if not self.is_file:
            return importlib.import_module(_module_of(self.source))
        name = _NAMES_OF_FILES + re.sub(r"\W", "_", Path(self.source).stem)
        spec = importlib.util.spec_from_file_location(name, self.source)
        assert spec, "a path that ends in .py has one"
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return sys.modules.get(name, module)  # a module may put something else in its place


def find(text: str) -> Implementation:
    """What is meant by a text: a registered name, a module, a path that ends in .py, perhaps with `label=` before it.

    LoadError if nothing of that name is there. No code of it is run, nor that of the packages that it lies in.

    >>> find("fast").label, find("mine=matmul").label
    ('fast', 'mine')
    """
    label, _, source = ("", "", text) if _is_path(text) or "=" not in text else text.partition("=")
    source = _peer(source)
    if not source:
        raise LoadError(f"an implementation must be a name, a module or the path of a .py file, got {quote(text)}")
    found = Implementation(label, source)
    if found.is_file:
        if not Path(source).is_file():
            raise LoadError(f"{quote(source)} is no file")
        # A file may be called as one of ours is.
        name = Path(source).name if Path(source).stem in IMPLEMENTATIONS else Path(source).stem
        label = label or re.sub(r"[^A-Za-z0-9_.+-]", "_", name).lstrip(".+-")[:30] or "_"
    elif not found.is_ours and (not _MODULE.fullmatch(source) or found.path() is None):
        known = {**IMPLEMENTATIONS, **PEERS}
        hint = nearest_of(source, known)
        hint = hint or ("; the path of a file ends in .py" if os.sep in source else "")
        names = ", ".join(known)
        raise LoadError(f"{quote(source)} is none of {names}, and no module of that name is found{hint}")
    label = label or source[-30:].lstrip(".")
    if not LABEL.fullmatch(label):
        raise LoadError(f"a label must be at most 30 letters, digits and _.+-, got {quote(label)}")
    if label in IMPLEMENTATIONS and label != source:
        raise LoadError(f"a label must be none of {', '.join(IMPLEMENTATIONS)} unless it is that, got {quote(label)}")
    return Implementation(label, source)


def offers(module: ModuleType, operation: str, options: Iterable[str] = ()) -> bool:
    """Whether a module has a function of an operation's name, with parameters for all of these options."""
    there = parameters(module, operation)
    return there is None or ({*options} <= there if there or options else _function(module, operation) is not None)


def parameters(module: ModuleType, operation: str) -> frozenset[str] | None:
    """The parameters of a module's function; empty where there is none, None where any will do or nothing is known."""
    function = _function(module, operation)
    if function is None:
        return frozenset()
    try:
        found = inspect.signature(function).parameters
    except Exception:  # functions in C do not always say, and a signature can be made by anybody's code
        return None
    return None if any(one.kind is one.VAR_KEYWORD for one in found.values()) else frozenset(found)


def _function(module: ModuleType, operation: str) -> Callable[..., Any] | None:
    """A module's function, or whatever else can be called; None where there is none."""
    try:
        function = getattr(module, operation, None)
    except Exception:  # a module can have a __getattr__ of its own
        return None
    return function if callable(function) else None


def _look_in(folder: str) -> None:
    """Let modules be found in a folder, before all others."""
    if folder not in sys.path:
        sys.path.insert(0, folder)


def _peer(source: str) -> str:
    """The name of a peer whose module or file this is: from the folder of its file, it would import itself."""
    for name, module in PEERS.items():
        file = Path(__file__).parents[1].joinpath(*module.split(".")).with_suffix(".py")
        if source == module or (source.endswith(".py") and Path(source).resolve() == file):
            return name
    return source


def _module_of(source: str) -> str:
    """The module that a name is registered for, or that it is itself."""
    return IMPLEMENTATIONS.get(source) or PEERS.get(source, source)


def _is_path(text: str) -> bool:
    """Whether a text as it stands is a file of Python, whatever letters are in its name."""
    return text.endswith(".py") and Path(text).is_file()


def _spec(module: str) -> ModuleSpec | None:
    """Where a module lies; unlike importlib's own, this imports none of the packages around it."""
    top, *inner = module.split(".")
    spec, name = importlib.util.find_spec(top), top
    for part in inner:
        name = f"{name}.{part}"
        spec = PathFinder.find_spec(name, spec.submodule_search_locations or []) if spec else None
    return spec


def _version(module: str) -> str | None:
    """The version of the distribution that a module comes from."""
    import importlib.metadata  # which takes longer to load than the answer to --help

    top = module.partition(".")[0]
    for name in importlib.metadata.packages_distributions().get(top, ()):
        return f"{name} {importlib.metadata.version(name)}"
    return None
