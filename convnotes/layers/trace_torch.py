"""The layers of a torch network: it runs once, and all its calls of torch are looked at, by whatever module."""

import copy
import math
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from convnotes.cases import Case
from convnotes.layers import LayersError, sources, torch_calls
from convnotes.layers.traced import LeftOut, Traced
from convnotes.wording import quote

# A network that runs on no meta device gets an input of numbers, which then must fit in memory.
MOST_ENTRIES = 10**9

_OF_TORCH = {f"torch.nn.modules.{name}" for name in ("conv", "pooling", "normalization")}


def trace(source: str, input_size: tuple[int, ...]) -> Traced:
    """The layers of the network that `module:callable` or `file.py:callable` makes, or is, in the order they first run.

    LayersError where there is no such network, or it cannot be made, or its forward fails. What it prints on stdout
    goes to stderr.
    """
    import torch

    name = sources.shown(source)
    before = torch.get_default_dtype()
    try:
        torch.set_default_dtype(torch.float32)
        with sources.quiet(), sources.opened(source) as found, sources.answering(lambda: f"{name} cannot be used"):
            if isinstance(found, torch.nn.Module):
                return layers_of(found, input_size, name)
            sources.refuse_arguments(found, source)
            make: Any = found
            return _on_either_device(lambda device: _made(make, device, name), input_size, name)
    finally:
        torch.set_default_dtype(before)


def layers_of(module: Any, input_size: tuple[int, ...], name: str = "the network") -> Traced:
    """The layers of a torch.nn.Module, which runs once in eval mode, without its numbers where it can do without.

    input_size: the shape (N, C, H, W) of its input
    LayersError where its forward fails; `name` is what the network is called there
    """
    return _on_either_device(lambda device: _without_numbers(module) if device == "meta" else module, input_size, name)


def _on_either_device(module: Callable[[str], Any], input_size: tuple[int, ...], name: str) -> Traced:
    """The trace on the meta device, which has shapes and no numbers, or else on the CPU."""
    try:
        return _Run(module("meta"), name).trace(input_size, "meta")
    except Exception:
        if math.prod(input_size) > MOST_ENTRIES:
            raise
    return _Run(module("cpu"), name).trace(input_size, "cpu")


def _made(make: Callable[[], Any], device: str, name: str) -> Any:
    import torch

    with sources.answering(lambda: f"{name} fails where it makes the network"), torch.device(device):
        module = make()
    if not isinstance(module, torch.nn.Module):
        raise LayersError(f"{name} must return a torch.nn.Module, got {type(module).__name__} {quote(module)}")
    return module


def _without_numbers(module: Any) -> Any:
    """A copy of a module on the meta device; what it holds in memory is not copied."""
    import torch

    tensors = {id(one): torch.nn.Parameter(one.to("meta"), one.requires_grad) for one in module.parameters()}
    tensors |= {id(one): one.to("meta") for one in module.buffers()}
    return copy.deepcopy(module, tensors)


@dataclass
class _Frame:
    """A module that is running, and whether a module or a layer has run in it."""

    module: object
    busy: bool = False


class _Run:
    """One run of a network, and what is seen of it."""

    def __init__(self, module: Any, name: str) -> None:
        # What torch.compile gives holds the module itself.
        self.module = getattr(module, "_orig_mod", module)
        self.name = name
        self.traced = Traced()
        self.running: list[_Frame] = []
        self.names: dict[int, str] = {}
        for path, one in self.module.named_modules():
            self.names.setdefault(id(one), path)

    def trace(self, input_size: tuple[int, ...], device: str) -> Traced:
        import torch
        from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

        dtypes = [one.dtype for one in self.module.parameters() if one.dtype.is_floating_point]
        with sources.answering(self._where), ExitStack() as stack:
            for one in self.module.modules():
                stack.callback(setattr, one, "training", one.training)
            self.module.eval()
            if any(hasattr(one, "_orig_mod") for one in self.module.modules()):
                # What is compiled takes long to be so, and calls no torch that is seen.
                stack.enter_context(torch.compiler.set_stance("force_eager"))
            stack.enter_context(torch.no_grad())
            stack.enter_context(torch.device(device))
            drawn = torch.rand(tuple(input_size), dtype=dtypes[0] if dtypes else torch.float32)
            for hook in (
                register_module_forward_pre_hook(self._enter),
                register_module_forward_hook(self._leave),
            ):
                stack.callback(hook.remove)
            stack.enter_context(_mode(self._call))
            self.module(drawn)
        return self.traced

    def _where(self) -> str:
        """The start of a sentence about a failure, with the layer in which it happened."""
        layer = self._path(self.running[-1].module) if self.running else ""
        return f"{self.name} fails in its layer {quote(layer)}" if layer else f"{self.name} fails in its forward"

    def _path(self, module: Any) -> str:
        return self.names.get(id(module), type(module).__name__)

    def _enter(self, module: Any, _: Any) -> None:
        self.running.append(_Frame(module))

    def _leave(self, module: Any, *_: Any) -> None:
        # Modules that failed, where that was no end, are still there.
        while (frame := self.running.pop()).module is not module:
            pass
        if not frame.busy:
            self.traced.leave_out(type(module).__name__)
        if self.running:
            self.running[-1].busy = True

    def _call(self, function: Any, args: Any, kwargs: Any) -> Any:
        """Make a call of torch, and count it where it is a layer."""
        name = getattr(function, "__name__", "")
        if not torch_calls.is_like_a_layer(name):
            return function(*args, **kwargs)
        module = self.running[-1].module if self.running else self.module
        # A module of torch stands for what it calls; in another one, a call has a name of its own.
        stands = _is_torchs(module)
        result = function(*args, **kwargs)
        kind, path = type(module).__name__ if stands else name, self._path(module)
        try:
            if name in torch_calls.CALLS:
                case = _case(name, args, kwargs, getattr(module, "padding_mode", "zeros") if stands else "zeros")
                self.traced.add(path if stands and path else f"{path}.{name}".strip("."), case, tuple(result.shape))
            elif not stands:
                self.traced.leave_out(kind)
            else:
                return result
        except LeftOut as reason:
            self.traced.leave_out(f"{kind} {reason}")
        if self.running:
            self.running[-1].busy = True
        return result


def _case(name: str, args: Any, kwargs: Any, padding_mode: str) -> Case:
    """The case of a call; LeftOut where it is none."""
    if padding_mode != "zeros":
        raise LeftOut(f"with padding_mode {padding_mode}")
    try:
        return torch_calls.CALLS[name](*args, **kwargs)
    except (TypeError, ValueError, AttributeError):
        raise LeftOut("with arguments of another kind") from None


def _is_torchs(module: Any) -> bool:
    """Whether a module is one of torch's own convolutions, pools and normalizations, or made from one."""
    return any(one.__module__ in _OF_TORCH for one in type(module).mro())


def _mode(call: Callable[..., Any]) -> Any:
    """A context in which every call of torch goes through `call(function, args, kwargs)`."""
    from torch.overrides import TorchFunctionMode

    class Mode(TorchFunctionMode):  # type: ignore[misc]  # whose types are not asked
        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            return call(function, args, kwargs or {})

    return Mode()
