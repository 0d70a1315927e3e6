"""The layers of torch networks: every one with its shapes, options and number, and whatever a network does."""

from math import prod

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from convnotes.cases import Case
from convnotes.layers import LayersError, trace_torch
from convnotes.layers.trace_torch import layers_of
from convnotes.layers.traced import LeftOut, Traced

SIZE = (2, 4, 24, 20)


def rows(found) -> list:
    return [
        (one.case.name, one.case.layer, one.case.input_size, one.case.weight_size, dict(one.case.options), one.times)
        for one in found.layers
    ]


def test_every_supported_layer_is_found_with_its_shapes_and_options():
    net = nn.Sequential(
        nn.Conv2d(4, 6, (3, 5), (2, 1), padding=(1, 2), dilation=(1, 2), groups=2, bias=False),
        nn.ConvTranspose2d(6, 4, 3, 2, 1, output_padding=1, groups=2),
        nn.MaxPool2d(3, 2, 1, ceil_mode=True),
        nn.LocalResponseNorm(5, 5e-4, 0.5, 2.0),
        nn.AvgPool2d(2, padding=1, count_include_pad=False, divisor_override=3),
        nn.Conv2d(4, 4, 3, padding="same", groups=4),
        nn.Conv2d(4, 8, 2, padding="valid"),
        nn.AdaptiveAvgPool2d((1, 1)),
    )
    found = layers_of(net, SIZE)
    assert rows(found) == [
        (
            *("0", "conv2d", SIZE, (6, 2, 3, 5)),
            {"stride": (2, 1), "padding": (1, 2), "dilation": (1, 2), "groups": 2},
            1,
        ),
        (
            *("1", "conv_transpose2d", (2, 6, 12, 16), (6, 2, 3, 3)),
            {"stride": 2, "padding": 1, "output_padding": 1, "groups": 2},
            1,
        ),
        (
            *("2", "max_pool2d", (2, 4, 24, 32), None),
            {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True},
            1,
        ),
        ("3", "local_response_norm", (2, 4, 13, 17), None, {"size": 5, "alpha": 5e-4, "beta": 0.5, "k": 2.0}, 1),
        (
            *("4", "avg_pool2d", (2, 4, 13, 17), None),
            {"kernel_size": 2, "padding": 1, "count_include_pad": False, "divisor_override": 3},
            1,
        ),
        ("5", "conv2d", (2, 4, 7, 9), (4, 1, 3, 3), {"padding": "same", "groups": 4}, 1),
        ("6", "conv2d", (2, 4, 7, 9), (8, 4, 2, 2), {"padding": "valid"}, 1),
        ("7", "avg_pool2d", (2, 8, 6, 8), None, {"kernel_size": (6, 8)}, 1),
    ]
    assert found.sentence() == ""


