"""The layers of networks in ONNX files: as the specification has them, and as torch makes them out of its own."""

import builtins

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from convnotes import reference
from convnotes.layers import LayersError
from convnotes.layers.command import layers
from convnotes.layers.reading import parse
from convnotes.layers.trace_onnx import trace

# The evaluator normalizes as many channels as there are images, so there are four of both.
SIZE = (4, 4, 13, 10)


def save(path, nodes, size=("N", 4, "H", "W"), weights=(), **settings):
    """A file with a network whose input is x and whose output is the last node's."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, size)
    y = helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT, None)
    weights = [numpy_helper.from_array(array.astype(np.float32), name) for name, array in dict(weights).items()]
    graph = helper.make_graph(nodes, "network", [x], [y], weights)
    opset = [helper.make_opsetid("", 19), helper.make_opsetid("com.microsoft", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9, **settings), path)
    return str(path)


def node(kind, *inputs, **attributes):
    """A node with one input x unless told otherwise, and one output y."""
    return helper.make_node(kind, list(inputs) or ["x"], ["y"], **attributes)


# What the evaluator is told in place of what some of its versions do not know.
MEANT = {
    "SAME_UPPER": [1, 1, 1, 2],
    "SAME_LOWER": [1, 2, 1, 1],
    "VALID": [0, 0, 0, 0],
    (26, 22): [1, 0, 0, 0],
    (26, 20): [1, 1, 0, 1],
}
WEIGHTS = {"conv": (6, 2, 3, 4), "transposed": (4, 3, 3, 4)}


@pytest.mark.parametrize(
    ("kind", "attributes", "options"),
    [
        ("Conv", {"group": 2}, {"groups": 2}),
        (
            "Conv",
            {"group": 2, "strides": [2, 1], "pads": [1, 2, 1, 2], "dilations": [1, 2]},
            {"groups": 2, "stride": (2, 1), "padding": (1, 2), "dilation": (1, 2)},
        ),
        ("Conv", {"group": 2, "pads": [1, 0, 2, 1]}, {"groups": 2, "padding": ((1, 2), (0, 1))}),
        ("Conv", {"group": 2, "auto_pad": "SAME_UPPER"}, {"groups": 2, "padding": ((1, 1), (1, 2))}),
        ("Conv", {"group": 2, "auto_pad": "SAME_LOWER"}, {"groups": 2, "padding": ((1, 1), (2, 1))}),
        (
            "Conv",
            {"group": 2, "strides": [3, 3], "auto_pad": "SAME_UPPER"},
            {"groups": 2, "padding": ((1, 1), (1, 2)), "stride": 3},
        ),
        ("Conv", {"group": 2, "auto_pad": "VALID"}, {"groups": 2}),
        ("ConvTranspose", {}, {}),
        ("ConvTranspose", {"group": 2, "strides": [2, 3]}, {"groups": 2, "stride": (2, 3)}),
        (
            "ConvTranspose",
            {"strides": [2, 2], "pads": [1, 1, 1, 1], "output_padding": [1, 0]},
            {"stride": 2, "padding": 1, "output_padding": (1, 0)},
        ),
        (
            "ConvTranspose",
            {"strides": [2, 2], "pads": [1, 1, 0, 1]},
            {"stride": 2, "padding": 1, "output_padding": (1, 0)},
        ),
        (
            "ConvTranspose",
            {"strides": [2, 2], "output_shape": (26, 20)},
            {"stride": 2, "padding": 1, "output_padding": (1, 0)},
        ),
        (
            "ConvTranspose",
            {"strides": [2, 2], "output_shape": (26, 22)},
            {"stride": 2, "padding": (1, 0), "output_padding": (1, 0)},
        ),
        ("ConvTranspose", {"dilations": [1, 2], "auto_pad": "VALID"}, {"dilation": (1, 2)}),
        ("MaxPool", {"kernel_shape": [3, 2]}, {"kernel_size": (3, 2), "stride": 1}),
        (
            "MaxPool",
            {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1], "ceil_mode": 1},
            {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True},
        ),
        (
            "MaxPool",
            {"kernel_shape": [2, 2], "strides": [2, 2], "dilations": [2, 2]},
            {"kernel_size": 2, "dilation": 2},
        ),
        ("MaxPool", {"kernel_shape": [3, 3], "auto_pad": "SAME_UPPER"}, {"kernel_size": 3, "stride": 1, "padding": 1}),
        ("AveragePool", {"kernel_shape": [2, 2], "strides": [2, 2]}, {"kernel_size": 2}),
        (
            "AveragePool",
            {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]},
            {"kernel_size": 3, "stride": 1, "padding": 1, "count_include_pad": False},
        ),
        (
            "AveragePool",
            {"kernel_shape": [3, 3], "pads": [1, 0, 1, 0], "count_include_pad": 1},
            {"kernel_size": 3, "stride": 1, "padding": (1, 0)},
        ),
        ("GlobalAveragePool", {}, {"kernel_size": (13, 10)}),
        ("LRN", {"size": 3}, {"size": 3}),
        (
            "LRN",
            {"size": 5, "alpha": 5e-4, "beta": 0.7, "bias": 2.0},
            {"size": 5, "alpha": 5e-4, "beta": 0.7, "k": 2.0},
        ),
    ],
)
def test_a_node_is_a_layer_that_computes_the_same(tmp_path, kind, attributes, options):
    """ONNX's own evaluator is the witness of what the specification means."""
    weights, inputs = {}, ["x"]
    if kind.startswith("Conv"):
        shape = WEIGHTS["conv" if kind == "Conv" else "transposed"]
        weights, inputs = {"w": np.random.default_rng(1).standard_normal(shape)}, ["x", "w"]
    path = save(tmp_path / "net.onnx", [node(kind, *inputs, **attributes)], weights=weights)
    (layer,) = trace(path, SIZE).layers
    case = layer.case
    assert (case.name, case.input_size, case.options, layer.times) == ("y", SIZE, options, 1)

    if kind == "ConvTranspose" and attributes.get("group", 1) > 1:
        return  # which the evaluator has none of
    meant = {name: value for name, value in attributes.items() if name not in ("auto_pad", "output_shape")}
    if meant != attributes and kind.startswith("Conv"):
        save(path, [node(kind, *inputs, **meant, pads=MEANT[tuple(attributes.items())[-1][1]])], weights=weights)
    x = np.random.default_rng(0).standard_normal(SIZE).astype(np.float32)
    (y,) = ReferenceEvaluator(path).run(None, {"x": x})
    assert case.output_size == y.shape
    w = [weights["w"].astype(np.float32)] if weights else []
    np.testing.assert_allclose(y, getattr(reference, case.layer)(x, *w, **options), rtol=1e-4, atol=1e-4)


