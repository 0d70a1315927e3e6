"""The layers of a network in an ONNX file: its shapes are inferred, and nothing of it is run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from convnotes.cases import Case
from convnotes.layers import LayersError, sources
from convnotes.layers.onnx_nodes import NODES
from convnotes.layers.traced import LeftOut, Traced
from convnotes.wording import quote

# These compute nothing, and an exporter of torch writes many.
_NOTHING = ("Constant", "Identity")


def trace(source: str, input_size: tuple[int, ...]) -> Traced:
    """The layers of the network in an .onnx file, in the order of its nodes.

    input_size: the shape (N, C, H, W) that its only input gets
    LayersError where the package onnx is missing, or the file holds no network that takes such an input.
    """
    onnx = _onnx()
    name = sources.shown(source)
    if not Path(source.replace("\0", "?")).is_file():
        raise LayersError(f"{name} must be an ONNX file, and there is none")
    with sources.answering(lambda: f"{name} cannot be read as ONNX"):
        # The weights' numbers, which can lie in other files, are not needed.
        model = onnx.load(source, load_external_data=False)
        if model.functions:
            model = onnx.inliner.inline_local_functions(model)
    if not model.graph.node:
        raise LayersError(f"{name} must be an ONNX file with a network, got one without nodes")
    _put_size(model.graph, input_size, name)
    with sources.answering(lambda: f"{name} has shapes that cannot be inferred"):
        graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    return _traced(onnx, graph)


def _onnx() -> Any:
    try:
        import onnx
        import onnx.inliner
        import onnx.shape_inference
    except ImportError as problem:
        if (problem.name or "").partition(".")[0] == "onnx":
            raise LayersError("the package onnx is needed to read ONNX files: pip install 'convnotes[onnx]'") from None
        raise LayersError(f"the package onnx cannot be imported: {sources.said(problem)}") from None
    return onnx


def _put_size(graph: Any, input_size: tuple[int, ...], name: str) -> None:
    """Give the network's input its size; all other sizes are forgotten, since they were for another input."""
    weights = {one.name for one in graph.initializer} | {one.values.name for one in graph.sparse_initializer}
    inputs = [one for one in graph.input if one.name not in weights]
    if len(inputs) != 1:
        names = ", ".join(quote(one.name) for one in inputs[:5])
        raise LayersError(f"{name} must have one input, got {len(inputs)}" + (f" ({names})" if names else ""))
    (tensor,) = (one.type.tensor_type for one in inputs)
    if tensor.HasField("shape"):
        dims = tensor.shape.dim
        known = [one.dim_value if one.HasField("dim_value") and one.dim_value > 0 else None for one in dims]
        if len(known) != 4 or known[1] not in (None, input_size[1]):
            shape = ", ".join(str(one or dim.dim_param or "?") for one, dim in zip(known, dims))
            raise LayersError(f"--input must be of the shape ({shape}) of {name}, got {input_size}")
    del tensor.shape.dim[:]
    for length in input_size:
        tensor.shape.dim.add().dim_value = length
    del graph.value_info[:]
    for one in graph.output:
        one.type.tensor_type.ClearField("shape")


def _traced(onnx: Any, graph: Any) -> Traced:
    shapes = {one.name: tuple(one.dims) for one in graph.initializer}
    for one in (*graph.input, *graph.value_info, *graph.output):
        dims = one.type.tensor_type.shape.dim
        if one.type.tensor_type.HasField("shape") and all(dim.HasField("dim_value") for dim in dims):
            shapes[one.name] = tuple(dim.dim_value for dim in dims)
    found = Traced()
    for node in graph.node:
        standard = node.domain in ("", "ai.onnx")
        kind = _text(node.op_type) if standard else f"{_text(node.domain)}.{_text(node.op_type)}"
        if kind in _NOTHING:
            continue
        if not standard or kind not in NODES:
            found.leave_out(kind)
            continue
        try:
            case, output_size = _case(onnx, node, shapes)
            found.add(_text(node.name or node.output[0]), case, output_size)
        except LeftOut as reason:
            found.leave_out(f"{kind} {reason}")
    return found


def _text(value: Any) -> Any:
    """A value, as text where it is bytes, which text is too that is not UTF-8."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _case(onnx: Any, node: Any, shapes: Mapping[str, Any]) -> tuple[Case, tuple[int, ...]]:
    """The case of a node, and the shape of its output in the network."""
    if len([name for name in node.output if name]) > 1:
        raise LeftOut("with indices")
    if not {*filter(None, node.input[:2]), *node.output[:1]} <= shapes.keys():
        raise LeftOut("of unknown shape")
    try:
        values = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
        values = {name: _text(value) for name, value in values.items()}
        case = NODES[node.op_type](values, *(shapes.get(name) for name in node.input))
    except (KeyError, TypeError, ValueError, IndexError):
        raise LeftOut("with attributes of another kind") from None
    return case, shapes[node.output[0]]
