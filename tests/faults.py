"""Implementations with one fault each, as people make them: the operation, and the rule that finds it."""

import inspect
from itertools import count
from types import SimpleNamespace

import numpy as np

from convnotes import matmul, naive, parameters

_second = count()


def _pair(value):
    return value if isinstance(value, tuple) else (value, value)


def _swapped(function, name):
    """A function that takes one of its pairs the wrong way round."""

    def faulty(*args, **options):
        if name in options:
            options[name] = _pair(options[name])[::-1]
        return function(*args, **options)

    return faulty


def _without(function, **fixed):
    """A function that has a parameter and does not heed it."""
    return lambda *args, **options: function(*args, **{**options, **fixed})


def _after(function, change):
    return lambda *args, **options: change(function(*args, **options))


def _last_window_lost(*args, **options):
    Y = matmul.conv2d(*args, **options)
    Y[:, :, -1:] = 0
    return Y


def _not_flipped(input_size, weight, grad_output, **options):
    return matmul.conv2d_grad_input(input_size, weight[:, :, ::-1, ::-1], grad_output, **options)


def _textbook_grad_weight(input, weight_size, grad_output, stride=1):
    """A convolution of the input with the dilated grad_output: with a remainder it is larger than the weight."""
    from convnotes import layout

    dY = layout.dilate(grad_output, stride).transpose(1, 0, 2, 3)
    return matmul.conv2d(input.transpose(1, 0, 2, 3), dY).transpose(1, 0, 2, 3)


def _shrunk_grad_input(input_size, weight, grad_output, stride=1):
    """The rows that no window covers are left away."""
    N, C = input_size[:2]
    reach = [(n - 1) * S + K for n, S, K in zip(grad_output.shape[2:], _pair(stride), weight.shape[2:])]
    return matmul.conv2d_grad_input((N, C, *reach), weight, grad_output, stride)


def _zeros_in_a_max_pool(input, kernel_size, stride=None, padding=0):
    P = _pair(padding)
    padded = np.pad(input, ((0, 0), (0, 0), (P[0], P[0]), (P[1], P[1])))
    return matmul.max_pool2d(padded, kernel_size, stride)


def _nan_is_skipped(input, *args, **options):
    return matmul.max_pool2d(np.where(np.isnan(input), -np.inf, input), *args, **options)


def _in_place(input, bias):
    input += bias[:, None, None]
    return input.copy()


def _filters_of_groups_mixed(input, weight, groups=1):
    return matmul.conv2d(
        input, weight.reshape(-1, groups, *weight.shape[1:]).swapaxes(0, 1).reshape(weight.shape), groups=groups
    )


def _output_padding_above(input, weight, stride=1, padding=0, output_padding=0):
    Y = matmul.conv_transpose2d(input, weight, None, stride, padding, output_padding)
    return np.roll(Y, _pair(output_padding), axis=(2, 3))


def _ceil_keeps_all(input, kernel_size, stride=None, ceil_mode=False):
    """A last window that would start beyond the input is kept."""
    K, S = _pair(kernel_size), _pair(stride or kernel_size)
    if ceil_mode:
        more = [(-(size - k)) % s for size, k, s in zip(input.shape[2:], K, S)]
        input = np.pad(input, ((0, 0), (0, 0), (0, more[0]), (0, more[1])), constant_values=-np.inf)
    return matmul.max_pool2d(input, kernel_size, stride)


def _norm(first, last, divided=True):
    def local_response_norm(input, size, alpha=1e-4, beta=0.75, k=1.0):
        C = input.shape[1]
        total = np.stack(
            [(input[:, max(0, c - first(size)) : min(C, c + last(size) + 1)] ** 2).sum(1) for c in range(C)], 1
        )
        return input / (k + alpha / (size if divided else 1) * total) ** beta

    return local_response_norm


def _norm_gradient_by_halves(input, grad_output, size, alpha=1e-4, beta=0.75, k=1.0):
    return grad_output * matmul.local_response_norm(np.ones_like(input), size, 0.0, beta, k)