def test_a_small_network_is_found_whole(tmp_path):
    """Weights that are constants or inputs with a default, layers that occur twice, names, and what is no layer."""
    w = numpy_helper.from_array(np.ones((4, 4, 3, 3), np.float32), "constant")
    nodes = [
        helper.make_node("Constant", [], ["c"], value=w),
        helper.make_node("Conv", ["x", "w"], ["a"], "first", pads=[1, 1, 1, 1]),
        helper.make_node("Identity", ["a"], ["i"]),
        helper.make_node("Relu", ["i"], ["b"]),
        helper.make_node("Conv", ["b", "c"], ["d"], "second", pads=[1, 1, 1, 1]),
        helper.make_node("MaxPool", ["d"], ["e"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Relu", ["e"], ["f"]),
        helper.make_node("Conv", ["f", "w"], ["g"], "third|", pads=[1, 1, 1, 1]),
        helper.make_node("Flatten", ["g"], ["h"]),
    ]
    path = save(tmp_path / "net.onnx", nodes, weights={"w": np.ones((4, 4, 3, 3))})
    text, sentence = layers(path, SIZE, tmp_path / "layers.csv")
    assert (tmp_path / "layers.csv").read_text() == text
    assert [(one.case.name, one.case.input_size[2:], one.times) for one in parse(text, ".csv", "x")] == [
        ("first", (13, 10), 2),
        ("e", (13, 10), 1),
        ("third?", (6, 5), 1),
    ]
    assert sentence == "not measured: 2 Relu, 1 Flatten"


def test_what_is_none_of_the_operations_is_counted_with_its_reason(tmp_path):
    def one(kind, inputs="x", outputs=1, domain=None, **attributes):
        one.number += 1
        names = [f"{kind}{one.number}{end}" for end in range(outputs)]
        return helper.make_node(kind, inputs.split(), names, domain=domain, **attributes)

    one.number = 0
    nodes = [
        one("MaxPool", kernel_shape=[2, 2], pads=[0, 0, 1, 1]),
        one("MaxPool", outputs=2, kernel_shape=[2, 2]),
        one("AveragePool", kernel_shape=[2, 2], dilations=[2, 2]),
        one("AveragePool", kernel_shape=[2, 2], auto_pad="SAME_LOWER"),
        one("LRN", size=4),
        one("GlobalMaxPool"),
        one("ConvTranspose", "x t", strides=[2, 2], pads=[0, 0, 1, 1]),
        one("ConvTranspose", "x t", output_shape=[30, 30]),
        one("FusedConv", "x w", domain="com.microsoft"),
        one("NonZero"),  # its shape hangs on numbers
        helper.make_node("Cast", ["NonZero100"], ["cast"], to=TensorProto.FLOAT),
        one("Unsqueeze", "x axes"),
        helper.make_node("Reshape", ["cast", "axes"], ["reshaped"]),
        one("Conv", "Unsqueeze110 v"),
        helper.make_node("Conv", ["FusedConv90", "w"], ["unknown"]),
        helper.make_node("Conv", ["x", "strange"], ["z"]),
    ]
    weights = {"w": np.ones((4, 4, 1, 1)), "t": np.ones((4, 4, 1, 1)), "v": np.ones((4, 2, 1, 1, 1))}
    weights["strange"] = np.ones((4, 5, 1, 1))
    path = save(tmp_path / "net.onnx", nodes, weights=weights)
    model = onnx.load(path)
    model.graph.initializer.append(numpy_helper.from_array(np.array([2]), "axes"))
    onnx.save(model, path)
    found = trace(path, SIZE)
    assert found.layers == []
    assert found.left_out == {
        "MaxPool with unequal padding": 1,
        "MaxPool with indices": 1,
        "AveragePool with dilations": 1,
        "AveragePool with unequal padding": 1,
        "LRN of even size": 1,
        "GlobalMaxPool": 1,
        "ConvTranspose with more padding at its end": 1,
        "ConvTranspose with an output that its windows do not reach": 1,
        "com.microsoft.FusedConv": 1,
        "NonZero": 1,
        "Cast": 1,
        "Unsqueeze": 1,
        "Reshape": 1,
        "Conv on an input of 5 axes": 1,
        "Conv of unknown shape": 1,
        "Conv that is refused (weight must have C_in/groups = 4/1 channels per filter, got shape (4, 5, 1, 1))": 1,
    }


def test_shapes_that_the_file_has_for_another_input_are_forgotten(tmp_path):
    nodes = [helper.make_node("Conv", ["x", "w"], ["a"]), node("Conv", "a", "w")]
    path = save(tmp_path / "net.onnx", nodes, (1, 4, 5, 5), {"w": np.ones((4, 4, 3, 3))})
    onnx.save(onnx.shape_inference.infer_shapes(onnx.load(path)), path)
    assert [one.case.input_size for one in trace(path, SIZE).layers] == [SIZE, (4, 4, 11, 8)]


def test_windows_that_lie_apart_need_no_padding_to_keep_the_size(tmp_path):
    nodes = [node("MaxPool", kernel_shape=[1, 1], strides=[5, 4], auto_pad="SAME_UPPER")]
    (layer,) = trace(save(tmp_path / "net.onnx", nodes), SIZE).layers
    assert layer.case.options == {"kernel_size": 1, "stride": (5, 4)}
    assert layer.case.output_size == (4, 4, 3, 3)


def test_weights_in_another_file_are_not_needed(tmp_path):
    path = save(tmp_path / "net.onnx", [node("Conv", "x", "w")], weights={"w": np.ones((4, 4, 3, 3))})
    onnx.save(onnx.load(path), path, save_as_external_data=True, location="weights", size_threshold=0)
    (tmp_path / "weights").unlink()
    (layer,) = trace(path, SIZE).layers
    assert layer.case.weight_size == (4, 4, 3, 3)


def test_functions_of_the_file_are_looked_into(tmp_path):
    function = helper.make_function(
        "own", "Block", ["a", "b"], ["y"], [node("Conv", "a", "b")], [helper.make_opsetid("", 19)]
    )
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, SIZE)
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    w = numpy_helper.from_array(np.ones((4, 4, 3, 3), np.float32), "w")
    graph = helper.make_graph([helper.make_node("Block", ["x", "w"], ["y"], domain="own")], "network", [x], [y], [w])
    opset = [helper.make_opsetid("", 19), helper.make_opsetid("own", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opset, functions=[function], ir_version=9), tmp_path / "net.onnx")
    (layer,) = trace(str(tmp_path / "net.onnx"), SIZE).layers
    assert layer.case.weight_size == (4, 4, 3, 3)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"garbage" * 10, "cannot be read as ONNX: DecodeError: "),
        (b"", "must be an ONNX file with a network, got one without nodes"),
        (b"\x00" * 1000, "cannot be read as ONNX: DecodeError"),
    ],
)
def test_what_is_no_onnx_file_is_refused(tmp_path, content, fault):
    path = tmp_path / "net.onnx"
    path.write_bytes(content)
    with pytest.raises(LayersError) as refused:
        layers(str(path), SIZE)
    assert fault in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_a_damaged_file_is_read_or_refused(tmp_path, rng):
    nodes = [helper.make_node("Conv", ["x", "w"], ["a"], pads=[1, 1, 1, 1]), node("MaxPool", "a", kernel_shape=[2, 2])]
    path = tmp_path / "net.onnx"
    save(path, nodes, weights={"w": np.ones((4, 4, 1, 1))})
    before = path.read_bytes()
    for _ in range(400):
        after = bytearray(before)
        after[rng.integers(len(after))] = rng.integers(256)
        path.write_bytes(after[: rng.integers(len(after))] if rng.random() < 0.2 else after)
        try:
            text, told = layers(str(path), SIZE)
        except LayersError as problem:
            text, told = "", str(problem)
        assert not text or parse(text, ".csv", "x")
        assert told.isprintable()