class Block(nn.Module):
    """A residual block as ResNet-18 has it."""

    def __init__(self, C_in, C_out, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(C_in, C_out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(C_out)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(C_out, C_out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(C_out)
        self.downsample = None
        if stride > 1 or C_in != C_out:
            self.downsample = nn.Sequential(nn.Conv2d(C_in, C_out, 1, stride, bias=False), nn.BatchNorm2d(C_out))

    def forward(self, x):
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(y + (x if self.downsample is None else self.downsample(x)))


def resnet18():
    stages = [Block(64, 64, 1), Block(64, 64, 1)]
    for C in (64, 128, 256):
        stages += [Block(C, 2 * C, 2), Block(2 * C, 2 * C, 1)]
    head = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    return nn.Sequential(*head, *stages, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000))


def test_a_resnet_has_the_layers_that_its_paper_counts():
    """Table 1 of He and others: twenty convolutions, of eleven shapes; 1.8 thousand million multiply-adds."""
    found = layers_of(resnet18(), (1, 3, 224, 224))
    convolutions = [one for one in found.layers if one.case.layer == "conv2d"]
    assert [(one.case.name, one.times) for one in convolutions] == [
        *(("0", 1), ("4.conv1", 4)),
        *(("6.conv1", 1), ("6.conv2", 3), ("6.downsample.0", 1)),
        *(("8.conv1", 1), ("8.conv2", 3), ("8.downsample.0", 1)),
        *(("10.conv1", 1), ("10.conv2", 3), ("10.downsample.0", 1)),
    ]
    total = sum(one.times * prod(one.case.output_size) * prod(one.case.weight_size[1:]) for one in convolutions)
    assert total == 1_813_561_344
    assert [one.case.name for one in found.layers if one.case.layer != "conv2d"] == ["3", "12"]
    assert found.left_out == {"BatchNorm2d": 20, "ReLU": 17, "Flatten": 1, "Linear": 1}
    assert found.sentence() == "not measured: 20 BatchNorm2d, 17 ReLU, 1 Flatten, 1 Linear"


class Functional(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4, 4, 3, 3))
        self.inner = nn.Conv2d(4, 4, 3)

    def forward(self, x):
        x = F.conv2d(x, self.weight, stride=[1], padding=(1, 1))
        x = torch.conv2d(input=x, weight=self.weight, padding=1)
        x = F.conv2d(x, self.weight, None, (2, 2), "valid")
        x = self.inner(x)
        x = F.conv_transpose2d(x, self.weight, stride=2, output_padding=(1, 0))
        x = F.max_pool2d(x, 2, stride=[])
        x = torch.max_pool2d(x, (2, 1), stride=1)
        x = F.avg_pool2d(x, kernel_size=[2, 2], stride=(1, 2), ceil_mode=True)
        x = F.local_response_norm(x, size=3)
        return F.adaptive_avg_pool2d(x, (None, 1))


def test_functional_calls_are_found_too():
    found = layers_of(Functional(), SIZE)
    assert rows(found) == [
        ("conv2d", "conv2d", SIZE, (4, 4, 3, 3), {"padding": 1}, 2),
        ("conv2d 2", "conv2d", SIZE, (4, 4, 3, 3), {"stride": 2, "padding": "valid"}, 1),
        ("inner", "conv2d", (2, 4, 11, 9), (4, 4, 3, 3), {}, 1),
        (
            *("conv_transpose2d", "conv_transpose2d", (2, 4, 9, 7), (4, 4, 3, 3)),
            {"stride": 2, "output_padding": (1, 0)},
            1,
        ),
        ("max_pool2d", "max_pool2d", (2, 4, 20, 15), None, {"kernel_size": 2}, 1),
        ("max_pool2d 2", "max_pool2d", (2, 4, 10, 7), None, {"kernel_size": (2, 1), "stride": 1}, 1),
        (
            *("avg_pool2d", "avg_pool2d", (2, 4, 9, 7), None),
            {"kernel_size": 2, "stride": (1, 2), "ceil_mode": True},
            1,
        ),
        ("local_response_norm", "local_response_norm", (2, 4, 8, 4), None, {"size": 3}, 1),
        ("adaptive_avg_pool2d", "avg_pool2d", (2, 4, 8, 4), None, {"kernel_size": (1, 4)}, 1),
    ]
    assert not found.left_out


def test_what_a_layer_gives_has_the_shape_that_it_has_in_the_network():
    """Seen by hooks of the network's own modules, not by the calls that are looked at."""
    net, seen = resnet18(), {}
    for path, module in net.named_modules():
        module.register_forward_hook(lambda _, x, y, path=path: seen.update({path: (x[0].shape, y.shape)}))
    net.eval()(torch.zeros(1, 3, 64, 64))
    for one in layers_of(net, (1, 3, 64, 64)).layers:
        assert (one.case.input_size, one.case.output_size) == tuple(map(tuple, seen[one.case.name]))


def test_a_module_that_runs_twice_counts_twice_and_on_another_image_is_another_layer():
    class Pyramid(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = nn.Conv2d(4, 4, 3, padding=1)
            self.twin = nn.Conv2d(4, 4, (3, 3), (1, 1), [1, 1])
            self.same = self.head

        def forward(self, x):
            x = self.same(self.twin(self.head(x)))
            return self.head(F.max_pool2d(x, 2, 2))

    found = layers_of(Pyramid(), SIZE)
    assert [(one.case.name, one.times) for one in found.layers] == [("head", 3), ("max_pool2d", 1), ("head 2", 1)]
    assert not found.left_out


def test_an_output_size_becomes_the_output_padding_it_means():
    class Decoder(nn.Module):
        def __init__(self):
            super().__init__()
            self.up = nn.ConvTranspose2d(4, 4, 3, stride=2, padding=1)

        def forward(self, x):
            return self.up(x, output_size=(48, 39))

    (layer,) = layers_of(Decoder(), SIZE).layers
    assert layer.case.options == {"stride": 2, "padding": 1, "output_padding": (1, 0)}
    assert layer.case.output_size == (2, 4, 48, 39)


class Unsupported(nn.Module):
    def __init__(self):
        super().__init__()
        self.reflected = nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect")
        self.indices = nn.MaxPool2d(2, return_indices=True)
        self.uneven = nn.AdaptiveAvgPool2d(5)
        self.line = nn.Conv1d(4, 4, 3)
        self.volume = nn.Conv3d(4, 4, 1)
        self.norm = nn.GroupNorm(2, 4)
        self.power = nn.LPPool2d(2, 2)
        self.single = nn.Conv2d(4, 4, 1)
        self.attention = nn.MultiheadAttention(4, 2)
        self.unused = nn.Conv2d(4, 4, 3)

    def forward(self, x):
        x = self.norm(self.reflected(x))
        self.indices(x), self.uneven(x), self.power(x), self.volume(x[:, :, None])
        F.conv1d(self.line(x[:, :, 0]), self.line.weight), F.max_pool2d(x, 2, return_indices=True)
        F.adaptive_max_pool2d(x, 1), self.single(x[0]), F.avg_pool2d(x[0], 2)
        one = x[:, :, 0, 0][:, None]
        self.attention(one, one, one)
        return F.conv2d(torch.complex(x, x), torch.complex(self.single.weight, self.single.weight))


def test_what_is_none_of_the_operations_is_counted_with_its_reason():
    found = layers_of(Unsupported(), SIZE)
    assert found.layers == []
    assert found.left_out == {
        "Conv2d with padding_mode reflect": 1,
        "GroupNorm": 1,
        "MaxPool2d with return_indices": 1,
        "max_pool2d_with_indices with return_indices": 1,
        "AdaptiveAvgPool2d with windows of unequal sizes": 1,
        "LPPool2d": 1,
        "Conv3d": 1,
        "Conv1d": 1,
        "conv1d": 1,
        "adaptive_max_pool2d": 1,
        "Conv2d without a batch": 1,
        "avg_pool2d without a batch": 1,
        "MultiheadAttention": 1,
        "conv2d on complex64": 1,
    }


def test_a_sentence_about_many_kinds_stays_short():
    found = layers_of(nn.Sequential(*[type(f"Kind{number}", (nn.Identity,), {})() for number in range(30)]), SIZE)
    assert found.sentence().endswith(", 10 of 10 other kinds")


class Numbers(nn.Module):
    """It cannot run on the meta device, where a tensor has no numbers."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, dtype=torch.float64)

    def forward(self, x):
        x = torch.from_numpy(self.conv(x).numpy() + 1)
        return x * x.mean().item() if x.sum() > 0 else x


def test_nothing_of_the_run_is_left():
    """Neither where it ends nor where it fails."""
    found, net = layers_of(nn.Sequential(nn.Conv2d(4, 4, 3)), SIZE), nn.Linear(5, 5)
    with pytest.raises(LayersError):
        layers_of(net, SIZE)
    nn.Sequential(nn.Conv2d(4, 4, 3), nn.ReLU())(torch.zeros(SIZE))
    assert [one.times for one in found.layers] == [1]
    assert not nn.modules.module._global_forward_hooks
    assert not nn.modules.module._global_forward_pre_hooks
    assert torch.is_grad_enabled()


def test_a_network_that_needs_numbers_runs_on_the_cpu():
    net = Numbers()
    before = net.conv.weight.clone()
    found = layers_of(net, SIZE)
    assert rows(found) == [("conv", "conv2d", SIZE, (4, 4, 3, 3), {}, 1)]
    assert net.training
    assert net.conv.training
    assert torch.equal(net.conv.weight, before)


def test_a_network_is_run_without_its_numbers_where_it_can_be():
    (layer,) = layers_of(nn.Conv2d(4, 100_000, 3), (4000, 4, 3000, 3000)).layers
    assert layer.case.output_size == (4000, 100_000, 2998, 2998)
    assert layer.case.name == "conv2d"


def test_no_input_is_made_that_no_memory_holds(monkeypatch):
    monkeypatch.setattr(trace_torch, "MOST_ENTRIES", prod(SIZE) - 1)
    with pytest.raises(LayersError, match=r"^the network fails in its forward: .* meta "):
        layers_of(Numbers(), SIZE)


def test_a_network_is_run_as_it_is_used_once_it_is_trained():
    class Auxiliary(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.head = nn.Conv2d(4, 4, 3), nn.Conv2d(4, 4, 1)

        def forward(self, x):
            return self.head(self.body(x)) if self.training else self.body(x)

    assert [one.case.name for one in layers_of(Auxiliary(), SIZE).layers] == ["body"]


def test_a_module_that_fails_inside_of_another_is_not_where_later_calls_are():
    class Attempt(nn.Module):
        def __init__(self):
            super().__init__()
            self.wrong = nn.Linear(3, 3)

        def forward(self, x):
            try:
                return self.wrong(x)
            except RuntimeError:
                return x

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.attempt = Attempt()

        def forward(self, x):
            return F.max_pool2d(self.attempt(x), 2)

    assert [one.case.name for one in layers_of(Net(), SIZE).layers] == ["max_pool2d"]


def test_what_is_compiled_holds_the_network():
    class Compiled(nn.Module):
        def __init__(self, net):
            super().__init__()
            self._orig_mod = net

    (layer,) = layers_of(Compiled(nn.Sequential(nn.Conv2d(4, 4, 3))), SIZE).layers
    assert layer.case.name == "0"


def test_a_layer_with_another_output_than_the_vocabulary_gives_is_none():
    found, case = Traced(), Case("", "bias_add", SIZE)
    with pytest.raises(LeftOut, match=r"^with an output of \(2, 4, 24, 21\) in place of \(2, 4, 24, 20\)$"):
        found.add("a", case, (2, 4, 24, 21))
    assert found.layers == []


def test_other_kinds_of_modules_are_run_too():
    class Lazy(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.LazyConv2d(8, 3)
            self.norm = nn.utils.parametrizations.weight_norm(nn.Conv2d(8, 8, 1))

        def forward(self, x):
            try:
                self.conv(x[:, :, :1])
            except RuntimeError:
                x = self.conv(x)
            return self.norm(x)

    found = layers_of(Lazy(), SIZE)
    sizes = {one.case.name: one.case.weight_size for one in found.layers}
    assert sizes == {"conv": (8, 4, 3, 3), "norm": (8, 8, 1, 1)}


def test_odd_names_of_modules_become_names_of_layers(tmp_path):
    net = nn.Sequential()
    for number, name in enumerate(["a|b", "a?b", "c\nd", "x" * 300, "x" * 301, " "]):
        net.add_module(name, nn.Conv2d(4, 4, 1, padding=number))
    found = layers_of(net, SIZE)
    names = [one.case.name for one in found.layers]
    assert names == ["a?b", "a?b 2", "c?d", "x" * 100, "x" * 90 + " 2", "layer"]