def _band_times_all(input, size, alpha=1e-4, beta=0.75, k=1.0):
    C = input.shape[1]
    band = np.array([[float(c - size // 2 <= d <= c + (size - 1) // 2) for d in range(C)] for c in range(C)])
    return input / (k + alpha / size * np.einsum("cd,ndhw->nchw", band, input**2)) ** beta


def _no_empty_batch(input, *args, **options):
    assert len(input), "nothing to do"
    return matmul.conv2d(input, *args, **options)


def _view(input, kernel_size):
    return input if _pair(kernel_size) == (1, 1) else matmul.max_pool2d(input, kernel_size)


def _reads_memory(input, weight):
    """A kernel in C that was given a pointer takes the array for contiguous."""
    flat = np.lib.stride_tricks.as_strided(input, (input.size,), (input.itemsize,)) if input.size else input
    return matmul.conv2d(np.array(flat).reshape(input.shape), weight)


def _whole_numbers_stay(grad_output):
    return grad_output.sum((0, 2, 3))


def _mean_over_images(input, weight_size, grad_output):
    return matmul.conv2d_grad_weight(input, weight_size, grad_output) / max(1, len(input))


def _same_above(input, weight, padding=0, dilation=1):
    if padding == "same":
        (top, bottom), (left, right) = parameters.padding("same", weight.shape[2:], (1, 1), _pair(dilation))
        padding = (bottom, top), (right, left)
    return matmul.conv2d(input, weight, padding=padding, dilation=dilation)


def _refusing(error):
    def conv2d(input, weight, bias=None, stride=1):
        if np.min(_pair(stride)) < 1:
            raise error
        return matmul.conv2d(input, weight, bias, stride)

    return conv2d


def _every_other_time(input, bias):
    return naive.bias_add(input, bias) + (next(_second) % 5 == 3)


def _all_ties(input, grad_output, kernel_size, stride=None):
    return matmul.max_pool2d_grad_input(input, grad_output, kernel_size, stride, ties="all")


def _in_single(*args, **options):
    return matmul.conv2d(*(a.astype(np.float32) for a in args), **{n: _single(v) for n, v in options.items()}).astype(
        float
    )


def _single(value):
    return value.astype(np.float32) if isinstance(value, np.ndarray) else value


def _where(operation, condition):
    """A function that is wrong on some layers alone; the condition is asked of its arguments by name."""

    def faulty(*args, **options):
        given = inspect.signature(function).bind(*args, **options)
        given.apply_defaults()
        Y = function(*args, **options)
        return 2 * Y + 1 if Y.size and condition(**given.arguments) else Y

    function = getattr(matmul, operation)
    faulty.__signature__ = inspect.signature(function)
    return faulty


def _in_one_buffer(grad_output):
    db = matmul.bias_grad(grad_output)
    place = _buffer.setdefault(db.dtype, np.zeros(99, db.dtype))[: len(db)]
    place[...] = db
    return place


_buffer: dict = {}

STRIDE = "stride must be at least 1 along both axes"

# What is wrong: the operation, the function, and what the first broken rule says.
FAULTS = {
    "the last row of windows is lost": ("conv2d", _last_window_lost, "one channel and one filter"),
    "the axes of the stride are swapped": ("conv2d", _swapped(matmul.conv2d, "stride"), "stride"),
    "the axes of the padding are swapped": ("max_pool2d", _swapped(matmul.max_pool2d, "padding"), "padding"),
    "the axes of the dilation are swapped": ("conv2d", _swapped(matmul.conv2d, "dilation"), "dilation"),
    "the kernel of a gradient is not flipped": ("conv2d_grad_input", _not_flipped, "one channel and one filter"),
    "a remainder makes a weight gradient too large": (
        "conv2d_grad_weight", _textbook_grad_weight, "a stride that leaves a remainder"
    ),
    "a remainder is lost from an input gradient": (
        "conv2d_grad_input", _shrunk_grad_input, "a stride that leaves a remainder"
    ),
    "a max pool is padded with zeros": ("max_pool2d", _zeros_in_a_max_pool, "padding"),
    "every maximum takes the gradient": (
        "max_pool2d_grad_input", _all_ties, "the first of several maxima takes the gradient"
    ),
    "the rule of ties is not heeded": (
        "max_pool2d_grad_input", _without(matmul.max_pool2d_grad_input, ties="first"), "ties"
    ),
    "the input is changed": ("bias_add", _in_place, "nothing is changed in place"),
    "float32 is widened": (
        "conv2d", _after(matmul.conv2d, lambda Y: Y.astype(float)), "float32 stays float32 and float64 stays float64"
    ),
    "float64 is computed in float32": ("conv2d", _in_single, "one channel and one filter"),
    "float64 is narrowed": (
        "conv2d",
        _after(matmul.conv2d, lambda Y: Y.astype(np.float32)),
        "float32 stays float32 and float64 stays float64",
    ),
    "not-a-number is skipped": (
        "max_pool2d", _nan_is_skipped, "not-a-numbers and infinities stand where the definition has them"
    ),
    "zeros of a band meet infinities": (
        "local_response_norm", _band_times_all, "not-a-numbers and infinities stand where the definition has them"
    ),
    "the filters of the groups are mixed": ("conv2d", _filters_of_groups_mixed, "groups"),
    "the bias is added twice": (
        "conv2d", lambda input, weight, bias=0: matmul.conv2d(input, weight) + 2 * np.reshape(bias, (-1, 1, 1)), "bias"
    ),
    "output_padding lies above": ("conv_transpose2d", _output_padding_above, "output_padding"),
    "ceil_mode keeps a window beyond the input": ("max_pool2d", _ceil_keeps_all, "ceil_mode"),
    "padding always counts": ("avg_pool2d", _without(matmul.avg_pool2d, count_include_pad=True), "count_include_pad"),
    "the divisor is not heeded": ("avg_pool2d", _without(matmul.avg_pool2d, divisor_override=None), "divisor_override"),
    "a window of channels lacks its last": (
        "local_response_norm", _norm(lambda n: n // 2, lambda n: n // 2 - 1), "an odd size"
    ),
    "a window of channels is mirrored": (
        "local_response_norm", _norm(lambda n: (n - 1) // 2, lambda n: n // 2), "an even size"
    ),
    "alpha is not divided by the size": (
        "local_response_norm", _norm(lambda n: n // 2, lambda n: (n - 1) // 2, divided=False), "an odd size"
    ),
    "a gradient has one of its two terms": ("local_response_norm_grad_input", _norm_gradient_by_halves, "an odd size"),
    "no image is no input": ("conv2d", _no_empty_batch, "an empty batch works"),
    "the result is a view": ("max_pool2d", _view, "the result is a new array that can be written to"),
    "memory is taken for contiguous": ("conv2d", _reads_memory, "read-only arrays in Fortran order"),
    "whole numbers stay whole": ("bias_grad", _whole_numbers_stay, "float16 is promoted"),
    "a gradient is a mean": ("conv2d_grad_weight", _mean_over_images, "channels, filters and images"),
    "'same' puts more above": ("conv2d", _same_above, "padding 'same' and 'valid'"),
    "a stride of 0 raises what it meets": ("conv2d", _refusing(ZeroDivisionError("division by zero")), STRIDE),
    "a refusal is an AssertionError": ("conv2d", _refusing(AssertionError("stride must be at least 1")), STRIDE),
    "a refusal does not name the parameter": ("conv2d", _refusing(ValueError("bad value")), STRIDE),
    "one call in five is wrong": ("bias_add", _every_other_time, "channels and images"),
    "the result is a list": ("bias_grad", _after(matmul.bias_grad, lambda db: db.tolist()), "channels and images"),
    "blocks of three images": (
        "conv2d", _where("conv2d", lambda input, **_: len(input) > 2), "more images"
    ),
    "blocks of four channels": (
        "conv2d", _where("conv2d", lambda input, groups, **_: input.shape[1] > 4 and groups == 1), "more channels"
    ),
    "blocks of eight windows": (
        "max_pool2d_grad_input",
        _where("max_pool2d_grad_input", lambda grad_output, **_: grad_output.shape[3] > 8),
        "more windows",
    ),
    "kernels above four": ("conv2d", _where("conv2d", lambda weight, **_: weight.shape[3] > 5), "larger kernels"),
    "a bias is wrong beside groups": (
        "conv2d",
        _where("conv2d", lambda bias, groups, **_: bias is not None and groups > 1),
        "bias beside all parameters",
    ),
    "'same' in a gradient": (
        "conv2d_grad_input",
        _where("conv2d_grad_input", lambda padding, **_: padding == "same"),
        "padding 'same' and 'valid'",
    ),
    "a dilation in float32": (
        "conv2d",
        _where("conv2d", lambda input, dilation, **_: input.dtype == np.float32 and np.max(dilation) > 1),
        "float32 stays float32 and float64 stays float64",
    ),
    "results lie in one buffer": ("bias_grad", _in_one_buffer, "the result is a new array that can be written to"),
    "there is no result": ("bias_add", lambda input, bias: None, "channels and images"),
    "the axes of the result are swapped": (
        "conv2d", _after(matmul.conv2d, lambda Y: Y.swapaxes(2, 3)), "one channel and one filter"
    ),
}  # fmt: skip


def module(operation, function):
    """An implementation of one operation, and of matmul's forward one where a gradient has a fault."""
    return SimpleNamespace(**{operation: function})