def test_a_place_without_a_file_is_refused(tmp_path):
    for name in ("none.onnx", ".", "a\0.onnx"):
        with pytest.raises(LayersError, match="must be an ONNX file, and there is none"):
            trace(str(tmp_path / name), SIZE)


def test_an_input_that_the_network_does_not_take_is_refused(tmp_path):
    relu = [node("Relu")]
    with pytest.raises(LayersError, match=r"^--input must be of the shape \(N, 3, H, W\) of .*, got \(4, 4, 13, 10\)$"):
        trace(save(tmp_path / "net.onnx", relu, ("N", 3, "H", "W")), SIZE)
    with pytest.raises(LayersError, match=r"^--input must be of the shape \(1, 10\) of "):
        trace(save(tmp_path / "net.onnx", relu, (1, 10)), SIZE)
    model = onnx.load(save(tmp_path / "net.onnx", relu))
    model.graph.input.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, SIZE))
    onnx.save(model, tmp_path / "net.onnx")
    with pytest.raises(LayersError, match=r"must have one input, got 2 \('x', 'z'\)$"):
        trace(str(tmp_path / "net.onnx"), SIZE)
    with pytest.raises(LayersError, match=r"has no layer to measure \(not measured: 1 Relu\)$"):
        layers(save(tmp_path / "net.onnx", relu), SIZE)


