"""A network's source is other people's code: how it is found and run, so that whatever it does ends in a sentence."""

import contextlib
import importlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from convnotes.layers import LayersError
from convnotes.wording import nearest_of, quote

FORM = "module:callable, file.py:callable or file.onnx"
_OWN = "__convnotes_source__"


def shown(source: str) -> str:
    """A source as it can stand in a sentence."""
    return source if source.isprintable() and len(source) <= 100 else quote(source)


def said(problem: BaseException) -> str:
    """The type of an exception and the first line of its text."""
    try:
        text = str(problem).strip().partition("\n")[0]
    except Exception:  # its own __str__ can be wrong too
        text = ""
    text = "".join(one if one.isprintable() else "?" for one in text[:300])
    return f"{type(problem).__name__}: {text}" if text else type(problem).__name__


@contextlib.contextmanager
def answering(sentence: Callable[[], str]) -> Iterator[None]:
    """Whatever is raised in the block, but for Ctrl-C, becomes a LayersError: the sentence, and what was raised."""
    try:
        yield
    except (LayersError, KeyboardInterrupt):
        raise
    except BaseException as problem:  # SystemExit among it
        raise LayersError(f"{sentence()}: {said(problem)}") from None


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """What is printed on stdout in the block goes to stderr, also that of processes that are started in it."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stdout.flush()
    kept = None
    with contextlib.suppress(OSError):
        kept = os.dup(1)
        os.dup2(2, 1)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        with contextlib.suppress(OSError, ValueError, AttributeError):
            sys.__stdout__.flush()  # type: ignore[union-attr]  # None has an AttributeError
        if kept is not None:
            os.dup2(kept, 1)
            os.close(kept)


@contextlib.contextmanager
def opened(source: str) -> Iterator[object]:
    """What `module:name` or `file.py:name` stands for, for the length of the block, in which its imports work.

    LayersError where the module cannot be imported or has no such name.
    """
    place, colon, name = source.rpartition(":")
    if not colon or not place or not name:
        raise LayersError(f"SOURCE must be {FORM}, got {quote(source)}")
    is_file = place.endswith(".py")
    if is_file and not os.path.isfile(place):
        raise LayersError(f"{shown(place)} must be a Python file, and there is none")
    before = list(sys.path)
    # As for a script: what lies beside a file can be imported by it, and what lies here by its name.
    sys.path.insert(0, str(Path(place).resolve().parent) if is_file else os.getcwd())
    try:
        with answering(lambda: f"{shown(place)} cannot be imported"):
            module = _of_file(place) if is_file else importlib.import_module(place)
        found = module
        for part in name.split("."):
            if not hasattr(found, part):
                raise LayersError(f"{shown(place)} has no {quote(part)}{nearest_of(part, _callables(found))}")
            found = getattr(found, part)
        yield found
    finally:
        sys.path[:] = before
        sys.modules.pop(_OWN, None)


def _of_file(place: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(_OWN, place)
    assert spec, "a path that ends in .py has one"
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[_OWN] = module
    spec.loader.exec_module(module)
    return module


def _callables(thing: object) -> list[str]:
    return [name for name, value in vars(thing).items() if callable(value) and not name.startswith("_")]


def refuse_arguments(thing: Any, source: str) -> None:
    """Refuse what cannot be called without arguments."""
    if not callable(thing):
        raise LayersError(f"{shown(source)} must be a torch.nn.Module or return one, got {quote(thing)}")
    try:
        signature = inspect.signature(thing)
    except (ValueError, TypeError):
        return
    try:
        signature.bind()
    except TypeError:
        needed = [one.name for one in signature.parameters.values() if one.default is one.empty]
        raise LayersError(
            f"{shown(source)} must need no arguments, got one that needs {', '.join(needed)}; "
            "a function that makes the network can give them"
        ) from None