def test_a_missing_package_is_told_with_how_to_install_it(tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name == "onnx":
            raise ModuleNotFoundError("No module named 'onnx'", name="onnx")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(LayersError) as refused:
        layers("net.onnx", SIZE)
    assert str(refused.value) == "the package onnx is needed to read ONNX files: pip install 'convnotes[onnx]'"


def test_a_network_of_torch_has_the_same_layers_in_onnx(tmp_path):
    """Torch and the file made by hand, as an exporter of torch writes it."""
    from convnotes.layers.trace_torch import layers_of

    net = torch.nn.Sequential(
        torch.nn.Conv2d(4, 6, 3, 2, 1, groups=2), torch.nn.MaxPool2d(2), torch.nn.ConvTranspose2d(6, 4, 2, 2)
    )
    nodes = [
        helper.make_node("Conv", ["x", "0.weight"], ["a"], "0", strides=[2, 2], pads=[1, 1, 1, 1], group=2),
        helper.make_node("MaxPool", ["a"], ["b"], "1", kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("ConvTranspose", ["b", "2.weight"], ["c"], "2", strides=[2, 2]),
    ]
    weights = {name: value.detach().numpy() for name, value in net.named_parameters() if name.endswith("weight")}
    path = save(tmp_path / "net.onnx", nodes, weights=weights)
    assert trace(path, SIZE).layers == layers_of(net, SIZE).layers


def test_a_transposed_convolution_that_keeps_the_size_is_one_of_torchs_where_the_start_is_cropped_more(tmp_path):
    def found(**attributes):
        weights = {"w": np.ones(WEIGHTS["transposed"])}
        nodes = [node("ConvTranspose", "x", "w", strides=[2, 2], **attributes)]
        return trace(save(tmp_path / "net.onnx", nodes, weights=weights), SIZE)

    (layer,) = found(auto_pad="SAME_LOWER").layers
    assert layer.case.output_size == (4, 3, 26, 20)
    assert layer == found(output_shape=(26, 20)).layers[0]
    assert found(auto_pad="SAME_UPPER").left_out == {"ConvTranspose with more padding at its end": 1}
